"""The repositories that the caller has access to, and with which permission.

Scopes: read:repository, and read:workspace when no workspace is named (OAuth: account, repository).
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-user-workspaces-workspace-permissions-repositories-get
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-user-permissions-repositories-get
"""

from ..errors import InvalidInput
from ..models.fields import Workspace
from ..models.model import Model
from ..models.person import is_uuid
from ..rest.answer import Answer
from ..rest.client import Path
from ..run.api import Api
from ..run.place import READS
from .function import Function, every
from .successors import REMOVED_REPOSITORIES, removed, within, workspaces

REPOSITORIES = Path("/user/workspaces/{workspace}/permissions/repositories", READS)


class Args(Model):
    workspace: Workspace | None = None
    """Slug of the workspace, or its UUID in braces. Without it every workspace of the caller is asked, one by one."""

    query: str | None = None
    """Which repositories, in Bitbucket's query language, as in `permission > "read"` or `repository.name = "api"`."""

    sort: str | None = None
    """The field to sort by within a workspace, as in `repository.name`, or `-permission` for the other way round."""


class CurrentUserRepositoryPermission(Model):
    """A repository that the caller has access to."""

    repo_full_name: str
    """Workspace and slug of the repository, as in `acme/api`."""

    repo_uuid: str | None = None
    """UUID of the repository in braces, as `repoSlug` of everything else takes it."""

    permission: str
    """The highest of all that the caller holds: read, write or admin."""


class Result(Model):
    permissions: list[CurrentUserRepositoryPermission]
    """The repositories, by full name unless `sort` says otherwise."""


class GetCurrentUserRepositoryPermissions(Function[Args, Result]):
    """The repositories that the caller was given access to, and the caller's effective permission. Also asks the
    endpoint that Bitbucket has removed, where a server has nothing newer."""

    ARGS = Args
    RESULT = Result

    def call(self, api: Api, args: Args) -> Result:
        query = {name: value for name, value in (("q", args.query), ("sort", args.sort)) if value}
        entries = self._succeeding(api, args.workspace, query)
        if entries is None:
            entries = self._removed(api, args.workspace, query)
        permissions = [_shown(entry) for entry in entries]
        if not args.sort:
            permissions.sort(key=lambda one: one.repo_full_name.lower())
        return Result(permissions=permissions)

    def _succeeding(self, api: Api, workspace: str | None, query: dict[str, str]) -> list[Answer] | None:
        if workspace:
            return within(api, lambda: every(api, REPOSITORIES, {"workspace": workspace}, _name, query))
        mine = workspaces(api)
        if mine is None:
            return None
        slugs = sorted(entry.text("workspace.slug") for entry in mine)
        return [entry for slug in slugs for entry in every(api, REPOSITORIES, {"workspace": slug}, _name, query)]

    def _removed(self, api: Api, workspace: str | None, query: dict[str, str]) -> list[Answer]:
        if workspace and is_uuid(workspace):
            raise InvalidInput(f"This server lists repositories by name: give the slug of workspace {workspace}.")
        prefix = f"{workspace}/".lower() if workspace else ""
        entries = removed(api, REMOVED_REPOSITORIES, "repository.full_name", query)
        return [entry for entry in entries if _name(entry).lower().startswith(prefix)]


def _name(entry: Answer) -> str:
    return entry.text("repository.full_name")


def _shown(entry: Answer) -> CurrentUserRepositoryPermission:
    return CurrentUserRepositoryPermission(
        repo_full_name=_name(entry), repo_uuid=entry.maybe("repository.uuid"), permission=entry.text("permission")
    )
