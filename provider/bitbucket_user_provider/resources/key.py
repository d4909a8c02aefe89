"""A public key: what those of accounts, repositories and projects have in common.

Bitbucket keeps a key under an identity of its own; which key it is, its text tells. People call it by a label, which
is all that can change of it, and not everywhere. A key text that is deleted may be refused for a while, so a
replacement is created before the old key goes, and never with the same text.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, ClassVar

from ..errors import ApiError, BitbucketError, Exists, InvalidInput, PartialFailure, RateLimited, Unauthorized
from ..models.person import spelt
from ..models.validation import Failure
from ..operation import current
from ..rest.answer import Answer
from ..run.api import Api
from ..run.evidence import Absent, Evidence, Seen, proven
from ..run.things import Things
from .resource import FOUND, Resource, manages_too, refuse_rivals

BLOCKED = "Bitbucket keeps a deleted key blocked for up to 30 days, so the same key text cannot be registered anew"


class Key(Resource[Any, Any]):
    LISTS = True
    DELETE_FIRST = False
    CALLED: ClassVar[str] = "label"
    """The input that says what people call the key."""
    UPDATES: ClassVar[bool] = True
    """Whether Bitbucket can change what a key is called."""
    ELSEWHERE: ClassVar[str]
    """Who may have a key that Bitbucket says is taken."""
    ADVICE: ClassVar[str] = f"{BLOCKED}: use another key"
    """What to do instead of registering the same key again."""

    @abstractmethod
    def identity(self, text: str) -> str:
        """Which key a text is: texts of one key have the same."""

    @abstractmethod
    def handle(self, entry: Answer) -> str:
        """What Bitbucket knows the key by. Raises OddAnswer."""

    @abstractmethod
    def facts(self, key: str, entry: Answer) -> dict[str, Any]:
        """What the state says of an answer, beside the inputs; `key` is the key's text."""

    def held(self, state: Any) -> str:
        """What Bitbucket knows the key by, from the state; `handle` tells it of an answer."""
        return str(getattr(state, self.ID[-1]))

    def body(self, args: Any) -> dict[str, Any]:
        """What a POST sends."""
        return {"key": args.key, self.CALLED: getattr(args, self.CALLED)}

    def change(self, args: Any) -> dict[str, Any]:
        """What a PUT sends."""
        return {self.CALLED: getattr(args, self.CALLED)}

    def changed(self, entry: Answer) -> dict[str, Any]:
        """What the state says anew after a PUT, beside the inputs."""
        del entry
        return {}

    def query(self, args: Any) -> dict[str, str]:
        """What a POST sends in its query."""
        del args
        return {}

    def imported(self, entry: Answer) -> dict[str, Any]:
        """The inputs that only an import takes from Bitbucket."""
        return {"key": entry.text("key")}

    def refuse_other(self, args: Any, entry: Answer, state: Any) -> None:
        """Raises Exists when a key that is there already cannot be brought to the inputs."""
        wanted, called = getattr(args, self.CALLED), self.called(entry)
        if not self.UPDATES and wanted and wanted != called:
            raise Exists(
                f"this key is in {self.where(args)} already, as '{called}'; nothing was changed. Bitbucket cannot "
                f"change the {self.CALLED} of a key: write '{called}'",
                self.id(state),
            )

    def called(self, entry: Answer) -> str:
        return entry.maybe(self.CALLED) or ""

    def create(self, api: Api, args: Any) -> Any:
        things, name = self.things(api, args), self.identity(args.key)
        refuse_rivals(things.begin([name]).rivals, "this key")

        def is_ours(entry: Answer) -> bool:
            held = api.ledger.holder("", [self._token(self.handle(entry))])
            return self.called(entry) == getattr(args, self.CALLED) and held is None

        try:
            entry, found = things.place.asked_again(
                lambda: things.post(self.body(args), name, is_ours, self.query(args))
            )
        except (RateLimited, Unauthorized):  # a look would be refused in the same way
            raise
        except ApiError as refusal:
            return self._take_over(api, things, args, self._standing(things, args, refusal), refusal)
        if found:
            current.get().say(FOUND)
            return self._take_over(api, things, args, entry, None)
        state = self._state(args, entry)
        things.wrote((), entry if entry.has("key") else None)
        things.done(self._names(state))
        return state

    def read(self, api: Api, state: Any) -> Any:
        is_import = not state.key
        found = proven(self.find(self.things(api, state), getattr(state, self.ID[-1]), is_import))
        if isinstance(found, Absent):
            return found
        now = self.imported(found.entry) if is_import else {}
        if is_import or getattr(state, self.CALLED) or self.UPDATES:
            now[self.CALLED] = self.called(found.entry)
        return self._state(self.recall(state.bag() | now), found.entry)

    def find(self, things: Things, handle: str, is_import: bool) -> Evidence:
        """The key that an id or, where it is no import, the state names."""
        del is_import
        return things.find([handle], {self.ID[-1]: handle})

    def update(self, api: Api, state: Any, args: Any) -> Any:
        things, names = self.things(api, state), [*self._names(state), self.identity(args.key)]
        refuse_rivals(things.begin(names).rivals, "this key")
        if not self.UPDATES:
            raise InvalidInput(f"{self.CALLED}: {self._fixed(getattr(state, self.CALLED))}; nothing was changed.")
        now = self._relabel(things, state, args)
        things.done(names)
        return self.recall(state.bag() | args.bag() | now)

    def delete(self, api: Api, state: Any) -> None:
        self.things(api, state).release({self.ID[-1]: getattr(state, self.ID[-1])}, self._names(state))

    def check(self, api: Api, known: Mapping[str, Any]) -> Iterable[Failure]:
        if all(known.get(name) for name in (*self.KIND.where.fields, "key")):
            if rivals := self.things(api, known).want([self.identity(known["key"])]):
                yield Failure("", f"key: {manages_too(rivals, 'this key')}")

    def check_change(self, known: Mapping[str, Any], olds: Mapping[str, Any]) -> Iterable[Failure]:
        """Where the API has no update, a new label would need a new key: the same text cannot be registered again."""
        before, after = olds.get(self.CALLED, ""), known.get(self.CALLED)
        if self.UPDATES or not after or before == after or not (known.get("key") and olds.get("key")):
            return
        names = [name for name in self.KIND.where.fields if known.get(name) and olds.get(name)]
        if any(spelt(str(known[name])) != spelt(str(olds[name])) for name in names):
            return
        if self.identity(known["key"]) == self.identity(olds["key"]):
            yield Failure(self.alias(self.CALLED), self._fixed(before))

    def holds(self, api: Api, state: Any) -> Iterable[tuple[str, Iterable[str]]]:
        yield "", [self._token(self.held(state))]

    def listed(self, api: Api, place: Any) -> Iterable[tuple[str, str]]:
        for entry in self.things(api, place).all().entries:
            state = self._state(self.recall(place.bag() | self.imported(entry)), entry)
            yield self.id(state), self.called(entry) or getattr(state, self.ID[-1])

    def _token(self, handle: str) -> str:
        """The key's identity in the ledger."""
        return handle if self.KIND.handle == "uuid" else f"{self.KIND.family} {handle}"

    def _names(self, state: Any) -> list[str]:
        return [self.identity(state.key), self._token(self.held(state))]

    def _fixed(self, before: str) -> str:
        return f"Bitbucket cannot change what a key is called, and {self.ADVICE}; or leave it '{before}'"

    def _standing(self, things: Things, args: Any, refusal: ApiError) -> Answer:
        """The key that is in the way of a new one. Raises the refusal, explained, when there is none.

        Whatever Bitbucket's words are: they have changed before.
        """
        try:
            found = things.find([self.identity(args.key)])
        except BitbucketError:
            raise refusal from None
        if isinstance(found, Seen):
            return found.entry
        if refusal.status not in (400, 409):
            raise refusal
        raise ApiError(
            f"{refusal} The key is not among those of {self.where(args)}. {self._namesakes(things, args)}If Bitbucket "
            f"says that it is taken: {self.ELSEWHERE} has it, or it was deleted lately. {BLOCKED}: use another key.",
            refusal.status,
        )

    def _namesakes(self, things: Things, args: Any) -> str:
        """What to say where another key has the label already, which Bitbucket may refuse."""
        wanted, found = getattr(args, self.CALLED), list[str]()
        with suppress(BitbucketError):
            found = [self.handle(one) for one in things.all().entries if wanted and self.called(one) == wanted]
        taken = f"Another one there ({', '.join(found)}) is called '{wanted}': if that is why, choose another"
        return f"{taken} {self.CALLED}. " if found else ""

    def _take_over(self, api: Api, things: Things, args: Any, standing: Answer, refusal: ApiError | None) -> Any:
        """A key that is there already, with the same text, is taken over as grants are. Raises Exists when it cannot be
        brought to the inputs, and the refusal when it is this very resource's."""
        state = self._state(args, standing)
        identity, token = self._names(state)
        is_own = api.ledger.holder("", [token]) == current.get().urn
        if refusal and is_own and self.KIND.unique_everywhere:
            raise ApiError(
                f"The key is registered already, by this very resource. {self.ADVICE}. If only the account is written "
                "in another way than before, write it as before.",
                refusal.status,
            )
        self.refuse_other(args, standing, state)
        api.ledger.take_over(token)
        called = self.called(standing)
        if refusal and not is_own:
            name = called or getattr(state, self.ID[-1])
            current.get().say(f"was there already, as '{name}': another stack may hold it too")
        if self.UPDATES and called != getattr(args, self.CALLED):
            try:
                state = self.recall(state.bag() | self._relabel(things, state, args))
            except BitbucketError as error:  # it is this resource's now, whatever it is called
                now = state.bag() | {self.alias(self.CALLED): called}
                raise PartialFailure(str(error), self.id(state), now, [str(error)]) from None
        things.done([identity, token])
        return state

    def _relabel(self, things: Things, state: Any, args: Any) -> dict[str, Any]:
        """What is different now, beside the label."""
        handle = getattr(state, self.ID[-1])
        answer = things.put({self.ID[-1]: handle}, [handle], self.change(args))
        things.listing.forget()
        return self.changed(answer)

    def _state(self, args: Any, entry: Answer) -> Any:
        """State of args and an answer."""
        known = self.facts(args.key, entry)
        return self.recall(args.bag() | {name: value for name, value in known.items() if value is not None})
