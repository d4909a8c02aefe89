"""SSH keys of an account, which manages its own and nobody else's.

Scopes: read:ssh-key, write:ssh-key, delete:ssh-key.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-ssh/#api-users-selected-user-ssh-keys-post
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timezone
from typing import Annotated, Any

from pydantic import AfterValidator, StrictStr, ValidationInfo

from ..errors import ApiError, Exists, NotFound
from ..models.model import Hidden, Model, Replaces, Same
from ..models.person import UserId, bare, is_uuid
from ..models.public_key import SshPublicKey, fingerprint, identity, same_key
from ..models.validation import Failure, has_unknown
from ..operation import current
from ..rest.client import Path
from ..rest.credentials import Kind
from ..run import settle
from ..run.api import Api
from ..run.listings import Entry, Listing
from .resource import Container, Resource, in_id

PREFERS = (Kind.API_TOKEN, Kind.OAUTH)
KEYS = Path("/users/{user_id}/ssh-keys", PREFERS)
KEY = Path("/users/{user_id}/ssh-keys/{uuid}", PREFERS)
PLACE = (KEYS.template,)
"""A key is unique in all of Bitbucket."""
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
        query = {"expires_on": args.expires_on} if args.expires_on else {}
        body = {"key": args.key, "label": args.label}
        listing = self.listing(api, args)
        try:
            entry, found = settle.post(
                lambda: api.post(KEYS, args, body, **query),
                listing,
                identity(args.key),
                lambda one: (one.get("label") or "") == args.label and not api.claims.owns(bare(one["uuid"])),
            )
        except ApiError as refusal:
            if refusal.status != 400 or not _is_taken(refusal.told):
                raise
            entry, found = self._standing(api, args, refusal, listing), True
        state = self._state(args, entry)
        if not found:
            listing.wrote((), entry)
            return state
        api.claims.adopt(state.uuid)
        return self.update(api, state, args) if entry.get("label", "") != args.label else state

    def read(self, api: Api, state: State) -> State | None:
        listing = self.listing(api, state)
        if is_uuid(state.uuid):
            entry = listing.find([bare(state.uuid)], lambda: self._ask(api, state))
        else:
            entry = listing.find([state.uuid])
        if entry is None:
            return None
        now = {"label": entry.get("label") or ""}
        if not state.key:  # an import
            now |= {"key": entry["key"], "expiresOn": entry.get("expires_on")}
        return self._state(self.recall(state.bag() | now), entry)

    def update(self, api: Api, state: State, args: Args) -> State:
        entry = api.put(KEY, state, {"label": args.label})
        self.listing(api, state).wrote([bare(state.uuid)], entry)
        return self.recall(state.bag() | args.bag())

    def delete(self, api: Api, state: State) -> None:
        holder = api.claims.adopted(bare(state.uuid)) or api.claims.others(PLACE, [identity(state.key)])
        if holder:
            current.get().say(f"kept in Bitbucket: {holder} has taken this key over")
            return
        api.delete(KEY, state)
        self.listing(api, state).wrote([bare(state.uuid)], None)

    def check(self, api: Api, known: Mapping[str, Any]) -> Iterable[Failure]:
        if known.get("key") and (rival := api.claims.claim(PLACE, [identity(known["key"])])):
            yield Failure("", f"key: {rival} manages this key too, and {current.get().urn} must not: keep one.")

    def recognise(self, api: Api, state: State) -> None:
        api.claims.own(bare(state.uuid))
        api.people.learn(state.user_uuid, state.account_id)

    def warnings(self, api: Api, state: State | None, args: Mapping[str, Any]) -> Iterable[str]:
        if not state or not args.get("key") or not same_key(state.key, args["key"], None):
            return
        before, after = state.expires_on, args.get("expires_on")
        if not has_unknown(after) and before != after and not (before and after and same_moment(before, after, None)):
            yield f"This replacement will be refused, because the key text is the same: {BLOCKED}."

    def fits(self, name: str, part: str) -> bool:
        return part.startswith("SHA256:") if name == "uuid" and "/" in part else super().fits(name, part)

    def listed(self, api: Api, place: State) -> Iterable[tuple[str, str]]:
        for entry in self.listing(api, place).all():
            yield self.id(self._state(place, entry)), entry.get("label") or fingerprint(entry["key"])

    def container(self, api: Api, state: State) -> Container:
        return Container(KEYS, state.user_id)

    def _standing(self, api: Api, args: Args, refusal: ApiError, listing: Listing) -> Entry:
        """The key that is registered already, when it may be taken over. Raises Exists or the refusal, explained."""
        entry = listing.find([identity(args.key)])
        if entry is None:
            raise ApiError(
                f"{refusal} It is not among the keys of {args.user_id}: another account, workspace or repository has "
                f"it, or it was deleted lately. {BLOCKED}: use another key.",
                refusal.status,
            )
        state = self._state(args, entry)
        if api.claims.owns(state.uuid):
            raise ApiError(f"The key is registered already, by this very resource. {ANOTHER_EXPIRY}.", refusal.status)
        expires, wanted = entry.get("expires_on"), args.expires_on
        can_be_had = same_moment(expires, wanted, None) if expires and wanted else expires == wanted
        if api.config.adopt_existing and can_be_had:
            return entry
        raise Exists(
            f"this key is registered for {args.user_id} already, as '{entry.get('label') or entry['uuid']}'; "
            f"nothing was changed. {ANOTHER_EXPIRY}",
            self.id(state),
        )

    def _ask(self, api: Api, state: State) -> Entry | None:
        try:
            entry: Entry = api.get(KEY, state)
        except NotFound:
            return None
        return entry

    def listing(self, api: Api, source: Any) -> Listing:
        def names(entry: Entry) -> list[str]:
            return [bare(entry["uuid"]), identity(entry["key"]), fingerprint(entry["key"])]

        return api.listing(KEYS, {"user_id": source.user_id}, names)

    def _state(self, args: Any, entry: Entry) -> State:
        owner = entry.get("owner") or {}
        known = {
            "uuid": bare(entry["uuid"]),
            "fingerprint": fingerprint(entry["key"]),
            "comment": entry.get("comment") or "",
            "createdOn": entry.get("created_on"),
            "userUuid": bare(owner["uuid"]) if owner.get("uuid") else None,
            "accountId": owner.get("account_id"),
        }
        return self.recall(args.bag() | {name: value for name, value in known.items() if value is not None})


def _is_taken(told: str) -> bool:
    return "already registered" in told or "must be unique" in told
