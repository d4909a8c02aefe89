"""The things of one kind at one place: people's grants on a repository, the variables of a workspace, an account's
keys.

One object a place and kind owns all that is known of them, so that no resource decides for itself whether a thing is
there, whose it is and who may take it: the listing that everybody shares, what it proves, and the run's ledger.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from ..errors import (
    ApiError,
    BitbucketError,
    InvalidInput,
    Moved,
    NotFound,
    NotKnown,
    OddAnswer,
    RateLimited,
    Unanswered,
    Unauthorized,
)
from ..models.person import is_uuid
from ..operation import current
from ..rest.answer import Answer
from ..rest.client import Page, Path
from ..rest.credentials import Kind
from .evidence import Absent, Evidence, Seen, entry_of
from .evidence import NotKnown as Unproven
from .facts import EVERYBODY, Elsewhere, Keeper, Stage, is_open, moment
from .ledger import Begun
from .listing import Listed, Listing
from .place import Place, PlaceKind

if TYPE_CHECKING:
    from .api import Api

ATTEMPTS = 3
"""How often a POST is sent whose answer is lost and whose thing is not there."""
POLL_SECONDS = 0.05
"""Between two looks at what another process of the run is doing."""
CLAIM_SECONDS = 4.0
"""How long a delete waits for the create of a resource that wants the same thing and has not begun, once no other
create or update is at work: Pulumi's dynamic server works on four at a time, and the others queue."""
QUIET_SECONDS = 1.0
"""How long nothing else must have been under way at a place before its last administrator right goes."""


@dataclass(frozen=True)
class ThingKind:
    """`list_path` answers all of them, `path` is one of them; `names` are all that an entry of the list answers to."""

    family: str
    """Sets these things apart from others at the same place."""
    where: PlaceKind
    list_path: Path | None
    """None where Bitbucket has no such list."""
    path: Path
    names: Callable[["Api", Answer], list[str]] = lambda api, entry: []
    is_there: Callable[[Answer], bool] = lambda entry: True
    """Whether an answer about one thing means that it is there."""
    can_be_asked: bool = True
    """Whether the API answers about one thing alone."""
    is_of_people: bool = False
    """Whether each is named by a person, whom a program may write by UUID and by account id."""
    unique_everywhere: bool = False
    """Whether there can be only one in all of Bitbucket, wherever it is."""
    handle: str = "uuid"
    """The field of an answer that says which one it is."""
    says: tuple[str, ...] = ()
    """Fields of a write that its answer repeats."""
    asked_for: tuple[str, ...] = ()
    """Fields that an answer holds only when they are asked for."""


NOTHING: Mapping[str, Any] = {}
Id: TypeAlias = Mapping[str, str]
"""The fields of the path, beside those of the place, that name a thing."""


class Free(NamedTuple):
    """Nobody keeps a thing from being deleted."""

    renamed: bool = False
    """Whether the place was known to have another name when the run was asked who wants the thing."""


Verdict: TypeAlias = Keeper | BitbucketError | Free
"""Of a thing that is to be deleted: who keeps it, why that cannot be told yet, or nobody."""


