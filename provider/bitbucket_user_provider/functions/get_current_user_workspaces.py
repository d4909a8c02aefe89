"""The workspaces that the caller belongs to.

Scopes: read:workspace (OAuth and access tokens: account).
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-user-workspaces-get
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-user-permissions-workspaces-get
"""

from pydantic import StrictBool

from ..models.model import Model
from ..rest.answer import Answer
from ..run.api import Api
from .function import Function
from .successors import REMOVED_WORKSPACES, removed, workspaces


class Args(Model):
    administrator: StrictBool | None = None
    """True: only the workspaces that the caller administers; false: only the others."""


class CurrentUserWorkspace(Model):
    """A workspace that the caller belongs to."""

    slug: str
    """Slug of the workspace, as `workspace` of everything else takes it."""

    uuid: str
    """UUID of the workspace in braces, as `workspace` of everything else takes it."""

    administrator: bool | None = None
    """Whether the caller administers it."""

    permission: str | None = None
    """The caller's role, where the list tells it; `getCurrentUserWorkspacePermission` always does."""


class Result(Model):
    workspaces: list[CurrentUserWorkspace]
    """The workspaces, by slug."""


class GetCurrentUserWorkspaces(Function[Args, Result]):
    """The workspaces that the caller belongs to. Also asks the endpoint that Bitbucket has removed, where a server has
    nothing newer."""

    ARGS = Args
    RESULT = Result

    def call(self, api: Api, args: Args) -> Result:
        entries = workspaces(api)
        if entries is None:
            entries = removed(api, REMOVED_WORKSPACES, "workspace.slug")
        found = [_shown(entry) for entry in entries]
        wanted = [one for one in found if args.administrator in (None, one.administrator)]
        return Result(workspaces=sorted(wanted, key=lambda one: one.slug))


def _shown(entry: Answer) -> CurrentUserWorkspace:
    role = entry.maybe("permission")
    by_role = role == "owner" if role else None
    return CurrentUserWorkspace(
        slug=entry.text("workspace.slug"),
        uuid=entry.text("workspace.uuid"),
        administrator=entry.flag("administrator") if entry.has("administrator") else by_role,
        permission=role,
    )
