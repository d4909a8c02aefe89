"""What an operation is: one that contract/ describes, and the function that answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from . import errors
from .contract import description
from .world import Credential, Person, Project, Repository, Workspace, World


@dataclass
class Answer:
    body: object = None  # None: no body at all
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Call:
    """One request, after its credential was accepted."""

    world: World
    operation: Operation
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    content: bytes
    origin: str
    credential: Credential

    @property
    def actor(self) -> Person:
        return self.world.people[self.credential.actor]

    @property
    def switches(self) -> Any:
        return self.world.switches

    def url(self, *segments: str) -> str:
        """An absolute link on the host that was asked; UUIDs percent-encoded."""
        return "/".join([f"{self.origin}/2.0", *(quote(segment, safe="") for segment in segments)])

    def here(self, query: Mapping[str, str], **instead: str) -> str:
        """The link that was asked, with another query and other parameters."""
        parameters = {**self.parameters, **instead}
        path = self.operation.route.lstrip("/").split("/")
        link = self.url(*(parameters[part[1:-1]] if part.startswith("{") else part for part in path))
        return f"{link}?{urlencode(query)}" if query else link

    def json_object(self) -> dict[str, Any]:
        try:
            body = json.loads(self.content)
        except ValueError:
            raise errors.error(400, "Bad request", "The request body is not valid JSON.") from None
        if not isinstance(body, dict):
            raise errors.error(400, "Bad request", "The request body must be a JSON object.")
        return body

    def account(self, parameter: str = "selected_user", username: bool = False) -> Person:
        person = self.world.account(self.parameters[parameter], username)
        if person is None or person.kind == "team":
            raise errors.error(404, f"{self.parameters[parameter]} is not a user")
        return person

    def role(self, workspace: Workspace) -> str | None:
        """The caller's role in a workspace; None when they cannot see it."""
        if self.credential.workspaces is not None and workspace.slug not in self.credential.workspaces:
            return None
        if self.actor.kind == "app_user":
            return "administrator" if self.credential.workspaces is not None else None
        return workspace.members.get(self.actor.uuid)

    def administers(self, workspace: Workspace) -> bool:
        return self.role(workspace) in ("owner", "administrator")

    def workspace(self, missing: int = 404) -> Workspace:
        name = self.parameters["workspace"]
        workspace = self.world.workspace(name)
        if workspace is None or self.role(workspace) is None:
            text = f"No workspace with identifier '{name}'." if missing == 404 else "You do not have access to it."
            raise errors.error(missing, text)
        return workspace

    def repository(self, administrators_only: bool = True) -> tuple[Workspace, Repository]:
        try:
            workspace = self.workspace()
        except errors.Refusal:
            raise errors.error(404, errors.NO_REPOSITORY) from None
        repository = workspace.repository(self.parameters["repo_slug"])
        if repository is None:
            self.follow_rename(workspace)
        level = repository and self.level(workspace, repository)
        if repository is None or level == "none":
            raise errors.error(404, errors.NO_REPOSITORY)
        if repository.hidden_calls:
            repository.hidden_calls -= 1
            raise errors.error(404, errors.NO_REPOSITORY)
        if administrators_only and level != "admin":
            raise errors.not_admin("repository", self.switches.lost_sight, errors.NO_REPOSITORY)
        return workspace, repository

    def follow_rename(self, workspace: Workspace) -> None:
        """Lead whoever may read a renamed repository from its former slug to the same route of the new one."""
        renamed = workspace.renamed(self.parameters["repo_slug"])
        status = self.switches.renamed_reads if self.operation.method == "GET" else self.switches.renamed_writes
        if renamed and status != 404 and self.level(workspace, renamed) != "none":
            location = self.here(self.query, repo_slug=renamed.slug)
            raise errors.Refusal(status, headers={"Location": location})

    def project(self) -> tuple[Workspace, Project]:
        workspace = self.workspace()
        key = self.parameters["project_key"]
        project = workspace.project(key, self.switches.case_blind_names)
        absent = f"No project with key '{key}'."
        if project is None:
            raise errors.error(404, absent)
        person = self.actor.uuid
        own = {project.users.get(person)} | {
            level for slug, level in list(project.groups.items()) if person in workspace.in_groups([slug])
        }
        if "admin" not in own and not self.administers(workspace):
            raise errors.not_admin("project", self.switches.lost_sight, absent)
        return workspace, project

    def place(self) -> tuple[Workspace, Repository | Project]:
        """The repository or project of the path, for its administrators."""
        return self.repository() if "repo_slug" in self.parameters else self.project()

    def level(self, workspace: Workspace, repository: Repository) -> str:
        return "admin" if self.administers(workspace) else workspace.effective(repository, self.actor.uuid)


@dataclass(frozen=True)
class Operation:
    method: str
    route: str  # as it is described
    kinds: tuple[str, ...]
    refusal: str  # said to credentials of another kind
    oauth: tuple[str, ...]  # scopes of OAuth consumers and access tokens
    token: tuple[str, ...]  # scopes of API tokens
    answer: Callable[[Call], Answer]


OPERATIONS: list[Operation] = []


def operation(
    method: str, route: str, refusal: str = errors.WRONG_MECHANISM
) -> Callable[[Callable[[Call], Answer]], Callable[[Call], Answer]]:
    """Enter a function into OPERATIONS. Raises LookupError when the operation is not described."""
    described = description.OPERATIONS.get(f"{method} {route}")
    if described is None:
        raise LookupError(f"{method} {route} is not described in contract/operations.yaml")
    kinds, oauth, token = described.credentials, described.oauth_scopes, described.api_token_scopes

    def enter(answer: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
        OPERATIONS.append(Operation(method, route, kinds, refusal, oauth, token, answer))
        return answer

    return enter