class Things:
    """Safe for threads. Made by `Api.things`."""

    def __init__(self, api: "Api", kind: ThingKind, place: Place) -> None:
        self.api = api
        self.kind = kind
        self.place = place
        path = kind.list_path.shown(place.fields) if kind.list_path else ""
        self.listing = Listing(self._pages, lambda entry: kind.names(api, entry), f"{place.shown} (GET {path})")

    @property
    def key(self) -> str:
        """How the ledger calls these things here."""
        return self._keys()[0]

    def _keys(self) -> list[str]:
        """The same under all spellings of the place that are known."""
        return [f"{self.kind.family} s anywhere"] if self.kind.unique_everywhere else self.place.keys(self.kind.family)

    def _pages(self) -> Iterator[Page]:
        if self.kind.list_path is None:
            raise InvalidInput(f"Bitbucket has no list of what is asked for in {self.place.shown}.")
        return self.api.pages(self.kind.list_path, self.place.in_path, self._asked_for("values."))

    def _asked_for(self, within: str = "") -> dict[str, str]:
        names = [f"+{within}{name}" for name in self.kind.asked_for]
        return {"fields": ",".join(names)} if names else {}

    # Reading

    def find(self, names: Collection[str], id: Id | None = None) -> Evidence:
        """What is known of the thing that answers to one of the names; `id` is how to ask for it alone.

        Raises NotFound when the place itself answers 404, BitbucketError when it refuses.
        """
        if self.kind.list_path is None and id is not None:
            return self.ask(id, names)
        found = self.listing.find(names, self._alone(names, id))
        self._noticed()
        return found

    def seen(self, names: Collection[str], id: Id | None = None, afresh: bool = False) -> Answer | None:
        """The same for a create, which only has to heed what is there; `afresh` when a listing of before may be
        wrong."""
        alone = self._alone(names, id)
        if afresh:
            if alone:
                return entry_of(alone())
            self.listing.forget()
        found = self.listing.seen(names, alone)
        self._noticed()
        return found

    def _alone(self, names: Collection[str], id: Id | None) -> Callable[[], Evidence] | None:
        return (lambda: self.ask(id, names)) if id is not None and self.kind.can_be_asked else None

    def all(self) -> Listed:
        """Every one, in Bitbucket's order. Raises NotKnown when the list does not add up."""
        found = self.listing.all()
        self._noticed()
        return found

    def labelled(self, label: str) -> Evidence:
        """The one thing of the whole list with this label, which is none of its `names`: not known where several have
        it. Raises what `all` raises."""
        found = [entry for entry in self.all().entries if entry.maybe("label") == label]
        if len(found) > 1:
            names = ", ".join(self.kind.names(self.api, entry)[0] for entry in found)
            return Unproven(
                InvalidInput(f"{len(found)} in {self.place.shown} have the label '{label}': name one of {names}.")
            )
        return Seen(found[0]) if found else Absent("it is the label of none in the whole list")

    def ask(self, id: Id, names: Collection[str]) -> Evidence:
        """The same past the listing: one call. Raises NotFound when it is the place that is missing."""
        try:
            entry = self.api.get(self.kind.path, {**self.place.in_path, **id}, self._asked_for())
        except NotFound as missing:
            return self._missing(missing)
        try:
            self._is_about(entry, names)
            there = self.kind.is_there(entry)
        except OddAnswer as odd:
            return Unproven(odd)
        self.place.exists = True
        return Seen(entry) if there else Absent("Bitbucket says that there is none")

    def _missing(self, missing: NotFound) -> Evidence:
        """What the 404 of one thing proves: is it the thing that is missing, or the place?"""
        if self.kind.path.reads[0] is Kind.JWT and Kind.JWT in self.api.credentials:
            return Absent("it answers 404 to its own app, which sees all that is its own")
        try:
            if self.kind.list_path is None:
                self.api.get(self.place.kind.itself, self.place.fields)
            elif not self.listing.answered:
                next(self._pages())
        except NotFound:
            raise missing from None
        except BitbucketError as refusal:
            return Unproven(NotKnown(f"{missing} Whether {self.place.shown} is there cannot be told: {refusal}"))
        return Absent("it answers 404, and its place does not")

    def _noticed(self) -> None:
        self.place.exists = self.place.exists or self.listing.answered
        if self.listing.moved:
            self.place.has_another_name()

    def _is_about(self, answer: Answer, names: Collection[str], sent: Mapping[str, Any] = NOTHING) -> None:
        """Raises OddAnswer when it is about something else than what answers to one of the names, as if something in
        between had mixed up two answers, or says something else than what was sent."""
        told = self.kind.names(self.api, answer)
        if told and {*told}.isdisjoint(names) and not (self.kind.is_of_people and _in_other_forms(told, names)):
            raise OddAnswer(f"{answer.call} has an answer that is about something else.")
        for field in self.kind.says:
            if field in sent and answer.has(field) and answer.data[field] != sent[field]:
                raise OddAnswer(f"{answer.call} has an answer with another `{field}` than was sent.")

    # Writing

    def put(self, id: Id, names: Collection[str], body: Any) -> Answer:
        """The answer to a PUT of what answers to one of the names: one call. Raises OddAnswer when it does not say what
        was sent: perhaps it was not done."""
        answer: Answer = self._write(lambda fields: self.api.put(self.kind.path, {**fields, **id}, body))
        self._is_about(answer, names, body)
        return answer

    def wrote(self, names: Iterable[str], entry: Answer | None) -> None:
        """Says that this process has put `entry` there, or removed what answers to the names."""
        self.place.exists = True
        self.listing.wrote(names, entry)

    def post(
        self,
        body: Any,
        name: str,
        ours: Callable[[Answer], bool],
        query: Mapping[str, str] | None = None,
    ) -> tuple[Answer, bool]:
        """What a POST made, and whether it was found by `name` in the list instead of in an answer.

        A POST whose answer was lost may have made its thing: it is looked for before it is sent again. `ours` says
        whether what was found can be what was sent: if not, somebody else's stands there, and sending again brings
        Bitbucket's refusal. Raises what the POST raises.
        """
        path = self.kind.list_path
        lost: Unanswered | None = None
        assert path is not None
        for _ in range(ATTEMPTS):
            refusal = None
            try:
                made: Answer = self._write(lambda fields: self.api.post(path, fields, body, query))
                self._is_about(made, [name], body)
                return made, False
            except OddAnswer as odd:
                lost = Unanswered(str(odd), sent=True)
            except Unanswered as trouble:
                if not trouble.sent:
                    raise
                lost = trouble
            except ApiError as again:
                if lost is None:
                    raise
                refusal = again  # perhaps of what the lost one has made
            current.get().say(f"looking whether it was made all the same: {lost}")
            self.listing.forget()
            found = entry_of(self.find([name]))
            if found and ours(found):
                return found, True
            if refusal:
                raise refusal
        assert lost
        raise lost

    def remove(self, id: Id, names: Collection[str], renamed: bool = False) -> bool:
        """Deletes the thing. After a refusal it is looked for: proven absent it counts as deleted, and where it is
        there, the refusal is raised.

        False, and nothing is deleted, when it turns out that the place has another name now, which whoever allowed this
        did not know (`renamed`): something else of the run may want the thing under that name.

        Raises ApiError in Bitbucket's words, or OddAnswer, when it is still there, NotKnown when that cannot be told.
        """
        try:
            fields = self.place.where_to_write if renamed else self.place.in_path
            self.api.delete(self.kind.path, {**fields, **id})
        except (RateLimited, Unauthorized):
            raise
        except (ApiError, OddAnswer) as refusal:
            if not renamed and isinstance(refusal, Moved | NotFound) and self.place.has_another_name():
                return False
            self._look_for(refusal, id, names)
            current.get().say("was gone from Bitbucket already")
        else:  # what has just been found absent needs no other listing for the next one
            self.listing.wrote(names, None)
        return True

    def _look_for(self, refusal: BitbucketError, id: Id, names: Collection[str]) -> None:
        """Returns when the thing is proven absent. Raises what `remove` raises."""
        try:
            found = self.find(names, id)
            if isinstance(found, Seen):  # perhaps in a list of before, or another one that has its name since
                self.listing.forget()
                found = self.ask(id, names) if self.kind.can_be_asked else self.find([*id.values()])
        except NotFound as missing:
            self.place.gone_for_a_delete(missing)
            return
        except BitbucketError:
            raise refusal from None
        if isinstance(found, Unproven):
            raise NotKnown(f"{refusal} Whether it is still there cannot be told: {found.why}")
        if isinstance(found, Seen):
            raise refusal

    def _write(self, send: Callable[[Mapping[str, str]], Any]) -> Any:
        """Sends to the place, under its new name where it was renamed in Bitbucket."""
        fields, renamed = self.place.where_to_write, self.place.is_renamed
        try:
            return send(fields)
        except (Moved, NotFound):
            if renamed or not self.place.has_another_name():
                raise
        return send(self.place.where_to_write)

    # What the run knows

    def want(self, names: Collection[str]) -> list[str]:
        """Records what check has found the current URN to want; its rivals."""
        return self.api.ledger.want(self.key, names, self._unresolved(names))

    def _unresolved(self, names: Iterable[str]) -> dict[str, str]:
        return self.api.people.unresolved({*names} - {EVERYBODY}) if self.kind.is_of_people else {}

    def begin(self, names: Collection[str]) -> Begun:
        """Says that a create or update of the current URN begins, and waits until no delete of the run is about to take
        what it wants. Returns what the ledger knew before that; rivals are the caller's to refuse. Raises LedgerLost,
        Cancelled."""
        begun = self.api.ledger.begin(self.key, names, self._unresolved(names))
        if begun.taker:
            self._wait_for_takers(names)
        return begun

    def done(self, names: Collection[str], found_at: float | None = None) -> bool:
        """Says that what the current URN wants is there; false when a delete of the run has taken, since `found_at`,
        what was found there: look again."""
        # A delete that writes the name of now cannot tell that a former one leads there too.
        others = self._keys()[1:] if self.place.is_renamed else ()
        taken = [key for key in others if self.api.ledger.given(key, names, found_at)]
        if not taken and self.api.ledger.done(self.key, names, found_at) is None:
            return True
        self._wait_for_takers(names)
        return False

    def _wait_for_takers(self, names: Collection[str]) -> None:
        one_form = self._unresolved(names)
        self._wait_until(
            lambda: self.api.ledger.taker(self.key, names, one_form) is None, "waiting for a delete of this run"
        )

    def look(self, groups: Sequence[Collection[str]], own: bool) -> list[Verdict]:
        """Who keeps each thing from being deleted, by all its names. With `own`, its own wish keeps it too: of things
        without an identity, which after a new spelling of the place are the same ones.

        A resource that wants the thing and is at work on it is waited for; one that has only been checked may never
        come to it (what it depends on has failed), so the wait for that one ends soon after all others have come to
        theirs.
        """
        return self._decide(groups, own, hold=False)

    def take(self, names: Collection[str], own: bool = False) -> Verdict:
        """The same of one thing, which the current URN is recorded to take if nobody keeps it. One alone: who waited
        for others with something in hand would be waited for in turn."""
        return self._decide([names], own, hold=True)[0]

    def _decide(self, groups: Sequence[Collection[str]], own: bool, hold: bool) -> list[Verdict]:
        decided: dict[int, Verdict] = {}
        waiting = [*range(len(groups))]
        certain, began = self.place.is_certain, moment()
        unresolved = self._unresolved(name for names in groups for name in names)
        with ExitStack() as wait:
            was_open = told = False
            while waiting:
                free = Free(self.place.is_renamed)
                still = [groups[index] for index in waiting]
                looks = self.api.ledger.take(self._keys(), certain, still, own, unresolved, hold)
                if not was_open and any(map(is_open, looks)):
                    was_open = True
                    wait.callback(self.api.ledger.leaves, self.key)
                is_late = told and _quiet_for(self.api.ledger.last_at_work(), began, CLAIM_SECONDS)
                for index, look in zip(waiting, looks, strict=True):
                    verdict = free if look is None else _verdict(look, is_late)
                    if verdict is not None:
                        decided[index] = verdict
                waiting = [index for index in waiting if index not in decided]
                if any(isinstance(look, Elsewhere) for look in looks):
                    try:
                        self.place.identify()
                    except NotKnown as unknown:
                        if Elsewhere.OTHERS in looks:
                            decided |= dict.fromkeys(waiting, unknown)
                            break
                    certain = True  # or only this URN wants it elsewhere, and makes it anew there after this delete
                elif waiting:
                    if not told:
                        wait.enter_context(self._waiting("another resource of this run wants this, and is waited for"))
                    told = True
                    self.api.governor.wait(POLL_SECONDS)
        return [decided[index] for index in range(len(groups))]

    def release(self, id: Id, names: Collection[str], own: bool = False) -> bool:
        """The delete of one thing: removes it unless something else of the run wants it, and then says so.

        Whether it was removed. Raises BitbucketError.
        """
        keeper = self.settle(id, names, own)
        if keeper:
            current.get().say(f"kept in Bitbucket: {keeper.urn} wants it")
        return keeper is None

    def settle(self, id: Id, names: Collection[str], own: bool) -> Keeper | None:
        """Removes the thing if nobody keeps it, and says in the ledger what became of it. Who keeps it.

        Raises BitbucketError.
        """
        while isinstance(verdict := self.take(names, own), Free):
            gone = False
            try:
                gone = self.remove(id, names, verdict.renamed)
            finally:
                self.taken(names, gone)
            if gone:
                return None
        if isinstance(verdict, BitbucketError):
            raise verdict
        return verdict

    def taken(self, names: Collection[str], gone: bool) -> None:
        """Says what became of a thing that was about to be taken."""
        self.api.ledger.taken(self.key, names, gone)

    def wait_until_quiet(self, stays: Collection[str] = ()) -> None:
        """Waits until nothing else of the run has been under way at the place for a second, under any spelling that is
        known: the credential's own administrator right goes last, because nothing can be changed or seen here without
        it.

        `stays` are the names of what the current URN keeps there. It is said to be there before the wait: a delete
        that waited until this URN has brought it about would be waited for here, and neither would end.
        """
        if stays:
            self.api.ledger.given(self.key, stays)
        began = moment()

        def is_quiet() -> bool:
            return all(_quiet_for(self.api.ledger.quiet_since(key), began, QUIET_SECONDS) for key in self._keys())

        self._wait_until(is_quiet, "the credential's own administrator right goes last", self.key)

    def _wait_until(self, ready: Callable[[], bool], why: str, *places: str) -> None:
        if ready():
            return
        with self._waiting(why, *places):
            while not ready():
                self.api.governor.wait(POLL_SECONDS)

    @contextmanager
    def _waiting(self, why: str, *places: str) -> Iterator[None]:
        current.get().say(why)
        with self.api.ledger.waiting(*places):
            yield
        current.get().say("")


