"""A person who is asked to review every pull request of a repository.

https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/#api-repositories-workspace-repo-slug-default-reviewers-target-username-put
"""

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

from ..errors import NotFound
from ..models.fields import RepoSlug, Workspace
from ..models.model import Model, Replaces
from ..models.person import UserId, bare
from ..models.validation import Failure
from ..operation import current
from ..rest.client import Path
from ..rest.credentials import Kind
from ..run.api import Api
from ..run.claims import Place
from .resource import Container, Resource

REVIEWER = Path("/repositories/{workspace}/{repo_slug}/default-reviewers/{user_id}", (Kind.API_TOKEN, Kind.OAUTH))


class Args(Model):
    workspace: Replaces[Workspace]
    """Slug of the workspace, or its UUID in braces."""

    repo_slug: Replaces[RepoSlug]
    """Slug of the repository, or its UUID in braces."""

    user_id: Replaces[UserId]
    """Account id or UUID of the person. Never a username or an e-mail address: `getWorkspaceMembers` finds the id."""


class State(Args):
    user_uuid: str
    """UUID of the person, without braces."""

    account_id: str | None = None
    """Atlassian account id of the person."""


class RepositoryDefaultReviewer(Resource[Args, State]):
    """A person who is asked to review every pull request of a repository."""

    ARGS = Args
    STATE = State
    ID = ("workspace", "repo_slug", "user_id")
    EXAMPLES = (
        "acme/api/712020:8f4b2c1e-5d6a-4b3c-9e8f-7a6b5c4d3e2f",
        "acme/api/{d301aafa-d676-4ee0-88be-962be7417567}",
    )

    def id(self, state: State) -> str:
        return f"{state.workspace}/{state.repo_slug}/{bare(state.user_uuid)}"

    def create(self, api: Api, args: Args) -> State:
        return self._state(args, api.put(REVIEWER, args, {}))

    def read(self, api: Api, state: State) -> State | None:
        try:
            return self._state(state, api.get(REVIEWER, state))
        except NotFound:
            api.probe(REVIEWER)
            return None

    def update(self, api: Api, state: State, args: Args) -> State:
        return self.create(api, args)

    def delete(self, api: Api, state: State) -> None:
        if holder := api.claims.wanted(_place(state), api.people.forms(state.user_uuid, state.account_id)):
            current.get().say(f"kept in Bitbucket: {holder} wants this reviewer")
            return
        api.delete(REVIEWER, state)

    def check(self, api: Api, known: Mapping[str, Any]) -> Iterable[Failure]:
        if all(known.get(name) for name in self.ID):
            if rival := api.claims.claim(_place(known), api.people.forms(known["user_id"])):
                yield Failure(
                    "userId", f"{rival} manages this reviewer too, and {current.get().urn} must not: keep one."
                )

    def recognise(self, api: Api, state: State) -> None:
        api.people.learn(state.user_uuid, state.account_id)

    def container(self, api: Api, state: State) -> Container:
        return Container(REVIEWER, f"{state.workspace}/{state.repo_slug}")

    def _state(self, args: Args, answer: Mapping[str, Any]) -> State:
        return self.recall(
            args.bag() | {"userUuid": bare(answer["uuid"]), "accountId": answer.get("account_id")},
        )


def _place(source: Any) -> Place:
    workspace, slug = itemgetter("workspace", "repo_slug")(source if isinstance(source, Mapping) else vars(source))
    return (REVIEWER.template, workspace, slug)
