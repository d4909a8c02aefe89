"""What one run of the engine wants, works on, has given and has taken away, known to all of its provider processes.

A grant has no identity but place and subject, and Pulumi keeps deletes for the end: after a rename, the delete of the
old URN would revoke what the new one has just granted, in another process perhaps. So check says what each URN wants,
create and update say what became of it, and a delete says that it is about to take something in the very transaction
in which it looks whether anybody wants it. A destroy checks nothing, hence wants nothing, hence deletes everything.

Places and things are texts here. A place reads "FAMILY FORM NAMES": what kind of things are there, which of its names
are UUIDs, and the names (`place.py`). A thing stands under every known name.

The facts of a run, by kind:

    of a URN and a thing    want          what it wants to be there
                            held          what it has in the state
                            given, found  what is there for it: made by it, or found; no delete of the run takes that
                            taken over    what it has adopted
                            take          what its delete takes, or has taken
    of a URN                stage         how far it has come with what it wants
                            at work       its create or update is under way and waits for nobody
    of a URN and a place    busy          its operation is under way there, or since when it is over
    of a place              unresolved    in which forms persons are named there
                            form          under which spellings a thing is wanted, to look that up fast
    of the run              was at work   when a create or update was last at work
    others                  what `note` is given, as the identity of a place
"""

import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from itertools import product
from sqlite3 import Cursor
from typing import NamedTuple

from ..errors import LedgerLost
from ..operation import current
from .store import Closed, Memory, Store, alive

EVERYBODY = "*"
"""The thing that an exclusive set wants beside those that it names: nobody else may want anything there."""

STAGE = "kind = 'stage' AND place = '' AND thing = '' AND urn = ?"
"""The whole key: with a part of it SQLite would search all stages of the run."""


class Stage(Enum):
    """How far a URN of the program has come with what it wants."""

    CLAIMED = "claimed"
    """Checked, and nothing more."""
    EXISTS = "exists"
    """It is in the state already: what it wants is its own, and a change of it is sure to be asked for."""
    BEGUN = "begun"
    """Its create or update is under way."""
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Keeper:
    """Who keeps a thing from being deleted."""

    urn: str
    stage: Stage


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


class Elsewhere(Enum):
    NOBODY = 0
    ITSELF = 1
    """The current URN alone, which moves or is spelt anew."""
    OTHERS = 2


