"""A member of a workspace, and the way from e-mail addresses to members."""

from collections.abc import Iterable

from ..errors import BitbucketError
from ..models.model import Model
from ..rest.answer import Answer
from ..rest.client import Path
from ..run.api import Api
from ..run.grants import person
from ..run.place import READ_PEOPLE
from .function import every, remedy

MEMBERS = Path("/workspaces/{workspace}/members", READ_PEOPLE)
ADDRESSES_AT_ONCE = 90
"""The most addresses that Bitbucket takes in one query."""

NEEDS = (
    "To find members by e-mail address, the credential must be an API token or OAuth consumer of a workspace "
    "administrator, or a workspace access token."
)


class WorkspaceMember(Model):
    """A member of a workspace."""

    user_uuid: str
    """UUID of the person, without braces."""

    account_id: str
    """Atlassian account id of the person, which every `userId` takes. Empty when Bitbucket withholds it."""

    display_name: str
    """Name of the person, as Bitbucket shows it. Empty when privacy settings withhold it."""

    nickname: str | None = None
    """Name of the person's own choosing; not unique."""

    email: str | None = None
    """The address that the member was found by."""


def who(api: Api, entry: Answer) -> dict[str, str]:
    """The fields by which functions show the person of an entry."""
    subject = person(entry)
    api.people.learn(subject.id, subject.account_id, name=subject.name)
    return {"user_uuid": subject.id, "account_id": subject.account_id or "", "display_name": subject.name or ""}


def member(api: Api, entry: Answer) -> WorkspaceMember:
    return WorkspaceMember(**who(api, entry), nickname=entry.maybe("user.nickname"), email=entry.maybe("user.email"))


def _uuid(entry: Answer) -> str:
    return entry.text("user.uuid")


def all_members(api: Api, workspace: str) -> list[WorkspaceMember]:
    return [member(api, entry) for entry in every(api, MEMBERS, {"workspace": workspace}, _uuid)]


def members_by_email(api: Api, workspace: str, emails: Iterable[str]) -> dict[str, WorkspaceMember]:
    """Address in lower case → member, without the addresses that match nobody."""
    wanted = list(dict.fromkeys(email.lower() for email in emails))
    found: dict[str, WorkspaceMember] = {}
    for start in range(0, len(wanted), ADDRESSES_AT_ONCE):
        listed = ", ".join(f'"{email}"' for email in wanted[start : start + ADDRESSES_AT_ONCE])
        with remedy(NEEDS, 403):
            entries = every(
                api,
                MEMBERS,
                {"workspace": workspace},
                lambda entry: entry.maybe("user.email") or _uuid(entry),  # one person may have two of the addresses
                # Bitbucket leaves addresses out unless they are asked for.
                {"q": f"user.email IN ({listed})", "fields": "+values.user.email"},
            )
        for entry in entries:
            one = member(api, entry)
            if one.email is None:
                raise BitbucketError(f"Bitbucket found members of {workspace}, but withholds their addresses. {NEEDS}")
            found[one.email.lower()] = one
    return found
