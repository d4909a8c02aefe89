"""The members of a workspace: all of them, or those with certain e-mail addresses.

Scopes: read:workspace (OAuth and access tokens: account). By e-mail address: workspace administrators and workspace
access tokens only.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-members-get
"""

from collections.abc import Iterable

from pydantic import StrictBool

from ..errors import BitbucketError
from ..models.model import Model
from ..run.api import Api
from .arguments import Email, InWorkspace
from .function import Function
from .member import WorkspaceMember, all_members, members_by_email


class Args(InWorkspace):
    emails: list[Email] | None = None
    """Only the members with these addresses, written in any case. Without it: every member, and no addresses."""

    allow_missing: StrictBool = False
    """Whether addresses that match nobody are listed in `missing`. Otherwise, by default, they are an error."""


class Result(Model):
    members: list[WorkspaceMember]
    """The members, by name."""

    by_email: dict[str, str]
    """Account ids by e-mail address, as `emails` writes it."""

    missing: list[str]
    """Those of `emails` that match nobody."""


class GetWorkspaceMembers(Function[Args, Result]):
    """The members of a workspace, and the supported way from e-mail addresses to account ids: name `emails`, and take
    `byEmail`. By address Bitbucket lets only administrators of the workspace and workspace access tokens look."""

    ARGS = Args
    RESULT = Result

    def call(self, api: Api, args: Args) -> Result:
        if args.emails is None:
            return Result(members=_by_name(all_members(api, args.workspace)), by_email={}, missing=[])
        found = members_by_email(api, args.workspace, args.emails)
        missing = [email for email in dict.fromkeys(args.emails) if email.lower() not in found]
        if missing and not args.allow_missing:
            raise BitbucketError(
                f"No member of {args.workspace} has the address {', '.join(missing)}: "
                "check the spelling, invite who is missing, or set allowMissing."
            )
        return Result(
            members=_by_name(found.values()),
            by_email={email: found[email.lower()].account_id for email in args.emails if email not in missing},
            missing=missing,
        )


def _by_name(members: Iterable[WorkspaceMember]) -> list[WorkspaceMember]:
    """Each person once."""
    persons = {one.user_uuid: one for one in members}
    return sorted(persons.values(), key=lambda one: (one.display_name.lower(), one.user_uuid))
