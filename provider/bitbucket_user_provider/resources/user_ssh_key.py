"""SSH keys of an account, which manages its own and nobody else's.

Scopes: read:ssh-key, write:ssh-key, delete:ssh-key.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-ssh/#api-users-selected-user-ssh-keys-post
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timezone
from typing import Annotated, Any

from pydantic import AfterValidator, StrictStr, ValidationInfo

from ..errors import Exists
from ..models.model import Hidden, Replaces, Same
from ..models.person import bare, is_uuid
from ..models.public_key import SshPublicKey, fingerprint, identity, same_key
from ..models.validation import has_unknown
from ..rest.answer import Answer
from ..run.api import Api
from ..run.evidence import Evidence
from ..run.kinds import USER_SSH_KEYS
from ..run.things import Things
from .key import BLOCKED, Key
from .resource import in_id
from .where import OfOwnAccount

ANOTHER_EXPIRY = f"{BLOCKED}: to change its expiry, use another key"


def moment(text: str) -> datetime:
    """Raises ValueError unless the text is an ISO 8601 date, or one with a time."""
    try:
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=timezone.utc)
    except ValueError:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def _is_to_come(text: str, info: ValidationInfo) -> str:
    try:
        expires = moment(text)
    except ValueError:
        raise ValueError(f"'{text}' is no date; write it like 2027-06-30 or 2027-06-30T12:00:00Z") from None
    before = (info.context or {}).get("olds", {}).get("expiresOn")
    if expires <= datetime.now(timezone.utc) and not (isinstance(before, str) and same_moment(before, text, None)):
        raise ValueError(f"'{text}' is past; give a date to come")
    return text


def same_moment(old: Any, new: Any, state: Any) -> bool:
    """Whether both are one moment; what is no date is the same as itself alone."""
    del state
    try:
        return moment(str(old)) == moment(str(new))
    except ValueError:  # Bitbucket may answer in another form
        return bool(old == new)


class Args(OfOwnAccount):
    key: Replaces[Hidden[SshPublicKey]]
    """The public key in OpenSSH format, one line. Its comment may change freely; a new key replaces the old one."""

    label: StrictStr = ""
    """What the key is called in Bitbucket."""

    expires_on: Replaces[Annotated[str, AfterValidator(_is_to_come), Same(same_moment)] | None] = None
    """When the key stops to work: a date or date and time in ISO 8601. It cannot be changed for a key that exists, and
    because Bitbucket blocks a deleted key for up to 30 days, another expiry needs another key."""


class State(Args):
    uuid: str
    """UUID of the key, without braces."""

    fingerprint: str
    """SHA-256 fingerprint of the key, as `SHA256:…`."""

    comment: str = ""
    """Comment of the key, as Bitbucket has read it."""

    created_on: str | None = None
    """When the key was registered, in ISO 8601."""

    user_uuid: str | None = None
    """UUID of the account, without braces."""

    account_id: str | None = None
    """Atlassian account id of the account."""


class UserSshKey(Key):
    """A public SSH key of a Bitbucket account, managed with that account's own credential. A key is unique in all of
    Bitbucket, and a deleted one stays blocked for up to 30 days: a replacement needs another key text and is refused,
    before the old key is gone, when it has the same."""

    KIND = USER_SSH_KEYS
    ARGS = Args
    STATE = State
    ID = ("user_id", "uuid")
    EXAMPLES = (
        "{d301aafa-d676-4ee0-88be-962be7417567}/b15b6026-9c02-4626-b4ad-b905f99f763a",
        "712020:8f4b2c1e-5d6a-4b3c-9e8f-7a6b5c4d3e2f/SHA256:W8FmYw7tJCNBQ1vGXMKmLxcmlu8kMsJ3S9aMCWpXCDM",
    )
    ELSEWHERE = "another account, workspace or repository"
    ADVICE = ANOTHER_EXPIRY

    def id(self, state: State) -> str:
        return f"{in_id(state.user_uuid or state.user_id)}/{bare(state.uuid)}"

    def identity(self, text: str) -> str:
        return identity(text)

    def handle(self, entry: Answer) -> str:
        return bare(entry.text("uuid"))

    def query(self, args: Args) -> dict[str, str]:
        return {"expires_on": args.expires_on} if args.expires_on else {}

    def facts(self, key: str, entry: Answer) -> dict[str, Any]:
        key, owner = entry.maybe("key") or key, entry.maybe("owner.uuid")
        return {
            "uuid": bare(entry.text("uuid")),
            "fingerprint": fingerprint(key),
            "comment": entry.maybe("comment") or "",
            "createdOn": entry.maybe("created_on"),
            "userUuid": bare(owner) if owner else None,
            "accountId": entry.maybe("owner.account_id"),
        }

    def imported(self, entry: Answer) -> dict[str, Any]:
        return super().imported(entry) | {"expiresOn": entry.maybe("expires_on")}

    def find(self, things: Things, handle: str, is_import: bool) -> Evidence:
        return super().find(things, bare(handle), is_import) if is_uuid(handle) else things.find([handle])

    def refuse_other(self, args: Args, entry: Answer, state: State) -> None:
        expires, wanted = entry.maybe("expires_on"), args.expires_on
        if not (same_moment(expires, wanted, None) if expires and wanted else expires == wanted):
            raise Exists(
                f"this key is registered for {args.user_id} already, as '{self.called(entry) or state.uuid}', and "
                f"expires at another time; nothing was changed. {ANOTHER_EXPIRY}",
                self.id(state),
            )

    def recognise(self, api: Api, state: State) -> None:
        api.people.learn(state.user_uuid, state.account_id)

    def warnings(self, api: Api, state: State | None, args: Mapping[str, Any]) -> Iterable[str]:
        if not state or not args.get("key") or not same_key(state.key, args["key"], None):
            return
        before, after = state.expires_on, args.get("expires_on")
        if not has_unknown(after) and before != after and not (before and after and same_moment(before, after, None)):
            yield f"This replacement will be refused, because the key text is the same: {BLOCKED}."

    def fits(self, name: str, part: str) -> bool:
        return part.startswith("SHA256:") if name == "uuid" and "/" in part else super().fits(name, part)
