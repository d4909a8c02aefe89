"""What the ledger remembers: facts, a row each, read and written within one transaction.

Places and things are texts here. A place reads "FAMILY FORM NAMES": what kind of things are there, which of its names
are UUIDs, and the names (`place.py`). A thing stands under every known name.

The facts of a run, by kind:

    of a URN and a thing    want          what it wants to be there
                            held          what it has in the state
                            given, found  what is there for it: made by it, or found; no delete of the run takes that
                            taken over    what it has adopted
                            take          what its delete takes, or has taken
                            want by …     a person whom it wants, known by UUID alone or by account id alone
                            take by …     the same of whom its delete takes
    of a URN                stage         how far it has come with what it wants
    of a URN and a place    busy          its operation is under way there, or a create or update ANYWHERE; of a thing:
                                          its delete
    of a place              was busy      when the last one there was over
                            form          under which spellings a thing is wanted, to look that up fast
    others                  what `note` is given, as the identity of a place
"""

import os
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import chain, product
from math import inf
from sqlite3 import Cursor
from typing import TypeAlias

from ..operation import current
from .store import alive

EVERYBODY = "*"
"""The thing that an exclusive set wants beside those that it names: nobody else may want anything there."""

UUID, ACCOUNT_ID = "uuid", "account id"
OTHER_FORM = {UUID: ACCOUNT_ID, ACCOUNT_ID: UUID}
"""Two persons of whom one is known by this form alone, and one by that, may be the same."""

Unresolved: TypeAlias = Mapping[str, str]
"""Persons of whom one form alone is known, with this form."""

NOBODY: Unresolved = {}

ANYWHERE = ""
"""Where every create and update is busy too, unless it waits for others."""

STAGE = "kind = 'stage' AND place = '' AND thing = '' AND urn = ?"
"""The whole key: with a part of it SQLite would search all stages of the run."""

MAY_BE_THERE = "(place = ? OR (place BETWEEN ? AND ? AND place NOT BETWEEN ? AND ?))"
"""Of `_may_be` a place: whether a fact is about it, or about one in another form, which may be the same place."""


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


class Elsewhere(Enum):
    """Who wants a thing at a place that may be this one under another name."""

    ITSELF = "itself"
    """The current URN alone, which moves or is spelt anew."""
    OTHERS = "others"


Look: TypeAlias = Keeper | Elsewhere | None
"""What a delete finds out about one thing. None: nobody wants it."""


def is_open(look: Look) -> bool:
    """Whether the delete waits to see what becomes of the thing, and of who wants it."""
    return isinstance(look, Elsewhere) or (isinstance(look, Keeper) and look.stage in (Stage.CLAIMED, Stage.BEGUN))


