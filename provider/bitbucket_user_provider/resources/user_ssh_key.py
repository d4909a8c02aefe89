"""SSH keys of an account, which manages its own and nobody else's.

Scopes: read:ssh-key, write:ssh-key, delete:ssh-key.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-ssh/#api-users-selected-user-ssh-keys-post
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timezone
from typing import Annotated, Any

from pydantic import AfterValidator, StrictStr, ValidationInfo

from ..errors import ApiError, BitbucketError, Exists, InvalidInput, PartialFailure
from ..models.model import Hidden, Model, Replaces, Same
from ..models.person import UserId, bare, is_uuid
from ..models.public_key import SshPublicKey, fingerprint, identity, same_key
from ..models.validation import Failure, has_unknown
from ..operation import current
from ..rest.answer import Answer
from ..run.api import Api
from ..run.evidence import Absent, Seen
from ..run.evidence import NotKnown as Unproven
from ..run.kinds import USER_SSH_KEYS
from ..run.things import Things
from .resource import FOUND, Resource, in_id, manages_too

BLOCKED = "Bitbucket keeps a deleted key blocked for up to 30 days, so the same key text cannot be registered anew"
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
    del state
    return moment(str(old)) == moment(str(new))


class Args(Model):
    user_id: Replaces[UserId]
    """Account id or UUID of the account, which must be the credential's own. Never a username or an e-mail address."""

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