def _in_other_forms(some: Iterable[str], others: Iterable[str]) -> bool:
    """Whether these are UUIDs and those account ids, or the reverse, so that both may be one person."""
    return {*map(is_uuid, some)}.isdisjoint(map(is_uuid, others))


def _quiet_for(since: float | None, began: float, seconds: float) -> bool:
    """Whether so many seconds have passed since the last operation was over, at `since` (None: one is under way), and
    since this wait began."""
    return since is not None and moment() - max(since, began) >= seconds


def _verdict(look: Keeper | Elsewhere, patience_is_over: bool) -> Keeper | BitbucketError | None:
    """What a look means for a delete. None: it has to look again."""
    if isinstance(look, Elsewhere):
        return None
    mine = look.urn == current.get().urn
    match look.stage:
        case Stage.FAILED:
            return BitbucketError(
                f"{look.urn} wants this and has failed: it stays, here and in Bitbucket, until a run succeeds."
            )
        case Stage.DONE | Stage.EXISTS:
            return look
        case _ if mine:
            return look
        case Stage.CLAIMED if patience_is_over:
            return BitbucketError(
                f"{look.urn} wants this, but was not created: it stays, here and in Bitbucket, until a run "
                "succeeds. Perhaps something that it depends on has failed. Where the engine works on one resource at "
                "a time, run with a higher --parallel."
            )
        case _:
            return None