class Facts:
    """Of one transaction. The current URN is that of the operation under way."""

    def __init__(self, rows: Cursor) -> None:
        self._rows = rows

    def renew(self) -> None:
        """Forgets what the current URN wanted, and how far it had come, unless the state has it."""
        kinds = "('want', 'want by uuid', 'want by account id')"
        self._rows.execute(f"DELETE FROM fact WHERE urn = ? AND kind IN {kinds}", (_urn(),))
        self._rows.execute(f"DELETE FROM fact WHERE {STAGE} AND value != 'exists'", (_urn(),))

    def put(self, kind: str, place: str, things: Iterable[str], value: str) -> None:
        urn = _urn()
        self._rows.executemany(
            "INSERT OR REPLACE INTO fact VALUES (?, ?, ?, ?, ?)",
            [(kind, place, thing, urn, value) for thing in {*things}],
        )

    def want(self, place: str, things: Iterable[str], unresolved: Unresolved = NOBODY) -> None:
        names = {*things}
        self.put("want", place, names, "")
        self._put_unresolved("want", place, names, unresolved, "")
        family, form, _ = place.split(" ", 2)  # so that a look for other forms of one place costs the same in any stack
        self.put("form", f"{family} {form}", names, "")

    def _put_unresolved(
        self, kind: str, place: str, things: Collection[str], unresolved: Unresolved, value: str
    ) -> None:
        for form in OTHER_FORM:
            self.put(f"{kind} by {form}", place, [name for name in things if unresolved.get(name) == form], value)

    def _leave_unresolved(self, kind: str, place: str, things: Collection[str]) -> None:
        for form in OTHER_FORM:
            self._leave(f"{kind} by {form}", place, things)

    def given(self, place: str, things: Collection[str], found_at: float | None) -> str | None:
        """Records that the current URN's things are there: made by it, or found there at `found_at`. Where a delete has
        taken them since, nothing is recorded but the names, and its URN comes back."""
        self.want(place, things)
        if found_at is None:
            self.forget("take", place, things)
        elif taker := self.taker(place, things, since=found_at):
            return taker
        else:
            self.put("found", place, things, "")
        self._leave_unresolved("want", place, things)  # Bitbucket has answered who they are
        self.put("given", place, things, "")
        return None

    def forget(self, kind: str, place: str, things: Iterable[str]) -> None:
        self._rows.executemany(
            "DELETE FROM fact WHERE kind = ? AND place = ? AND thing = ?", [(kind, place, thing) for thing in {*things}]
        )

    def claim(self) -> None:
        """The current URN has been checked: its stage, unless it has come further."""
        self._rows.execute("INSERT OR IGNORE INTO fact VALUES ('stage', '', '', ?, 'claimed')", (_urn(),))

    def exists(self) -> None:
        """The current URN is in the state."""
        self._rows.execute(f"UPDATE fact SET value = 'exists' WHERE {STAGE} AND value = 'claimed'", (_urn(),))

    def stage(self, stage: Stage) -> None:
        value = f"{stage.value} {_process()}" if stage is Stage.BEGUN else stage.value
        self._rows.execute("INSERT OR REPLACE INTO fact VALUES ('stage', '', '', ?, ?)", (_urn(), value))
        if stage is not Stage.BEGUN:
            for where in self.busy_at():
                self.over(where)

    def busy(self, where: str) -> None:
        """Records that an operation of the current URN is under way there: at what `names_in` a place, or ANYWHERE."""
        self._rows.execute("INSERT OR REPLACE INTO fact VALUES ('busy', ?, '', ?, ?)", (where, _urn(), _process()))

    def over(self, where: str) -> None:
        """Records that it is over, and when."""
        sql = "DELETE FROM fact WHERE kind = 'busy' AND place = ? AND thing = '' AND urn = ?"
        self._rows.execute(sql, (where, _urn()))
        self._was_busy(where)

    def _was_busy(self, where: str) -> None:
        self._rows.execute("INSERT OR REPLACE INTO fact VALUES ('was busy', ?, '', '', ?)", (where, _now()))

    def delete_is_over(self, where: str) -> None:
        """The same of a delete, if one is under way there; an update goes on after it has taken something."""
        if where in self.busy_at() and self._stage_of(_urn()) is not Stage.BEGUN:
            self.over(where)

    def busy_at(self) -> list[str]:
        """Where an operation of the current URN is under way."""
        sql = "SELECT place FROM fact INDEXED BY fact_of_urn WHERE kind = 'busy' AND thing = '' AND urn = ?"
        return [where for (where,) in self._rows.execute(sql, (_urn(),)).fetchall()]

    def quiet_since(self, where: str) -> float | None:
        """When the latest operation of another URN was over there; None while one is under way, 0 where none was."""
        sql = "SELECT value FROM fact WHERE kind = 'busy' AND place = ? AND urn != ?"
        if any(alive(process) for (process,) in self._rows.execute(sql, (where, _urn())).fetchall()):
            return None
        return float(self.noted("was busy", where) or 0)

    def is_mixed(self, place: str) -> bool:
        """Whether persons of whom one form alone is known are wanted there in both."""
        sql = "SELECT 1 FROM fact WHERE kind = ? AND place = ? LIMIT 1"
        return all(self._rows.execute(sql, (f"want by {form}", place)).fetchone() for form in OTHER_FORM)

    def note(self, kind: str, place: str, value: str) -> bool:
        """Whether this is the first time."""
        self._rows.execute("INSERT OR IGNORE INTO fact VALUES (?, ?, '', '', ?)", (kind, place, value))
        return bool(self._rows.execute("SELECT changes()").fetchone()[0])

    def noted(self, kind: str, place: str) -> str | None:
        found = self._rows.execute("SELECT value FROM fact WHERE kind = ? AND place = ?", (kind, place)).fetchone()
        return found[0] if found else None

    def first(self, kind: str, places: Collection[str], things: Collection[str]) -> str | None:
        """The URN of the first fact of the kind about one of these things at one of these places."""
        return next((urn for urn, _ in self._about(kind, places, things)), None)

    def _about(self, kind: str, places: Collection[str], things: Iterable[str]) -> Iterator[tuple[str, str]]:
        """URN and value of each fact of the kind about these things at these places, in that order."""
        sql = "SELECT urn, value FROM fact WHERE kind = ? AND place = ? AND thing = ?"
        for place, thing in product(places, things):
            yield from self._rows.execute(sql, (kind, place, thing)).fetchall()

    def rivals(self, place: str, things: Collection[str]) -> list[str]:
        if EVERYBODY in things:
            sql = "SELECT DISTINCT urn FROM fact WHERE kind = 'want' AND place = ?"
            urns = {urn for (urn,) in self._rows.execute(sql, (place,)).fetchall()}
        else:
            urns = {urn for urn, _ in self._about("want", [place], [*things, EVERYBODY])}
        return sorted(urns - {_urn()})

    def taker(
        self, place: str, things: Iterable[str], unresolved: Unresolved = NOBODY, since: float = inf
    ) -> str | None:
        """The URN whose delete of one of these things is under way, or was over after `since`, or whose delete of
        somebody who may be one of these persons is under way."""
        takes = chain(self._about("take", [place], things), self._takes_of_somebody(place, unresolved))
        for urn, value in takes:
            process, _, gone = value.partition(" gone ")
            if float(gone) >= since if gone else alive(process):
                return urn
        return None

    def _takes_of_somebody(self, place: str, unresolved: Unresolved) -> Iterator[tuple[str, str]]:
        """URN and value of each take under way of somebody who may be one of these."""
        sql = f"SELECT urn, value FROM fact WHERE kind = ? AND {MAY_BE_THERE}"
        for form in {*unresolved.values()}:
            yield from self._rows.execute(sql, (f"take by {OTHER_FORM[form]}", *_may_be(place))).fetchall()

    def gone(self, place: str, things: Collection[str]) -> None:
        """Records that what the current URN was about to take is gone."""
        self.put("take", place, things, f"{_process()} gone {_now()}")
        self._let_go(place, things)
        self.forget("given", place, things)

    def leave(self, place: str, things: Collection[str]) -> None:
        """Records that the current URN does not take these after all."""
        self._leave("take", place, things)
        self._let_go(place, things)

    def _let_go(self, place: str, things: Collection[str]) -> None:
        self._leave_unresolved("take", place, things)
        self._leave("busy", names_in(place), things)
        self._was_busy(names_in(place))

    def _leave(self, kind: str, place: str, things: Collection[str]) -> None:
        sql = "DELETE FROM fact WHERE kind = ? AND place = ? AND thing = ? AND urn = ?"
        self._rows.executemany(sql, [(kind, place, thing, _urn()) for thing in things])

    def taken_elsewhere(self, place: str, things: Iterable[str]) -> bool:
        """Whether this run has taken one of these things at another place, which may be this one under another name."""
        return any(self._is_there("take", place.split(" ")[0], thing, but=place) for thing in things)

    def looks(
        self,
        places: Collection[str],
        certain: bool,
        groups: Iterable[Collection[str]],
        own: bool,
        unresolved: Unresolved,
        hold: bool,
    ) -> Iterator[Look]:
        """As `Ledger.take` says."""
        place = next(iter(places))
        perhaps = {form: self._perhaps(places, form) for form in {*unresolved.values()}}
        for names in groups:
            found = (
                self._keeper(places, names, own)
                or next(filter(None, (perhaps[unresolved[name]] for name in names if name in unresolved)), None)
                or (None if certain else self._elsewhere(place, names, own))
            )
            if found is None and hold:
                self.put("take", place, names, _process())
                self.put("busy", names_in(place), names, _process())
                self._put_unresolved("take", place, names, unresolved, _process())
            yield found

    def _keeper(self, places: Collection[str], names: Collection[str], own: bool) -> Keeper | None:
        has_it = self.first("taken over", [""], names) or self.first("given", places, names)
        if has_it is not None:
            return Keeper(has_it, Stage.DONE)
        for urn, _ in self._about("want", places, names):
            if own or urn != _urn():
                return Keeper(urn, self._stage_of(urn))
        return None

    def _perhaps(self, places: Collection[str], form: str) -> Keeper | None:
        """Who is at work there on somebody who may be the person of whom this form alone is known, or has failed to be:
        the answer to their PUT will tell. Whoever begins later waits for the take."""
        sql = (
            f"SELECT want.urn FROM (SELECT DISTINCT urn, place FROM fact WHERE kind = ? AND {MAY_BE_THERE} "
            "AND urn != ?) AS want JOIN fact AS stage ON stage.kind = 'stage' AND stage.place = '' "
            "AND stage.thing = '' AND stage.urn = want.urn "
            "WHERE stage.value LIKE 'begun %' OR (stage.value = 'failed' AND want.place = ?) LIMIT 1"
        )
        for place in places:
            values = (f"want by {OTHER_FORM[form]}", *_may_be(place), _urn(), place)
            for (urn,) in self._rows.execute(sql, values).fetchall():
                return Keeper(urn, self._stage_of(urn))
        return None

    def _stage_of(self, urn: str) -> Stage:
        """A create or update whose process was killed has failed."""
        found = self._rows.execute(f"SELECT value FROM fact WHERE {STAGE}", (urn,)).fetchone()
        name, _, process = found[0].partition(" ") if found else (Stage.CLAIMED.value, "", "")
        return Stage.FAILED if process and not alive(process) else Stage(name)

    def _elsewhere(self, place: str, names: Collection[str], own: bool) -> Elsewhere | None:
        """Who wants the thing at a place that may be this one under another name: the current URN itself, where that
        counts; whoever spells its place in another form; whoever has found the thing there."""
        family, form, _ = place.split(" ", 2)
        for name in names:
            if self._in_another_form(family, form, name) or self._is_there("found", family, name, but=place):
                return Elsewhere.OTHERS
        is_own = own and any(self._is_there("want", family, name, but=place, of=_urn()) for name in names)
        return Elsewhere.ITSELF if is_own else None

    def _in_another_form(self, family: str, form: str, name: str) -> bool:
        """Whether another URN wants the thing at a place that it spells in another form. What the current one wants
        under a new spelling is made anew after this delete, and must not wait for a credential that can tell the
        place's names."""
        sql = "SELECT 1 FROM fact WHERE kind = 'form' AND place = ? AND thing = ? AND urn != ? LIMIT 1"
        others = ["".join(letters) for letters in product("su", repeat=len(form))]
        return any(
            self._rows.execute(sql, (f"{family} {other}", name, _urn())).fetchone() for other in others if other != form
        )

    def _is_there(self, kind: str, family: str, name: str, but: str, of: str | None = None) -> bool:
        """Whether there is a fact of the kind about the thing at another place of the family, of this URN or of any."""
        sql = "SELECT 1 FROM fact WHERE kind = ? AND thing = ? AND place BETWEEN ? AND ? AND place != ?"
        values = [kind, name, f"{family} ", f"{family}!", but]  # ! is the sign after the blank
        if of is not None:
            sql, values = f"{sql} AND urn = ?", [*values, of]
        return self._rows.execute(f"{sql} LIMIT 1", values).fetchone() is not None


def names_in(place: str) -> str:
    """What people and groups, variables and keys of one place have in common."""
    return place.split(" ", 2)[2]


def _may_be(place: str) -> tuple[str, ...]:
    family, form, _ = place.split(" ", 2)
    return place, f"{family} ", f"{family}!", f"{family} {form} ", f"{family} {form}!"  # ! is the sign after the blank


def moment() -> float:
    """Seconds of a clock that all processes of a machine share."""
    return time.monotonic()


def _now() -> str:
    return str(moment())


def _process() -> str:
    return str(os.getpid())


def _urn() -> str:
    return current.get().urn
