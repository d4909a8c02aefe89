"""The roles of people in a workspace.

Scopes: read:workspace (OAuth: account). The caller must administer the workspace.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-permissions-get
"""

from ..models.model import Model
from ..rest.client import Path
from ..run.api import Api
from ..run.place import READS
from .arguments import InWorkspace
from .function import Function, all_of, every
from .member import who

ROLES = Path("/workspaces/{workspace}/permissions", READS)


class Args(InWorkspace):
    query: str | None = None
    """Which members, in Bitbucket's query language, as in `permission = "owner"`."""


class WorkspacePermission(Model):
    """A person's role in a workspace."""

    user_uuid: str
    """UUID of the person, without braces."""

    account_id: str
    """Atlassian account id of the person. Empty when Bitbucket withholds it."""

    display_name: str
    """Name of the person, as Bitbucket shows it. Empty when privacy settings withhold it."""

    permission: str
    """`owner` (of administrators too), `create-project`, `collaborator` or `member`."""


class Result(Model):
    permissions: list[WorkspacePermission]
    """The people and their roles, by name."""


class GetWorkspacePermissions(Function[Args, Result]):
    """The roles of people in a workspace. Bitbucket tells them to administrators of the workspace only."""

    ARGS = Args
    RESULT = Result

    def call(self, api: Api, args: Args) -> Result:
        entries = every(api, ROLES, args, lambda entry: entry.text("user.uuid"), all_of(args.query))
        found = [WorkspacePermission(**who(api, entry), permission=entry.text("permission")) for entry in entries]
        return Result(permissions=sorted(found, key=lambda one: (one.display_name.lower(), one.user_uuid)))
