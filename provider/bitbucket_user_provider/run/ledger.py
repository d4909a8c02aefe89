"""What one run of the engine wants, works on, has given and has taken away, known to all of its provider processes.

A grant has no identity but place and subject, and Pulumi keeps deletes for the end: after a rename, the delete of the
old URN would revoke what the new one has just granted, in another process perhaps. So check says what each URN wants,
create and update say what became of it, and a delete says that it is about to take something in the very transaction
in which it looks whether anybody wants it. A destroy checks nothing, hence wants nothing, hence deletes everything.

Each verb is one transaction over the facts of the run (`facts.py`), and says here what it means to a resource.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from ..errors import LedgerLost
from .facts import ANYWHERE, NOBODY, Facts, Look, Stage, Unresolved, is_open, names_in
from .store import Closed, Memory, Store


class Begun(NamedTuple):
    """What a create or update finds out when it begins."""

    rivals: list[str]
    """Other URNs that want the same."""
    taker: str | None
    """The URN whose delete of it is under way."""
    taken: bool
    """Whether this run has taken it away, in any process: a listing of before is out of date."""
    taken_elsewhere: bool
    """Whether it was taken at another place, which may be this one under another name."""
    mixed: bool
    """Whether persons are named at the place by UUID and by account id, so that two names may be one person."""
    owner: str | None = None
    """The URN that has taken it over in this run."""


class Ledger:
    """Safe for threads and processes; see `store`. The current URN is the operation's."""

    def __init__(self, store: Callable[[], Store] = Memory) -> None:
        """`store` is opened when it is first needed."""
        self._open = store
        self._opened: Store | None = None
        self._lock = threading.Lock()
        self._has_checked = threading.Event()
        """Set by the first check: this is no destroy, and without the ledger no delete may go on."""

    @property
    def _store(self) -> Store:
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    @contextmanager
    def _facts(self) -> Iterator[Facts]:
        """One transaction. Raises LedgerLost."""
        with self._store.transaction() as rows:
            yield Facts(rows)

    def close(self) -> None:
        """Lets go of what the run shares; whatever is asked afterwards raises LedgerLost."""
        with self._lock:
            opened, self._opened = self._opened, Closed()
            if opened:
                opened.close()

    # What a check says

    def renew(self) -> None:
        """Forgets what the current URN wanted until now: the engine checks once more before a replacement, which does
        not make a new resource of one that exists. Raises LedgerLost."""
        self._has_checked.set()
        with self._facts() as facts:
            facts.renew()

    def want(self, place: str, things: Collection[str], unresolved: Unresolved = NOBODY) -> list[str]:
        """Records that the current URN wants these things; the other URNs that want one of them, or everybody.

        A set that wants EVERYBODY is a rival of whoever wants anything at the place. Raises LedgerLost.
        """
        with self._facts() as facts:
            facts.want(place, things, unresolved)
            facts.claim()
            return facts.rivals(place, things)

    # What diff, create and update say

    def hold(self, things: Iterable[tuple[str, Iterable[str]]]) -> None:
        """Records that the current URN is in the stack's state already, and what the state holds for it: places, with
        the things there."""
        with suppress(LedgerLost), self._facts() as facts:
            for place, names in things:
                facts.put("held", place, names, "")
            facts.exists()

    def begin(self, place: str, things: Collection[str], unresolved: Unresolved = NOBODY) -> Begun:
        """Records that the current URN sets out to bring its things about. Raises LedgerLost."""
        with self._facts() as facts:
            facts.stage(Stage.BEGUN)
            facts.busy(ANYWHERE)
            facts.busy(names_in(place))
            facts.want(place, things, unresolved)
            return Begun(
                facts.rivals(place, things),
                facts.taker(place, things, unresolved),
                facts.taker(place, things, unresolved, since=0) is not None,
                facts.taken_elsewhere(place, things),
                facts.is_mixed(place),
                facts.first("taken over", [""], things),
            )

    def taken_elsewhere(self, place: str, things: Iterable[str]) -> bool:
        """Whether this run has taken one of these things at another place, which may be this one under another name."""
        with self._facts() as facts:
            return facts.taken_elsewhere(place, things)

    def done(self, place: str, things: Collection[str], found_at: float | None = None) -> str | None:
        """Records that the current URN's things are there, under these names: made by it, or found there at `found_at`.

        Where they were found, a delete of this run may have taken them since: then nothing is recorded but the names,
        and its URN comes back; the thing has to be looked at anew. Raises LedgerLost.
        """
        with self._facts() as facts:
            if taker := facts.given(place, things, found_at):
                return taker
            facts.stage(Stage.DONE)
            return None

    def failed(self) -> None:
        """Records that the current URN has not brought about what it wants: until a run succeeds, that is nobody's to
        delete."""
        with suppress(LedgerLost), self._facts() as facts:
            facts.stage(Stage.FAILED)

    def taker(self, place: str, things: Collection[str], unresolved: Unresolved = NOBODY) -> str | None:
        """The URN whose delete of one of these things, or of somebody who may be one of these persons, is under way."""
        with self._facts() as facts:
            return facts.taker(place, things, unresolved)

    # What a delete asks and says

    def take(
        self,
        places: Collection[str],
        certain: bool,
        groups: Iterable[Collection[str]],
        own: bool,
        unresolved: Unresolved = NOBODY,
        hold: bool = True,
    ) -> list[Look]:
        """Looks, for each group of names of one thing, who keeps it from being deleted; with `hold`, what nobody does
        is recorded as about to be taken by the current URN, in the same transaction.

        `places` are the known spellings of the place, the resource's own first; all of them when `certain`. With `own`
        the current URN's wish counts too: what it wants is the same thing. Without the ledger the delete goes on only
        when this process has checked nothing in this run. Raises LedgerLost.
        """
        try:
            with self._facts() as facts:
                looks = [*facts.looks(places, certain, groups, own, unresolved, hold)]
                if any(map(is_open, looks)):
                    facts.busy(names_in(next(iter(places))))
                return looks
        except LedgerLost:
            if self._has_checked.is_set():
                raise
            return [None for _ in groups]

    def taken(self, place: str, things: Collection[str], gone: bool) -> None:
        """Records that what was about to be taken is gone, or that it is not."""
        with suppress(LedgerLost), self._facts() as facts:
            if gone:
                facts.gone(place, things)
            else:
                facts.leave(place, things)

    def leaves(self, place: str) -> None:
        """Records that a delete of the current URN waits no longer at the place."""
        with suppress(LedgerLost), self._facts() as facts:
            facts.delete_is_over(names_in(place))

    def given(self, place: str, things: Collection[str], found_at: float | None = None) -> str | None:
        """Records that things are there which the current URN wants, while it goes on: nobody whom a step of this run
        has just given access loses it by another. Returns and raises what `done` does."""
        with self._facts() as facts:
            return facts.given(place, things, found_at)

    def quiet_since(self, place: str) -> float | None:
        """When the last operation of another URN at the place was over (a moment of `moment`), None while one is under
        way; 0 where there was none."""
        with suppress(LedgerLost), self._facts() as facts:
            return facts.quiet_since(names_in(place))
        return 0.0

    def last_at_work(self) -> float | None:
        """The same of creates and updates, wherever they are. Raises LedgerLost."""
        with self._facts() as facts:
            return facts.quiet_since(ANYWHERE)

    @contextmanager
    def waiting(self, *places: str) -> Iterator[None]:
        """Meanwhile the current URN waits for others of the run, so it is not at work, nor under way at these places:
        nobody waits for it in turn."""
        left: list[str] = []
        with suppress(LedgerLost), self._facts() as facts:
            left = [where for where in facts.busy_at() if where in (ANYWHERE, *map(names_in, places))]
            for where in left:
                facts.over(where)
        try:
            yield
        finally:
            if left:
                with suppress(LedgerLost), self._facts() as facts:
                    for where in left:
                        facts.busy(where)

    # What else the run has found out

    def holder(self, place: str, things: Collection[str]) -> str | None:
        """The URN in whose state one of these things is, as far as this run has seen states."""
        with self._facts() as facts:
            return facts.first("held", [place], things)

    def take_over(self, identity: str) -> None:
        """Records that the current URN has taken over what is there under this identity: no delete of the run takes it,
        that of the current URN included, which may create before it deletes."""
        with self._facts() as facts:
            facts.put("taken over", "", [identity], "")

    def new_owner(self, identity: str) -> str | None:
        """The URN that has taken over in this run what has this identity."""
        with self._facts() as facts:
            return facts.first("taken over", [""], [identity])

    def note(self, kind: str, place: str, value: str = "") -> bool:
        """Records something about a place for all processes; whether this is the first time in the run."""
        with suppress(LedgerLost), self._facts() as facts:
            return facts.note(kind, place, value)
        return True

    def noted(self, kind: str, place: str) -> str | None:
        """What was recorded about the place, None where nothing was."""
        with suppress(LedgerLost), self._facts() as facts:
            return facts.noted(kind, place)
        return None
