"""The caller's role in a workspace.

Scopes: read:workspace (OAuth: account).
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-user-workspaces-workspace-permission-get
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-user-permissions-workspaces-get
"""

from ..errors import BitbucketError
from ..models.model import Model
from ..models.person import spelt
from ..rest.answer import Answer
from ..run.api import Api
from ..run.place import ROLE
from .arguments import InWorkspace
from .function import Function
from .successors import REMOVED_WORKSPACES, removed, within


class Result(Model):
    permission: str
    """`owner` (of administrators too), `create-project`, `collaborator` or `member`."""

    added_on: str | None = None
    """When the caller joined. Absent for workspaces that admin.atlassian.com manages."""

    last_accessed: str | None = None
    """When the caller was last there. Absent for workspaces that admin.atlassian.com manages."""


class GetCurrentUserWorkspacePermission(Function[InWorkspace, Result]):
    """The caller's highest role in a workspace. Also asks the endpoint that Bitbucket has removed, where a server has
    nothing newer."""

    ARGS = InWorkspace
    RESULT = Result

    def call(self, api: Api, args: InWorkspace) -> Result:
        entry = within(api, lambda: api.get(ROLE, args)) or self._removed(api, args)
        return Result(
            permission=entry.text("permission"),
            added_on=entry.maybe("added_on"),
            last_accessed=entry.maybe("last_accessed"),
        )

    def _removed(self, api: Api, args: InWorkspace) -> Answer:
        for entry in removed(api, REMOVED_WORKSPACES, "workspace.slug"):
            if spelt(args.workspace) in (spelt(entry.text("workspace.slug")), spelt(entry.text("workspace.uuid"))):
                return entry
        raise BitbucketError(f"The account that the credential belongs to is no member of {args.workspace}.")
