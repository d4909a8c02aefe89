"""One person's direct permission on one place: what the resources of repositories and projects have in common.

A grant has no identity but place and person. PUT grants as well as changes, so without `adoptExisting` the listing has
to tell whether somebody else granted it before.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar

from ..errors import Exists, InvalidInput
from ..models.fields import level
from ..models.model import Model
from ..models.person import account_id, normal
from ..models.validation import Failure
from ..operation import current
from ..rest.answer import Answer
from ..run.api import Api
from ..run.evidence import Absent
from ..run.evidence import NotKnown as Unproven
from ..run.grants import GrantKind, Subject
from ..run.ledger import Begun, moment
from ..run.things import Things
from .resource import Resource, manages_too

ADMIN = "admin"
"""The level that it takes to change grants."""


class Person(Model):
    """What Bitbucket's answer adds about the person."""

    user_uuid: str
    """UUID of the person, without braces."""

    account_id: str | None = None
    """Atlassian account id of the person."""

    display_name: str | None = None
    """Name of the person, as Bitbucket shows it."""


class Grant(Resource[Any, Any]):
    KIND: ClassVar[GrantKind]

    def create(self, api: Api, args: Any) -> Any:
        things, names = self._things(api, args), api.people.forms(args.user_id)
        begun = things.begin(names)
        self._refuse(begun.rivals)
        if not api.config.adopt_existing and (found := self._found(api, things, args, names, begun)):
            return found
        if begun.mixed:  # another resource may name this person by the other kind of id: know it before the write
            self._refuse(things.want(api.who_is(args.user_id)))
        return things.place.asked_again(lambda: self._put(api, things, args))

    def _found(self, api: Api, things: Things, args: Any, names: Collection[str], begun: Begun) -> Any:
        """The state of an equal grant that is there already; None when there is none, or when it is this stack's own to
        change. Raises Exists when somebody else has granted another permission."""
        afresh = begun.taken
        while True:
            looked_at = moment()
            standing = self._look(things, args, names, afresh)
            if standing and begun.taken_elsewhere and not afresh:  # here too, if the place has two names
                standing = self._look(things, args, names, afresh=True)
            if standing is None:
                return None
            state = self._state(args, standing)
            names = api.people.forms(args.user_id, state.user_uuid)
            self._refuse(things.want(names))
            if state.permission != args.permission:
                if api.ledger.holder(things.key, names):  # two resources of this stack may be exchanging persons
                    return None
                who, where = state.display_name or args.user_id, things.place.shown
                raise Exists(
                    f"{who} holds {state.permission} on {where} already, not {args.permission}; nothing was changed",
                    self.id(state),
                )
            if things.done(names, looked_at):
                current.get().say("was there already: another stack may hold it too, and its destroy would end it")
                return state
            afresh = True  # a delete of this run has just taken it

    def _look(self, things: Things, args: Any, names: Collection[str], afresh: bool) -> Answer | None:
        return things.place.asked_again(lambda: things.seen(names, self._id(args), afresh))

    def read(self, api: Api, state: Any) -> Any:
        things = self._things(api, state)
        names = api.people.forms(state.user_uuid, state.account_id, state.user_id)
        found = things.find(names, self._id(state))
        if isinstance(found, Unproven):
            raise found.why
        return found if isinstance(found, Absent) else self._state(state, found.entry)

    def update(self, api: Api, state: Any, args: Any) -> Any:
        things, names = self._things(api, args), api.people.forms(args.user_id, state.user_uuid, state.account_id)
        self._refuse(things.begin(names).rivals)
        is_own = self._ends_own_right(api, things, state, args.permission)
        now = self._put(api, things, args)
        if is_own:
            things.place.lost()
        return now

    def delete(self, api: Api, state: Any) -> None:
        things = self._things(api, state)
        names = api.people.forms(state.user_uuid, state.account_id, state.user_id)
        is_own = self._ends_own_right(api, things, state, None)
        if things.release(self._id(state), names, own=True) and is_own:
            things.place.lost()

    def check(self, api: Api, known: Mapping[str, Any]) -> Iterable[Failure]:
        if all(known.get(name) for name in (*self.KIND.where.fields, "user_id")):
            forms = api.people.forms(known["user_id"])
            if rivals := self._things(api, known).want(forms, api.people.unresolved([known["user_id"]])):
                yield Failure("userId", manages_too(rivals, "this grant"))

    def recognise(self, api: Api, state: Any) -> None:
        api.people.learn(state.user_uuid, state.account_id, name=state.display_name)

    def holds(self, api: Api, state: Any) -> tuple[str, Iterable[str]]:
        return self._things(api, state).key, api.people.forms(state.user_uuid, state.account_id)

    def warnings(self, api: Api, state: Any, args: Mapping[str, Any]) -> Iterable[str]:
        levels, wanted = self.KIND.levels, args.get("permission")
        if not state or not all(isinstance(args.get(name), str) for name in (*self.ID, "permission")):
            return
        is_same = api.place(self.KIND.where, args) is self.place(api, state) and normal(
            args["user_id"]
        ) in api.people.forms(state.user_uuid, state.account_id, state.user_id)
        if is_same and level(levels, wanted) < level(levels, state.permission):
            who, where = state.display_name or state.user_id, self.place(api, state).shown
            yield f"{who} holds {state.permission} on {where}; {wanted} is less."

    def listed(self, api: Api, place: Any) -> Iterable[tuple[str, str]]:
        for entry in self._things(api, place).all().entries:
            state = self._state(place, entry)
            yield self.id(state), state.display_name or state.user_uuid

    def _things(self, api: Api, source: Any) -> Things:
        return api.things(self.KIND, source)

    def _id(self, source: Any) -> dict[str, str]:
        return {"user_id": getattr(source, "user_uuid", None) or source.user_id}

    def _put(self, api: Api, things: Things, args: Any) -> Any:
        entry = things.put({"user_id": args.user_id}, {"permission": args.permission})
        state = self._state(args, entry)
        api.people.learn(args.user_id, state.user_uuid, state.account_id, name=state.display_name)
        names = api.people.forms(state.user_uuid)
        things.wrote(names, entry)
        things.done(names)
        return state

    def _ends_own_right(self, api: Api, things: Things, state: Any, after: str | None) -> bool:
        """Whether this takes the credential's own administrator right; then it waits until nothing else is under
        way."""
        if state.permission != ADMIN or after == ADMIN or not api.is_caller(state.user_uuid):
            return False
        things.wait_until_quiet()
        return True

    def _refuse(self, rivals: Collection[str]) -> None:
        if rivals:
            raise InvalidInput(f"{manages_too(rivals, 'this grant')}; nothing was changed.")

    def _state(self, args: Any, entry: Answer) -> Any:
        """State of args and an answer. Where the answer leaves the account id out, the one that is known stays."""
        subject = Subject.of(entry)
        return self.recall(
            args.bag()
            | {
                "permission": entry.text("permission"),
                "userUuid": subject.uuid,
                "accountId": subject.account_id or getattr(args, "account_id", None) or account_id(args.user_id),
                "displayName": subject.name,
            }
        )
