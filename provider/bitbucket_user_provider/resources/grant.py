"""One subject's direct permission on one place: what the resources of people and groups, of repositories and projects,
have in common.

A grant has no identity but place and subject. PUT grants as well as changes, so without `adoptExisting` the listing has
to tell whether somebody else granted it before.
"""

from abc import abstractmethod
from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar

from ..errors import Exists
from ..models.fields import level
from ..models.group import is_slug
from ..models.model import Model
from ..models.person import account_id, bare
from ..models.validation import Failure
from ..operation import current
from ..rest.answer import Answer
from ..run.api import Api
from ..run.evidence import Absent, proven
from ..run.facts import moment
from ..run.grants import GROUP, GrantKind, Subject
from ..run.ledger import Begun
from ..run.things import Things
from .held import ADMIN
from .resource import Resource, manages_too, refuse_rivals

GRANT = "this grant"


class Grant(Resource[Any, Any]):
    KIND: ClassVar[GrantKind]
    LISTS = True
    NAMED_BY: ClassVar[tuple[str, ...]]
    """State's fields that each name the subject, that which Bitbucket answers first, that of the inputs last."""

    @abstractmethod
    def shown(self, state: Any) -> str:
        """The subject in messages."""

    @abstractmethod
    def answered(self, args: Any, subject: Subject) -> dict[str, Any]:
        """What an answer adds to the inputs."""

    def create(self, api: Api, args: Any) -> Any:
        things, names = self.things(api, args), self._names(api, args)
        begun = things.begin(names)
        refuse_rivals(begun.rivals, GRANT)
        if not self.adopts(api, args) and (found := self._found(api, things, args, names, begun)):
            return found
        if begun.mixed:  # another resource may name this person by the other kind of id: know it before the write
            refuse_rivals(things.want(api.who_is(self._ids(args)[-1])), GRANT)
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
            names = self._names(api, args, state)
            refuse_rivals(things.want(names), GRANT)
            if state.permission != args.permission:
                if api.ledger.holder(things.key, names):  # two resources of this stack may be exchanging persons
                    return None
                who, where = self.shown(state), things.place.shown
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
        things = self.things(api, state)
        found = proven(things.find(self._names(api, state), self._id(state)))
        return found if isinstance(found, Absent) else self._state(state, found.entry)

    def update(self, api: Api, state: Any, args: Any) -> Any:
        things = self.things(api, args)
        refuse_rivals(things.begin(self._names(api, args, state)).rivals, GRANT)
        is_own = self._ends_own_right(api, things, state, args)
        now = self._put(api, things, args)
        if is_own:
            things.place.lost()
        return now

    def delete(self, api: Api, state: Any) -> None:
        things = self.things(api, state)
        is_own = self._ends_own_right(api, things, state, None)
        if things.release(self._id(state), self._names(api, state), own=True) and is_own:
            things.place.lost()

    def check(self, api: Api, known: Mapping[str, Any]) -> Iterable[Failure]:
        field = self.NAMED_BY[-1]
        if all(known.get(name) for name in (*self.KIND.where.fields, field)):
            forms = self.KIND.forms(api.people, known[field])
            if rivals := self.things(api, known).want(forms):
                yield Failure(self.alias(field), manages_too(rivals, GRANT))

    def holds(self, api: Api, state: Any) -> Iterable[tuple[str, Iterable[str]]]:
        yield self.things(api, state).key, self._names(api, state)

    def warnings(self, api: Api, state: Any, args: Mapping[str, Any]) -> Iterable[str]:
        levels, wanted = self.KIND.levels, args.get("permission")
        if not state or not all(isinstance(args.get(name), str) for name in (*self.ID, "permission")):
            return
        forms = self.KIND.forms(api.people, args[self.NAMED_BY[-1]])
        is_same = self.place(api, args) is self.place(api, state) and forms & self._names(api, state)
        if is_same and level(levels, wanted) < level(levels, state.permission):
            where = self.place(api, state).shown
            yield f"{self.shown(state)} holds {state.permission} on {where}; this lowers it to {wanted}."

    def listed(self, api: Api, place: Any) -> Iterable[tuple[str, str]]:
        for entry in self.things(api, place).all().entries:
            state = self._state(place, entry)
            yield self.id(state), self.shown(state)

    def _ids(self, source: Any) -> list[str]:
        return [id for name in self.NAMED_BY if (id := getattr(source, name, None))]

    def _names(self, api: Api, *sources: Any) -> frozenset[str]:
        """All that the run calls the subject."""
        return self.KIND.forms(api.people, *(id for source in sources for id in self._ids(source)))

    def _id(self, source: Any) -> dict[str, str]:
        return {self.KIND.field: self._ids(source)[0]}

    def _put(self, api: Api, things: Things, args: Any) -> Any:
        id = {self.KIND.field: self._ids(args)[-1]}
        entry = things.put(id, self._names(api, args), {"permission": args.permission})
        state = self._state(args, entry)
        self.recognise(api, state)
        names = self._names(api, args, state)
        things.wrote(names, entry)
        things.done(names)
        return state

    def _ends_own_right(self, api: Api, things: Things, state: Any, after: Any) -> bool:
        """Whether this takes the credential's own administrator right; then it waits until nothing else is under
        way. `after` are the args of an update."""
        if state.permission != ADMIN or (after and after.permission == ADMIN) or not self.KIND.is_of_people:
            return False
        if not api.is_caller(self._ids(state)[0]):
            return False
        things.wait_until_quiet(self._names(api, after, state) if after else ())
        return True

    def _state(self, args: Any, entry: Answer) -> Any:
        """State of args and an answer."""
        answered = self.answered(args, self.KIND.subject(entry))
        return self.recall(args.bag() | {"permission": entry.text("permission")} | answered)


class GrantToPerson(Grant):
    NAMED_BY = ("user_uuid", "account_id", "user_id")

    def id(self, state: Any) -> str:
        return f"{self.where(state)}/{bare(state.user_uuid)}"

    def shown(self, state: Any) -> str:
        return str(state.display_name or state.user_id or state.user_uuid)

    def answered(self, args: Any, subject: Subject) -> dict[str, Any]:
        """Where the answer leaves the account id out, the one that is known stays."""
        known = subject.account_id or getattr(args, "account_id", None) or account_id(args.user_id)
        return {"userUuid": subject.id, "accountId": known, "displayName": subject.name}

    def recognise(self, api: Api, state: Any) -> None:
        api.people.learn(state.user_uuid, state.account_id, state.user_id, name=state.display_name)


class Group(Model):
    """What Bitbucket's answer adds about the group."""

    group_name: str | None = None
    """Name of the group, as Bitbucket shows it."""


class GrantToGroup(Grant):
    NAMED_BY = ("group_slug",)

    def id(self, state: Any) -> str:
        return f"{self.where(state)}/{state.group_slug}"

    def shown(self, state: Any) -> str:
        return GROUP + str(state.group_slug)

    def answered(self, args: Any, subject: Subject) -> dict[str, Any]:
        return {"groupSlug": args.group_slug or subject.id, "groupName": subject.name}

    def fits(self, name: str, part: str) -> bool:
        return is_slug(part) if name == "group_slug" else super().fits(name, part)