class UserSshKey(Resource[Args, State]):
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
    DELETE_FIRST = False
    LISTED = ("user_id",)

    def id(self, state: State) -> str:
        return f"{in_id(state.user_uuid or state.user_id)}/{bare(state.uuid)}"

    def create(self, api: Api, args: Args) -> State:
        things, key = api.things(USER_SSH_KEYS, args), identity(args.key)
        if rivals := things.begin([key]).rivals:
            raise InvalidInput(f"key: {manages_too(rivals, 'this key')}; nothing was changed.")
        query = {"expires_on": args.expires_on} if args.expires_on else {}

        def is_ours(entry: Answer) -> bool:
            held = api.ledger.holder("", [bare(entry.text("uuid"))])
            return (entry.maybe("label") or "") == args.label and held is None

        try:
            entry, found = things.post({"key": args.key, "label": args.label}, key, is_ours, query)
        except ApiError as refusal:
            return self._take_over(api, things, args, self._standing(things, args, refusal), refusal)
        if found:
            current.get().say(FOUND)
            return self._take_over(api, things, args, entry, None)
        state = self._state(args, entry)
        things.wrote((), entry if entry.has("key") else None)
        things.done([key, state.uuid])
        return state

    def read(self, api: Api, state: State) -> State | Absent:
        things = api.things(USER_SSH_KEYS, state)
        if is_uuid(state.uuid):
            found = things.find([bare(state.uuid)], {"uuid": bare(state.uuid)})
        else:
            found = things.find([state.uuid])
        if isinstance(found, Unproven):
            raise found.why
        if isinstance(found, Absent):
            return found
        now: dict[str, Any] = {"label": found.entry.maybe("label") or ""}
        if not state.key:  # an import
            now |= {"key": found.entry.text("key"), "expiresOn": found.entry.maybe("expires_on")}
        return self._state(self.recall(state.bag() | now), found.entry)

    def update(self, api: Api, state: State, args: Args) -> State:
        things, names = api.things(USER_SSH_KEYS, state), [identity(args.key), bare(state.uuid)]
        if rivals := things.begin(names).rivals:
            raise InvalidInput(f"key: {manages_too(rivals, 'this key')}; nothing was changed.")
        self._relabel(things, state, args)
        things.done(names)
        return self.recall(state.bag() | args.bag())

    def delete(self, api: Api, state: State) -> None:
        uuid = bare(state.uuid)
        api.things(USER_SSH_KEYS, state).release({"uuid": uuid}, [uuid, *([identity(state.key)] if state.key else [])])

    def check(self, api: Api, known: Mapping[str, Any]) -> Iterable[Failure]:
        if known.get("key") and known.get("user_id"):
            if rivals := api.things(USER_SSH_KEYS, known).want([identity(known["key"])]):
                yield Failure("", f"key: {manages_too(rivals, 'this key')}")

    def recognise(self, api: Api, state: State) -> None:
        api.people.learn(state.user_uuid, state.account_id)

    def holds(self, api: Api, state: State) -> Iterable[tuple[str, Iterable[str]]]:
        yield "", [bare(state.uuid)]

    def warnings(self, api: Api, state: State | None, args: Mapping[str, Any]) -> Iterable[str]:
        if not state or not args.get("key") or not same_key(state.key, args["key"], None):
            return
        before, after = state.expires_on, args.get("expires_on")
        if not has_unknown(after) and before != after and not (before and after and same_moment(before, after, None)):
            yield f"This replacement will be refused, because the key text is the same: {BLOCKED}."

    def fits(self, name: str, part: str) -> bool:
        return part.startswith("SHA256:") if name == "uuid" and "/" in part else super().fits(name, part)

    def listed(self, api: Api, place: State) -> Iterable[tuple[str, str]]:
        for entry in api.things(USER_SSH_KEYS, place).all().entries:
            yield self.id(self._state(place, entry)), entry.maybe("label") or fingerprint(entry.text("key"))

    def _standing(self, things: Things, args: Args, refusal: ApiError) -> Answer:
        """The key of the account that is in the way of a new one. Raises the refusal, explained, when there is none.

        Whatever Bitbucket's words are: they have changed before.
        """
        try:
            found = things.find([identity(args.key)])
        except BitbucketError:
            raise refusal from None
        if isinstance(found, Seen):
            return found.entry
        if refusal.status not in (400, 409):
            raise refusal
        raise ApiError(
            f"{refusal} The key is not among those of {args.user_id}. If Bitbucket says that it is taken: another "
            f"account, workspace or repository has it, or it was deleted lately. {BLOCKED}: use another key.",
            refusal.status,
        )

    def _take_over(self, api: Api, things: Things, args: Args, standing: Answer, refusal: ApiError | None) -> State:
        """A key that is there already, with the same text, is taken over as grants are. Raises Exists when its expiry
        is another, which cannot be changed, and the refusal when it is this very resource's."""
        state = self._state(args, standing)
        if refusal and api.ledger.holder("", [state.uuid]) == current.get().urn:
            raise ApiError(f"The key is registered already, by this very resource. {ANOTHER_EXPIRY}.", refusal.status)
        expires, wanted = standing.maybe("expires_on"), args.expires_on
        if not (same_moment(expires, wanted, None) if expires and wanted else expires == wanted):
            raise Exists(
                f"this key is registered for {args.user_id} already, as '{standing.maybe('label') or state.uuid}', and "
                f"expires at another time; nothing was changed. {ANOTHER_EXPIRY}",
                self.id(state),
            )
        api.ledger.take_over(state.uuid)
        label = standing.maybe("label") or ""
        if refusal:
            current.get().say(f"was there already, as '{label or state.uuid}': another stack may hold it too")
        if label != args.label:
            try:
                self._relabel(things, state, args)
            except BitbucketError as error:  # it is this resource's now, whatever it is called
                now = state.bag() | {"label": label}
                raise PartialFailure(str(error), self.id(state), now, [str(error)]) from None
        things.done([identity(args.key), state.uuid])
        return state

    def _relabel(self, things: Things, state: State, args: Args) -> None:
        things.put({"uuid": bare(state.uuid)}, {"label": args.label})
        things.listing.forget()

    def _state(self, args: Any, entry: Answer) -> State:
        """State of args and an answer; the key itself where the answer leaves it out."""
        key, owner = entry.maybe("key") or args.key, entry.maybe("owner.uuid")
        known = {
            "uuid": bare(entry.text("uuid")),
            "fingerprint": fingerprint(key),
            "comment": entry.maybe("comment") or "",
            "createdOn": entry.maybe("created_on"),
            "userUuid": bare(owner) if owner else None,
            "accountId": entry.maybe("owner.account_id"),
        }
        return self.recall(args.bag() | {name: value for name, value in known.items() if value is not None})
