"""What brings one place's direct grants to a map, in which order, told in one line."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from ..errors import BitbucketError, defect, joined
from ..models.fields import level
from ..run.people import People
from .held import ADMIN, Held

MOST_NAMED = 20
"""How many who gain access the one line names; whoever loses any is always named."""


class Step(NamedTuple):
    """`before` or `after` of None: no grant. `key` is the map's own spelling, None when the map does not name them."""

    id: str
    """What the run calls the subject: people and groups stand side by side in a plan."""
    name: str
    key: str | None
    before: str | None
    after: str | None

    def __str__(self) -> str:
        if self.after is None:
            return f"− {self.name}"
        if self.before is None:
            return f"+ {self.name} {self.after}"
        if self.before == self.after:
            return f"= {self.name} {self.after}"
        return f"~ {self.name} {self.before} → {self.after}"


@dataclass
class Plan:
    """Steps by when they are taken: what gives, then what takes, then what concerns the caller."""

    gives: list[Step] = field(default_factory=list)
    takes: list[Step] = field(default_factory=list)
    rights: list[Step] = field(default_factory=list)
    """What takes an administrator's right from a group: the caller may be in it, which no answer tells."""
    caller: list[Step] = field(default_factory=list)
    settled: list[Step] = field(default_factory=list)
    """Nothing has to change: grants that the map names for the first time and that are as wanted, and the caller's own
    that it names no more."""

    @property
    def stages(self) -> tuple[list[Step], ...]:
        return self.gives, self.takes, self.rights, self.caller

    @property
    def steps(self) -> list[Step]:
        return [step for stage in self.stages for step in stage]

    @property
    def removals(self) -> list[Step]:
        return [step for step in self.steps if step.after is None]

    def losses(self, levels: type[Enum]) -> list[Step]:
        """The steps that end access or lower it."""
        return [step for step in self.steps if level(levels, step.after) < level(levels, step.before)]

    def line(self) -> str:
        gives = _shown(self.gives)
        if len(gives) > MOST_NAMED:
            gives[MOST_NAMED:] = [f"+ {len(gives) - MOST_NAMED} more"]
        takes = _shown([*self.takes, *self.rights])
        return " · ".join([*gives, *takes, *_shown(self.caller), *_shown(self.settled)])


def _shown(steps: list[Step]) -> list[str]:
    """In an order of their own: that of a map is lost on its way through the engine."""
    return [str(step) for step in sorted(steps, key=lambda step: (bool(step.before), not step.after, step.name))]


def plan(
    held: Sequence[Held],
    wanted: Mapping[str, str],
    levels: type[Enum],
    people: People,
    removes: Callable[[Held], bool],
    caller: str | None,
) -> Plan:
    """The steps from what is held to what is wanted; `removes` says which grants go when the map does not name them."""
    made = Plan()
    named: set[str] = set()
    by_form = {form: grant for grant in held for form in grant.forms(people)}
    for key, after in wanted.items():
        grant = next((by_form[form] for form in people.forms(key) if form in by_form), None)
        if grant is None:
            made.gives.append(Step(key, people.name(key) or key, key, None, after))
            continue
        named.add(grant.id)
        step = Step(grant.id, grant.name, key, grant.permission, after)
        if grant.permission == after:
            made.settled += [] if grant.managed else [step]
        elif grant.id != caller and level(levels, after) > level(levels, grant.permission):
            made.gives.append(step)
        else:
            _taken(made, grant, caller).append(step)
    for grant in held:
        if grant.id in named:
            continue
        if removes(grant):
            step = Step(grant.id, grant.name, None, grant.permission, None)
            _taken(made, grant, caller).append(step)
        elif grant.managed:
            made.settled.append(Step(grant.id, grant.name, None, grant.permission, grant.permission))
    return made


def _taken(made: Plan, grant: Held, caller: str | None) -> list[Step]:
    """The stage in which the grant is lowered or removed."""
    if grant.id == caller:
        return made.caller
    return made.rights if grant.is_group and grant.permission == ADMIN else made.takes


class Outcome(NamedTuple):
    done: list[Step]
    failed: list[tuple[Step, Exception]]
    untried: list[Step]
    refusals: list[BitbucketError]
    """What forbids to go on, though no step failed."""

    @property
    def is_whole(self) -> bool:
        return not (self.failed or self.refusals)

    def report(self, place: str) -> str:
        """Who is done and who is not, with one reason a person."""
        parts = [part.rstrip(".") for part in self.reasons(place)]
        return joined(parts) + ". The next run does what is missing."

    def reasons(self, place: str) -> list[str]:
        """The same, one by one."""
        total = len(self.done) + len(self.failed) + len(self.untried)
        parts = [f"{place}: {len(self.done)} of {total} changes are done" + self._list(self.done)]
        parts += [f"not done: {step}: {_words(error)}" for step, error in self.failed]
        parts += map(str, self.refusals)
        if self.untried:
            parts.append("not tried, so that nobody loses access meanwhile" + self._list(self.untried))
        return parts

    def _list(self, steps: list[Step]) -> str:
        return f" ({joined([*map(str, steps)], ' · ')})" if steps else ""


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, BitbucketError) else defect(error)


def carry_out(
    made: Plan,
    take: Callable[[Step], None],
    before: Callable[[Sequence[Step]], None],
    after: Callable[[], None],
    workers: int,
) -> Outcome:
    """Takes the stages in turn, the steps of one at once, between `before` and `after` it. A failed step keeps no other
    of its stage back, but the later stages; so does what `after` raises.

    Whatever a step raises, a defect included, what the others have done is not forgotten.
    """
    outcome = Outcome([], [], [], [])
    for stage in made.stages:
        if not outcome.is_whole:
            outcome.untried.extend(stage)
        elif stage:
            try:
                before(stage)
                _all_at_once(stage, take, outcome, workers)
                after()
            except BitbucketError as refusal:
                outcome.refusals.append(refusal)
    return outcome


def _all_at_once(steps: Iterable[Step], take: Callable[[Step], None], outcome: Outcome, workers: int) -> None:
    lock = threading.Lock()

    def one(step: Step) -> None:
        try:
            take(step)
        except Exception as error:  # noqa: BLE001 - one odd answer must not lose what is true of the others
            with lock:
                outcome.failed.append((step, error))
        else:
            with lock:
                outcome.done.append(step)

    jobs = [(copy_context(), step) for step in steps]
    with ThreadPoolExecutor(max_workers=min(workers, len(jobs))) as pool:
        list(pool.map(lambda job: job[0].run(one, job[1]), jobs))