class Look(NamedTuple):
    """What a delete finds out about one thing."""

    keeper: Keeper | None
    """Nobody: it is recorded that the current URN takes the thing."""
    elsewhere: Elsewhere
    """Who wants it at a place that may be this one under another name."""

    @property
    def is_open(self) -> bool:
        """Whether the delete goes on here: it takes the thing, or waits to see what becomes of it."""
        return self.keeper is None or self.keeper.stage in (Stage.CLAIMED, Stage.BEGUN)


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

    def close(self) -> None:
        """Lets go of what the run shares; whatever is asked afterwards raises LedgerLost."""
        with self._lock:
            if self._opened is None:
                self._opened = Closed()
            self._opened.close()

    # What a check says

    def renew(self) -> None:
        """Forgets what the current URN wanted until now: the engine checks once more before a replacement, which does
        not make a new resource of one that exists. Raises LedgerLost."""
        self._has_checked.set()
        with self._store.transaction() as facts:
            facts.execute("DELETE FROM fact WHERE urn = ? AND kind = 'want'", (_urn(),))
            facts.execute(f"DELETE FROM fact WHERE {STAGE} AND value != 'exists'", (_urn(),))

    def want(self, place: str, things: Collection[str], unresolved: Iterable[str] = ()) -> list[str]:
        """Records that the current URN wants these things; the other URNs that want one of them, or everybody.

        A set that wants EVERYBODY is a rival of whoever wants anything at the place. `unresolved` are the forms, UUID
        or account id, in which persons are named whose other form is not known. Raises LedgerLost.
        """
        with self._store.transaction() as facts:
            _put(facts, "want", place, things, "")
            facts.executemany(
                "INSERT OR IGNORE INTO fact VALUES ('unresolved', ?, ?, '', '')", [(place, form) for form in unresolved]
            )
            facts.execute("INSERT OR IGNORE INTO fact VALUES ('stage', '', '', ?, 'claimed')", (_urn(),))
            return _rivals(facts, place, things)

    # What diff, create and update say

    def hold(self, things: Iterable[tuple[str, Iterable[str]]]) -> None:
        """Records that the current URN is in the stack's state already, and what the state holds for it: places, with
        the things there."""
        with suppress(LedgerLost), self._store.transaction() as facts:
            for place, names in things:
                _put(facts, "held", place, names, "")
            sql = f"UPDATE fact SET value = 'exists' WHERE {STAGE} AND value = 'claimed'"
            facts.execute(sql, (_urn(),))

    def begin(self, place: str, things: Collection[str]) -> Begun:
        """Records that the current URN sets out to bring its things about. Raises LedgerLost."""
        with self._store.transaction() as facts:
            _stage(facts, Stage.BEGUN)
            _busy(facts, place)
            _put(facts, "want", place, things, "")
            forms = facts.execute("SELECT thing FROM fact WHERE kind = 'unresolved' AND place = ?", (place,)).fetchall()
            return Begun(
                _rivals(facts, place, things),
                _taker(facts, place, things, since=moment()),
                _taker(facts, place, things, since=0) is not None,
                any(_is_there(facts, "take", place.split(" ")[0], thing, but=place) for thing in things),
                len(forms) > 1,
                _first(facts, "taken over", [""], things),
            )

    def taken_elsewhere(self, place: str, things: Iterable[str]) -> bool:
        """Whether this run has taken one of these things at another place, which may be this one under another name."""
        with self._store.transaction() as facts:
            return any(_is_there(facts, "take", place.split(" ")[0], thing, but=place) for thing in things)

    def done(self, place: str, things: Collection[str], found_at: float | None = None) -> str | None:
        """Records that the current URN's things are there, under these names: made by it, or found there at `found_at`.

        Where they were found, a delete of this run may have taken them since: then nothing is recorded but the names,
        and its URN comes back; the thing has to be looked at anew.
        """
        with self._store.transaction() as facts:
            if taker := _given(facts, place, things, found_at):
                return taker
            _stage(facts, Stage.DONE)
            _busy(facts, place, _now())
            return None

    def failed(self) -> None:
        """Records that the current URN has not brought about what it wants: until a run succeeds, that is nobody's to
        delete."""
        with self._store.transaction() as facts:
            _stage(facts, Stage.FAILED)
            facts.execute(
                "UPDATE fact INDEXED BY fact_of_urn SET value = ? WHERE kind = 'busy' AND urn = ?", (_now(), _urn())
            )

    def taker(self, place: str, things: Collection[str]) -> str | None:
        """The URN whose delete of one of these things is under way."""
        with self._store.transaction() as facts:
            return _taker(facts, place, things, since=moment())

    # What a delete asks and says

    def take(self, places: Collection[str], certain: bool, groups: Iterable[Collection[str]], own: bool) -> list[Look]:
        """Looks, for each group of names of one thing, who keeps it from being deleted; what nobody does is recorded as
        about to be taken by the current URN, in the same transaction.

        `places` are the known spellings of the place, the resource's own first; all of them when `certain`. With `own`
        the current URN's wish counts too: what it wants is the same thing. Without the ledger the delete goes on only
        when this process has checked nothing in this run. Raises LedgerLost.
        """
        try:
            with self._store.transaction() as facts:
                looks = [_look(facts, places, certain, names, own) for names in groups]
                if any(look.is_open for look in looks):
                    _busy(facts, next(iter(places)))
                return looks
        except LedgerLost:
            if self._has_checked.is_set():
                raise
            return [Look(None, Elsewhere.NOBODY) for _ in groups]

    def taken(self, place: str, things: Iterable[str], gone: bool) -> None:
        """Records that what was about to be taken is gone, or that it is not."""
        names = [*things]
        with suppress(LedgerLost), self._store.transaction() as facts:
            if gone:
                _put(facts, "take", place, names, f"{os.getpid()} gone {_now()}")
                _forget(facts, "given", place, names)
            else:
                _forget(facts, "take", place, names)
            _busy(facts, place, _now())

    def leaves(self, place: str) -> None:
        """Records that a delete of the current URN has taken nothing at the place. A create or update goes on there."""
        with suppress(LedgerLost), self._store.transaction() as facts:
            if _stage_of(facts, _urn()) is not Stage.BEGUN:
                _busy(facts, place, _now())

    def given(self, place: str, things: Collection[str], found_at: float | None = None) -> str | None:
        """Records that things are there which the current URN wants, while it goes on: nobody whom a step of this run
        has just given access loses it by another. Comes back as `done` does."""
        with self._store.transaction() as facts:
            return _given(facts, place, things, found_at)

    def quiet_since(self, place: str) -> float | None:
        """When the last operation of another URN at the place was over (a moment of `moment`), None while one is under
        way; 0 where there was none."""
        last = 0.0
        with suppress(LedgerLost), self._store.transaction() as facts:
            sql = "SELECT value FROM fact WHERE kind = 'busy' AND place = ? AND urn != ?"
            for (value,) in facts.execute(sql, (_names(place), _urn())).fetchall():
                over, _, process = value.partition("in ")
                if process and alive(process):
                    return None
                last = max(last, float(over or 0))
        return last

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Meanwhile the current URN waits for others of the run, so it is not at work: nobody waits for it in turn."""
        was_at_work = False
        with suppress(LedgerLost), self._store.transaction() as facts:
            was_at_work = _is_not_at_work(facts)
        try:
            yield
        finally:
            with suppress(LedgerLost):
                if was_at_work:
                    with self._store.transaction() as facts:
                        _is_at_work(facts)

    def last_at_work(self) -> float:
        """When a create or update of the run was last at work, in any process (a moment of `moment`); 0 where none
        was. Raises LedgerLost."""
        with self._store.transaction() as facts:
            processes = facts.execute("SELECT value FROM fact WHERE kind = 'at work'").fetchall()
            if any(alive(process) for (process,) in processes):
                return moment()
            last = facts.execute("SELECT value FROM fact WHERE kind = 'was at work'").fetchone()
            return float(last[0]) if last else 0.0

    # What else the run has found out

    def holder(self, place: str, things: Collection[str]) -> str | None:
        """The URN in whose state one of these things is, as far as this run has seen states."""
        with self._store.transaction() as facts:
            return _first(facts, "held", [place], things)

    def take_over(self, identity: str) -> None:
        """Records that the current URN has taken over what is there under this identity: no delete of the run takes it,
        that of the current URN included, which may create before it deletes."""
        with self._store.transaction() as facts:
            _put(facts, "taken over", "", [identity], "")

    def new_owner(self, identity: str) -> str | None:
        """The URN that has taken over in this run what has this identity."""
        with self._store.transaction() as facts:
            return _first(facts, "taken over", [""], [identity])

    def note(self, kind: str, place: str, value: str = "") -> bool:
        """Records something about a place for all processes; whether this is the first time in the run."""
        with suppress(LedgerLost), self._store.transaction() as facts:
            facts.execute("INSERT OR IGNORE INTO fact VALUES (?, ?, '', '', ?)", (kind, place, value))
            return bool(facts.execute("SELECT changes()").fetchone()[0])
        return True

    def noted(self, kind: str, place: str) -> str | None:
        """What was recorded about the place, None where nothing was."""
        with suppress(LedgerLost), self._store.transaction() as facts:
            found = facts.execute("SELECT value FROM fact WHERE kind = ? AND place = ?", (kind, place)).fetchone()
            return found[0] if found else None
        return None


def moment() -> float:
    """Seconds of a clock that all processes of a machine share."""
    return time.monotonic()


def _now() -> str:
    return str(moment())


def _urn() -> str:
    return current.get().urn


def _put(facts: Cursor, kind: str, place: str, things: Iterable[str], value: str) -> None:
    urn, names = _urn(), {*things}
    facts.executemany(
        "INSERT OR REPLACE INTO fact VALUES (?, ?, ?, ?, ?)", [(kind, place, thing, urn, value) for thing in names]
    )
    if kind == "want":  # so that a look for other forms of one place costs the same in any stack
        family, form, _ = place.split(" ", 2)
        facts.executemany(
            "INSERT OR IGNORE INTO fact VALUES ('form', ?, ?, ?, '')",
            [(f"{family} {form}", thing, urn) for thing in names],
        )


def _given(facts: Cursor, place: str, things: Collection[str], found_at: float | None) -> str | None:
    _put(facts, "want", place, things, "")
    if found_at is None:
        _forget(facts, "take", place, things)
    elif taker := _taker(facts, place, things, since=found_at):
        return taker
    else:
        _put(facts, "found", place, things, "")
    _put(facts, "given", place, things, "")
    return None


def _forget(facts: Cursor, kind: str, place: str, things: Iterable[str]) -> None:
    facts.executemany(
        "DELETE FROM fact WHERE kind = ? AND place = ? AND thing = ?", [(kind, place, thing) for thing in {*things}]
    )


def _stage(facts: Cursor, stage: Stage) -> None:
    value = f"{stage.value} {os.getpid()}" if stage is Stage.BEGUN else stage.value
    facts.execute("INSERT OR REPLACE INTO fact VALUES ('stage', '', '', ?, ?)", (_urn(), value))
    if stage is Stage.BEGUN:
        _is_at_work(facts)
    else:
        _is_not_at_work(facts)


def _is_at_work(facts: Cursor) -> None:
    facts.execute("INSERT OR REPLACE INTO fact VALUES ('at work', '', '', ?, ?)", (_urn(), str(os.getpid())))


def _is_not_at_work(facts: Cursor) -> bool:
    """Whether it was until now."""
    facts.execute("DELETE FROM fact WHERE kind = 'at work' AND place = '' AND thing = '' AND urn = ?", (_urn(),))
    if was := facts.rowcount > 0:
        facts.execute("INSERT OR REPLACE INTO fact VALUES ('was at work', '', '', '', ?)", (_now(),))
    return was


def _busy(facts: Cursor, place: str, until: str = "") -> None:
    """Records that an operation of the current URN is under way at the place, or since when it is over."""
    value = until or f"in {os.getpid()}"
    facts.execute("INSERT OR REPLACE INTO fact VALUES ('busy', ?, '', ?, ?)", (_names(place), _urn(), value))


def _names(place: str) -> str:
    """What people and groups, variables and keys of one place have in common."""
    return place.split(" ", 2)[2]


def _first(facts: Cursor, kind: str, places: Collection[str], things: Collection[str]) -> str | None:
    for place in places:
        for thing in things:
            found = facts.execute(
                "SELECT urn FROM fact WHERE kind = ? AND place = ? AND thing = ?", (kind, place, thing)
            ).fetchone()
            if found:
                return str(found[0])
    return None


def _rivals(facts: Cursor, place: str, things: Collection[str]) -> list[str]:
    if EVERYBODY in things:
        rows = facts.execute("SELECT DISTINCT urn FROM fact WHERE kind = 'want' AND place = ?", (place,)).fetchall()
    else:
        rows = []
        for thing in (*things, EVERYBODY):
            sql = "SELECT urn FROM fact WHERE kind = 'want' AND place = ? AND thing = ?"
            rows += facts.execute(sql, (place, thing)).fetchall()
    return sorted({urn for (urn,) in rows} - {_urn()})


def _taker(facts: Cursor, place: str, things: Iterable[str], since: float) -> str | None:
    """The URN whose delete of one of these things is under way, or was over after `since`."""
    for thing in things:
        rows = facts.execute(
            "SELECT urn, value FROM fact WHERE kind = 'take' AND place = ? AND thing = ?", (place, thing)
        )
        for urn, value in rows.fetchall():
            process, _, gone = value.partition(" gone ")
            if float(gone) >= since if gone else alive(process):
                return str(urn)
    return None


def _look(facts: Cursor, places: Collection[str], certain: bool, names: Collection[str], own: bool) -> Look:
    if keeper := _keeper(facts, places, names, own):
        return Look(keeper, Elsewhere.NOBODY)
    place = next(iter(places))
    if not certain and (elsewhere := _elsewhere(facts, place, names, own)) is not Elsewhere.NOBODY:
        return Look(None, elsewhere)
    _put(facts, "take", place, names, str(os.getpid()))
    return Look(None, Elsewhere.NOBODY)


def _keeper(facts: Cursor, places: Collection[str], names: Collection[str], own: bool) -> Keeper | None:
    has_it = _first(facts, "taken over", [""], names) or _first(facts, "given", places, names)
    if has_it is not None:
        return Keeper(has_it, Stage.DONE)
    for place in places:
        for name in names:
            rows = facts.execute("SELECT urn FROM fact WHERE kind = 'want' AND place = ? AND thing = ?", (place, name))
            for (urn,) in rows.fetchall():
                if own or urn != _urn():
                    return Keeper(urn, _stage_of(facts, urn))
    return None


def _stage_of(facts: Cursor, urn: str) -> Stage:
    """A create or update whose process was killed has failed."""
    found = facts.execute(f"SELECT value FROM fact WHERE {STAGE}", (urn,)).fetchone()
    name, _, process = found[0].partition(" ") if found else (Stage.CLAIMED.value, "", "")
    return Stage.FAILED if process and not alive(process) else Stage(name)


def _elsewhere(facts: Cursor, place: str, names: Collection[str], own: bool) -> Elsewhere:
    """Who wants the thing at a place that may be this one under another name: the current URN itself, where that
    counts; whoever spells its place in another form; whoever has found the thing there."""
    family, form, _ = place.split(" ", 2)
    for name in names:
        if _in_another_form(facts, family, form, name) or _is_there(facts, "found", family, name, but=place):
            return Elsewhere.OTHERS
    is_own = own and any(_is_there(facts, "want", family, name, but=place, of=_urn()) for name in names)
    return Elsewhere.ITSELF if is_own else Elsewhere.NOBODY


def _in_another_form(facts: Cursor, family: str, form: str, name: str) -> bool:
    """Whether another URN wants the thing at a place that it spells in another form. What the current one wants under a
    new spelling is made anew after this delete, and must not wait for a credential that can tell the place's names."""
    sql = "SELECT 1 FROM fact WHERE kind = 'form' AND place = ? AND thing = ? AND urn != ? LIMIT 1"
    others = ["".join(letters) for letters in product("su", repeat=len(form))]
    return any(facts.execute(sql, (f"{family} {other}", name, _urn())).fetchone() for other in others if other != form)


def _is_there(facts: Cursor, kind: str, family: str, name: str, but: str, of: str | None = None) -> bool:
    """Whether there is a fact of the kind about the thing at another place of the family, of this URN or of any."""
    sql = "SELECT 1 FROM fact WHERE kind = ? AND thing = ? AND place BETWEEN ? AND ? AND place != ?"
    values = [kind, name, f"{family} ", f"{family}!", but]  # ! is the sign after the blank
    if of is not None:
        sql, values = f"{sql} AND urn = ?", [*values, of]
    return facts.execute(f"{sql} LIMIT 1", values).fetchone() is not None
