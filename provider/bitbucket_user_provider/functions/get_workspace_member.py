"""One member of a workspace.

Scopes: read:workspace (OAuth and access tokens: account). By e-mail address: workspace administrators and workspace
access tokens only.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-members-member-get
"""

from pydantic import model_validator

from ..errors import BitbucketError
from ..models.person import UserId
from ..rest.client import Path
from ..run.api import Api
from ..run.place import READ_PEOPLE
from .arguments import Email, InWorkspace
from .function import Function, remedy
from .member import WorkspaceMember, member, members_by_email

MEMBER = Path("/workspaces/{workspace}/members/{member}", READ_PEOPLE)


class Args(InWorkspace):
    user_id: UserId | None = None
    """Account id or UUID of the person. Either this or `email`."""

    email: Email | None = None
    """E-mail address of the person, written in any case. Either this or `userId`."""

    @model_validator(mode="after")
    def _names_one_person(self) -> "Args":
        if (self.user_id is None) == (self.email is None):
            raise ValueError("give either userId or email")
        return self


class GetWorkspaceMember(Function[Args, WorkspaceMember]):
    """One member of a workspace, by `userId` or by `email`. Who is no member is an error. By address Bitbucket lets
    only administrators of the workspace and workspace access tokens look."""

    ARGS = Args
    RESULT = WorkspaceMember

    def call(self, api: Api, args: Args) -> WorkspaceMember:
        if args.email is None:
            with remedy(f"Is {args.user_id} a member of {args.workspace}?", 404):
                return member(api, api.get(MEMBER, {"workspace": args.workspace, "member": args.user_id}))
        found = members_by_email(api, args.workspace, [args.email]).get(args.email.lower())
        if found is None:
            raise BitbucketError(f"No member of {args.workspace} has the address {args.email}: check its spelling.")
        return found
