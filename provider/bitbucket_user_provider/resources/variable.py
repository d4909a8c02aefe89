"""A pipeline variable: what those of workspaces and of users have in common.

The UUID is Bitbucket's; the key is unique in its place. The value of a secured one never comes back.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import StrictBool, StrictStr

from ..errors import Conflict, Exists, InvalidInput, NotFound
from ..models.fields import FORBIDDEN_IN_IDS, VariableKey
from ..models.model import Model, ReplacesMark, Secret
from ..models.person import bare, is_uuid
from ..models.validation import Failure
from ..operation import current
from ..rest.client import Path
from ..run import settle
from ..run.api import Api
from ..run.claims import Place
from ..run.listings import Entry, Listing
from .resource import Container, Resource


class VariableArgs(Model):
    key: VariableKey
    """Name of the variable, as a pipeline's steps see it."""

    value: Secret[StrictStr]
    """Value of the variable. Kept as a secret in state whether it is secured or not."""

    secured: Annotated[StrictBool, ReplacesMark(when=lambda old, new: bool(old) and new is False)] = False
    """Whether Bitbucket hides the value, in its settings and in logs, for good. Turning this off replaces the
    variable."""


class VariableState(Model):
    uuid: str
    """UUID of the variable, without braces."""


class Variable(Resource[Any, Any]):
    LIST: ClassVar[Path]
    ONE: ClassVar[Path]
    OWNER: ClassVar[str]
    """The field that names the place."""

    def create(self, api: Api, args: Any) -> Any:
        listing = self.listing(api, args)
        if args.secured and not api.config.adopt_existing:  # or nobody could tell whose it is after a lost POST
            if standing := listing.find([args.key], fresh=False):
                raise self._exists(args, standing)
        try:
            entry, found = settle.post(
                lambda: api.post(self.LIST, args, self._body(args)), listing, args.key, lambda one: _can_be(one, args)
            )
        except Conflict:
            standing = listing.find([args.key])
            if standing is None:
                raise
            if not api.config.adopt_existing:
                raise self._exists(args, standing) from None
            entry, found = standing, True
        if found:
            state = self._state(args, entry)
            self._refuse_shared(args, api.claims.owner(state.uuid))
            api.claims.adopt(state.uuid)
            return self.update(api, state, args)
        listing.wrote((), entry)
        return self._state(args, entry)

    def read(self, api: Api, state: Any) -> Any:
        listing = self.listing(api, state)
        if state.uuid and is_uuid(state.uuid):
            entry = listing.find([bare(state.uuid)], lambda: self._ask(api, state))
        else:
            entry = listing.find([state.uuid])
        if entry is None:
            return None
        value = state.value or ""
        if not entry.get("secured") and entry.get("value") is not None:
            value = entry["value"]
        return self._state(state, entry | {"value": value}, "key", "secured", "value")

    def update(self, api: Api, state: Any, args: Any) -> Any:
        self._refuse_shared(args, api.claims.adopted(bare(state.uuid)))
        body = self._body(args)
        if args.secured and args.value == state.value == "":  # imported, and known to Bitbucket alone
            del body["value"]
        entry = api.put(self.ONE, {self.OWNER: getattr(args, self.OWNER), "uuid": state.uuid}, body)
        self.listing(api, args).wrote([state.key, bare(state.uuid)], entry)
        return self._state(args, entry | {"uuid": state.uuid})

    def delete(self, api: Api, state: Any) -> None:
        if holder := api.claims.adopted(bare(state.uuid)) or api.claims.others(self._place(state), [state.key]):
            current.get().say(f"kept in Bitbucket: {holder} has taken this variable over")
            return
        api.delete(self.ONE, state)
        self.listing(api, state).wrote([state.key, bare(state.uuid)], None)

    def check(self, api: Api, known: Mapping[str, Any]) -> Iterable[Failure]:
        if known.get(self.OWNER) and known.get("key"):
            if rival := api.claims.claim(self._place(known), [known["key"]]):
                yield Failure("key", f"{rival} manages this variable too, and {current.get().urn} must not: keep one.")

    def recognise(self, api: Api, state: Any) -> None:
        api.claims.own(bare(state.uuid))

    def warnings(self, api: Api, state: Any, args: Mapping[str, Any]) -> Iterable[str]:
        if not state and args.get("secured", False) is False and isinstance(args.get("key"), str):
            yield f"{args['key']} is not secured: whoever may see these variables in Bitbucket can read its value."

    def fits(self, name: str, part: str) -> bool:
        if name == "uuid" and "/" in part:
            return False
        return bool(part) and not FORBIDDEN_IN_IDS.search(part)

    def listed(self, api: Api, place: Any) -> Iterable[tuple[str, str]]:
        for entry in self.listing(api, place).all():
            yield self.id(self._state(place, entry)), entry["key"]

    def container(self, api: Api, state: Any) -> Container:
        return Container(self.LIST, self._owner(state))

    def listing(self, api: Api, source: Any) -> Listing:
        owner = source[self.OWNER] if isinstance(source, Mapping) else getattr(source, self.OWNER)
        return api.listing(self.LIST, {self.OWNER: owner}, lambda entry: [bare(entry["uuid"]), entry["key"]])

    def _ask(self, api: Api, state: Any) -> Entry | None:
        try:
            entry: Entry = api.get(self.ONE, state)
        except NotFound:
            return None
        return entry

    def _exists(self, args: Any, standing: Entry) -> Exists:
        how = "secured" if standing.get("secured") else "not secured"
        return Exists(
            f"a variable {args.key} ({how}) stands in {self._owner(args)} already; nothing was changed",
            self.id(self._state(args, standing)),
        )

    def _refuse_shared(self, args: Any, holder: str | None) -> None:
        """Raises InvalidInput when the variable is another URN's in this run."""
        if holder and holder != current.get().urn:
            raise InvalidInput(
                f"{args.key} in {self._owner(args)} is {holder}'s variable in this run; nothing was changed. "
                "Let that one go first, in a run of its own."
            )

    def _place(self, source: Any) -> Place:
        return (self.LIST.template, self._owner(source).strip("{}").lower())

    def _owner(self, source: Any) -> str:
        return str(source[self.OWNER] if isinstance(source, Mapping) else getattr(source, self.OWNER))

    def _body(self, args: Any) -> dict[str, Any]:
        return {"key": args.key, "value": args.value, "secured": args.secured}

    def _state(self, args: Any, entry: Entry, *answered: str) -> Any:
        """State of args and the answer's UUID, with those fields that the answer knows better."""
        return self.recall(
            args.bag() | {name: entry[name] for name in answered if name in entry} | {"uuid": bare(entry["uuid"])}
        )


def _can_be(entry: Entry, args: Any) -> bool:
    """Whether a variable that was found can be what was asked for; a secured value cannot be compared."""
    secured = bool(entry.get("secured"))
    return secured is args.secured and (secured or entry.get("value") == args.value)
