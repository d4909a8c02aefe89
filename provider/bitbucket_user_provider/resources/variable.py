"""A pipeline variable: what those of workspaces and of users have in common.

The UUID is Bitbucket's; the key is unique in its place. The value of a secured one never comes back.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import StrictBool, StrictStr

from ..errors import BitbucketError, Conflict, Exists, InvalidInput, PartialFailure
from ..models.fields import VariableKey
from ..models.model import Model, ReplacesMark, Secret
from ..models.person import bare, is_uuid, spelt
from ..models.validation import Failure
from ..operation import current
from ..rest.answer import Answer
from ..run.api import Api
from ..run.evidence import Absent, Seen, proven
from ..run.evidence import NotKnown as Unproven
from ..run.things import Things
from .resource import FOUND, Adopting, Resource, manages_too, refuse_rivals

VALUELESS = "valueless"
"""What the ledger notes of a URN whose program gives no value: nothing that would make it anew may happen."""


class VariableArgs(Adopting):
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
    LISTS = True

    def id(self, state: Any) -> str:
        return f"{self.where(state)}/{bare(state.uuid)}"

    def create(self, api: Api, args: Any) -> Any:
        if args.secured and not args.value:
            raise InvalidInput(f"{self._what(args)} cannot be made without a value; nothing was changed.")
        things = self.things(api, args)
        begun = things.begin([args.key])
        refuse_rivals(begun.rivals, "this variable")
        can_be_anybodys = False  # one that is found after a lost POST
        if args.secured and not self.adopts(api, args):
            standing = things.place.asked_again(lambda: things.seen([args.key]))
            if standing and (begun.taken or begun.taken_elsewhere):  # listed before this run took it, perhaps elsewhere
                standing = things.seen([args.key], afresh=True)
            if standing:
                raise self._exists(things, args, standing)
            can_be_anybodys = not things.listing.is_whole
        try:
            entry, found = things.place.asked_again(
                lambda: things.post(self._body(args), args.key, lambda one: not can_be_anybodys and _can_be(one, args))
            )
        except Conflict as conflict:
            return self._take_over(api, things, args, self._standing(things, args, conflict))
        state = self._state(things, args, entry)
        if found:  # perhaps what a lost POST has made; its value is made sure of
            current.get().say(FOUND)
            return self._adopt(api, things, args, state)
        things.wrote((), entry)
        things.done([args.key, state.uuid])
        return state

    def read(self, api: Api, state: Any) -> Any:
        things = self.things(api, state)
        if state.uuid and is_uuid(state.uuid):
            found = proven(things.find([bare(state.uuid)], {"uuid": bare(state.uuid)}))
        else:
            found = proven(things.find([state.uuid]))
        if isinstance(found, Absent):
            return found
        entry, value = found.entry, state.value or ""
        if not entry.flag("secured") and entry.has("value"):
            value = entry.text("value")
        return self._state(things, state, entry, key=entry.text("key"), secured=entry.flag("secured"), value=value)

    def update(self, api: Api, state: Any, args: Any) -> Any:
        things = self.things(api, self._at(args, state))
        if args.secured and state.value and not args.value:  # a preview did not know it yet
            raise InvalidInput(f"The value of {args.key} is empty; the one in Bitbucket stays.")
        begun = things.begin([args.key, bare(state.uuid)])
        self._refuse_others(args, begun.owner)
        refuse_rivals(begun.rivals, "this variable")
        try:
            now = self._put(things, args, state, without_value=args.secured and args.value == state.value == "")
        except Conflict as conflict:
            raise conflict.advised(
                f"If another variable {args.key} stands in {self.where(args)} already, let that one go first, in a run "
                "of its own, or use another key."
            ) from None
        things.done([args.key, now.uuid])
        return now

    def delete(self, api: Api, state: Any) -> None:
        things, uuid = self.things(api, state), bare(state.uuid)
        if api.ledger.noted(VALUELESS, current.get().urn) is not None:
            raise InvalidInput(
                f"{self._what(state)} would be made anew, and the program gives it no value; nothing was removed."
            )
        things.release({"uuid": uuid}, [state.key, uuid])

    def complete(self, inputs: Mapping[str, Any], olds: Mapping[str, Any]) -> Mapping[str, Any]:
        """Node drops an empty secret: where the value was empty before, it still is."""
        return inputs if "value" in inputs or not olds or olds.get("value") else {**inputs, "value": ""}

    def check(self, api: Api, known: Mapping[str, Any]) -> Iterable[Failure]:
        if all(known.get(name) for name in (*self.KIND.where.fields, "key")):
            if known.get("secured") and known.get("value") == "":
                api.ledger.note(VALUELESS, current.get().urn)
            if rivals := self.things(api, known).want([known["key"]]):
                yield Failure("key", manages_too(rivals, "this variable"))

    def check_change(self, known: Mapping[str, Any], olds: Mapping[str, Any]) -> Iterable[Failure]:
        """A secured variable whose value only Bitbucket knows, as after an import, must not be made anew without one;
        and an empty value, as of an environment variable that is not set, must not take the place of a good one."""
        if known.get("value") != "" or not (known.get("secured") or olds.get("secured")):
            return
        if not olds or olds.get("value"):
            yield Failure(
                "", "value: must not be empty: a secured variable keeps what Bitbucket has only after an import"
            )
        elif not known.get("secured") or any(
            spelt(str(known[name])) != spelt(str(olds[name])) for name in self.KIND.where.fields if known.get(name)
        ):
            yield Failure(
                "", "value: only Bitbucket knows it, and this change would make the variable anew: give a value"
            )

    def holds(self, api: Api, state: Any) -> Iterable[tuple[str, Iterable[str]]]:
        yield "", [bare(state.uuid)]

    def warnings(self, api: Api, state: Any, args: Mapping[str, Any]) -> Iterable[str]:
        if state or args.get("secured", False) is not False or not isinstance(args.get("key"), str):
            return
        yield f"{args['key']} is not secured: whoever may see these variables in Bitbucket can read its value."
        if args.get("value") == "":
            yield f"The value of {args['key']} is empty: is something missing in the environment of the program?"

    def listed(self, api: Api, place: Any) -> Iterable[tuple[str, str]]:
        things = self.things(api, place)
        for entry in things.all().entries:
            yield self.id(self._state(things, place, entry)), entry.text("key")

    def _standing(self, things: Things, args: Any, conflict: Conflict) -> Answer:
        """The variable that is in the way. Raises the conflict, explained, when it cannot be seen."""
        found = things.find([args.key])
        if isinstance(found, Seen):
            return found.entry
        unseen = f"The list shows none: {found.why}" if isinstance(found, Unproven) else "The list shows none."
        raise conflict.advised(
            f"{unseen} If it is there, import it by its UUID, which Bitbucket's page of the variable shows."
        )

    def _take_over(self, api: Api, things: Things, args: Any, standing: Answer) -> Any:
        """A variable that is there already: an equal one is taken over as grants are, and so is any with
        `adoptExisting`. Raises Exists otherwise."""
        state = self._state(things, args, standing)
        self._refuse_others(args, api.ledger.new_owner(state.uuid))
        self._refuse_others(args, api.ledger.holder("", [state.uuid]))
        if _can_be(standing, args) and not args.secured:
            api.ledger.take_over(state.uuid)
            current.get().say("was there already: another stack may hold it too, and its destroy would end it")
            things.done([args.key, state.uuid])
            return state
        if not self.adopts(api, args):
            raise self._exists(things, args, standing)
        return self._adopt(api, things, args, state)

    def _adopt(self, api: Api, things: Things, args: Any, state: Any) -> Any:
        """Brings a variable that is there to the wanted state: it is this resource's, whatever becomes of the value."""
        api.ledger.take_over(state.uuid)
        try:
            now = self._put(things, args, state)
        except BitbucketError as error:
            # Which value is there nobody can see. Were the new one in the state, no run would write it any more once a
            # refresh has found the variable.
            unknown = {"value": ""} if args.secured else {}
            raise PartialFailure(str(error), self.id(state), state.bag() | unknown, [str(error)]) from None
        things.done([args.key, state.uuid])
        return now

    def _put(self, things: Things, args: Any, state: Any, without_value: bool = False) -> Any:
        body = self._body(args)
        if without_value:  # imported, and known to Bitbucket alone
            del body["value"]
        uuid = bare(state.uuid)
        things.wrote([state.key, uuid], things.put({"uuid": uuid}, [uuid], body))
        return self.recall(args.bag() | self._of_place(things) | {"uuid": bare(state.uuid)})

    def _refuse_others(self, args: Any, owner: str | None) -> None:
        """Raises InvalidInput when another URN of this run has the variable in its state, or has taken it over."""
        if owner and owner != current.get().urn:
            raise InvalidInput(
                f"{self._what(args)} is {owner}'s in this run; nothing was changed. Let that one go first, in a run of "
                "its own."
            )

    def _exists(self, things: Things, args: Any, standing: Answer) -> Exists:
        how = "secured" if standing.flag("secured") else "not secured"
        return Exists(
            f"a variable {args.key} ({how}) stands in {self.where(args)} already; nothing was changed. If this stack "
            "holds it under another name, give this resource that name in `aliases`; if this is a replacement, set "
            "`deleteBeforeReplace`, or `ignoreChanges` for what must not change",
            self.id(self._state(things, args, standing)),
        )

    def _what(self, source: Any) -> str:
        return f"The variable {source.key} in {self.where(source)}"

    def _body(self, args: Any) -> dict[str, Any]:
        return {"key": args.key, "value": args.value, "secured": args.secured}

    def _state(self, things: Things, args: Any, entry: Answer, **now: Any) -> Any:
        """State of args and the answer's UUID, with what the answer knows better."""
        return self.recall(args.bag() | now | self._of_place(things) | {"uuid": bare(entry.text("uuid"))})

    def _at(self, args: Any, state: Any) -> Any:
        """Where the variable of the state is, as the program writes it now."""
        del state
        return args

    def _of_place(self, things: Things) -> dict[str, Any]:
        """What the state says of the place, beside its inputs."""
        del things
        return {}


def _can_be(entry: Answer, args: Any) -> bool:
    """Whether a variable that was found can be what was asked for; a secured value cannot be compared."""
    secured = entry.flag("secured")
    return secured is args.secured and (secured or entry.maybe("value") == args.value)
