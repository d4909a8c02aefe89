"""Every kind of resource × verb × fault: one effect in Bitbucket or one clear error, and a next run that finishes.

A cell is played by the small engine of the unit tests over HTTP: the stack is brought to where the verb begins, the
verb meets the fault, and then, the fault being over, the program is brought up and destroyed.
"""

from __future__ import annotations

import pickle
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import requests
from bitbucket_user_emulator import Emulator
from bitbucket_user_provider.errors import BitbucketError, Exists
from bitbucket_user_provider.resources import RESOURCES
from bitbucket_user_provider.rest.exchange import Attempt
from bitbucket_user_provider.rest.reply import Reply
from pydantic.alias_generators import to_camel

from tests.acceptance.lives import Life, every_life
from tests.matrix.faults import TIMEOUT, TROUBLES, WHEN, Trouble
from tests.unit.core import ADA, APP, CONSUMER
from tests.unit.stack import Program, Stack

LIVES = every_life()
VERBS = ("create", "read", "update", "delete", "import")
NAME = "it"
CALL = re.compile(r"\b(GET|PUT|POST|DELETE) (/[\w{]|http://127)")
INTERNAL = re.compile(r"Traceback|defect of pulumi|object at 0x|\b(Key|Type|Value|Attribute|Index|Assertion)Error\b")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+")

holding: Counter[tuple[str, str]] = Counter()
broken: Counter[tuple[str, str]] = Counter()
"""By fault and kind: how many cells hold, over the whole session, and how many do not."""

CREDIBLE_LIES = {"UserApplicationProperty"}
"""Kinds that only their own app sees: what a 404 says to it cannot be told from the truth."""


def exists(verb: str, kind: str, is_of_lists: bool) -> bool:
    """Whether there are such cells."""
    return bool((verb != "update" or LIVES[kind].updated) and (not is_of_lists or LIVES[kind].neighbour))


class Scene:
    """Where a verb begins: what Bitbucket holds, and what the state says."""

    def __init__(self, bitbucket: Emulator, kind: str, verb: str, is_of_lists: bool) -> None:
        self.bitbucket = bitbucket
        self.kind = kind
        self.verb = verb
        self.life: Life = LIVES[kind]
        self.stack = Stack(bitbucket, ADA | CONSUMER, APP, maxRateLimitWaitSeconds=20)
        inputs = dict(self.life.created.inputs)
        if is_of_lists and "exclusive" in RESOURCES[kind].ARGS.model_fields:
            inputs["exclusive"] = False
        changes = self.life.updated.inputs if self.life.updated and verb == "update" else {}
        self.goal: Program = {NAME: _resource(kind, inputs | changes)} if verb != "delete" else {}
        self._neighbour = self.life.neighbour if is_of_lists else None
        self._fill(0, 1)
        if verb != "create":
            self.stack.up({NAME: _resource(kind, inputs)})
            self.id = self.stack.state[kind, NAME].id
        self._fill(2)
        if verb == "import":
            self.stack.state.clear()
        self._world = pickle.dumps(bitbucket.server.world)
        self._state = deepcopy(self.stack.state)
        self._ends: dict[bool, tuple[Any, Any]] = {}
        self._next_runs: dict[str, str] = {}

    def _fill(self, *numbers: int) -> None:
        if self._neighbour:
            for number in numbers:
                self._neighbour.by_hand(self.bitbucket, number)

    def shift(self) -> None:
        """Somebody removes the first entry of the list."""
        assert self._neighbour
        held = self._neighbour.kept_in(self.bitbucket)
        del held[next(iter(held))]

    def begin(self) -> None:
        """Everything as it was before the verb."""
        self.bitbucket.server.world = pickle.loads(self._world)
        self.bitbucket.clear_faults()
        self.bitbucket.server.between_pages.clear()
        self.bitbucket.clear()
        self.stack.state = deepcopy(self._state)

    def held(self) -> dict[str, Any]:
        """What Bitbucket holds, of all kinds."""
        return {kind: life.holds(self.bitbucket) for kind, life in LIVES.items()}

    def ends(self, shifted: bool) -> tuple[Any, Any]:
        """What is there when the program is up, and when it is destroyed, if nothing goes wrong."""
        if shifted not in self._ends:
            self.begin()
            if shifted:
                self.shift()
            if self.verb == "import":
                self.stack.bring_in(self.kind, NAME, self.id)
            self.stack.up(self.goal)
            up = self.held()
            self.stack.destroy()
            self._ends[shifted] = up, self.held()
        return self._ends[shifted]

    def play(self) -> bool:
        """Does what the verb does; whether the thing was found to be gone."""
        if self.verb == "read":
            self.stack.refresh()
            return not self.stack.state
        if self.verb == "import":
            self.stack.start()
            with self.stack.on(self.kind, NAME):
                return self.stack.provider.read(self.kind, self.id) is None
        if self.verb == "delete":
            self.stack.destroy()
        else:
            self.stack.up(self.goal)
        return False

    def next_run(self, up: Any, down: Any) -> str:
        """What is wrong with the run after the fault, and with the destroy after that. Cells that end alike have the
        same one, which is played once."""
        ending = self._ending()
        if ending not in self._next_runs:
            self._next_runs[ending] = self._next_run(up, down)
        return self._next_runs[ending]

    def _next_run(self, up: Any, down: Any) -> str:
        try:
            self._go_on()
            if (now := self.held()) != up:
                return f"the next run says done and leaves {now}, not {up}"
            self.stack.destroy()
        except Exception as error:  # noqa: BLE001 - whatever it is, the cell is broken
            return f"the next run fails: {type(error).__name__}: {error}"
        return "" if (now := self.held()) == down else f"a destroy leaves {now}, not {down}"

    def _ending(self) -> str:
        """World and state, with numbers instead of UUIDs and without moments: both differ from one cell to the next."""
        world, numbers = self.bitbucket.world, dict[str, str]()
        text = repr((world.workspaces, world.people, world.deleted_ssh_keys, self.stack.state))
        return UUID.sub(lambda found: numbers.setdefault(found[0], f"<{len(numbers)}>"), MOMENT.sub("", text))

    def _go_on(self) -> None:
        """The next run. A secured variable that is there already cannot be compared: it is imported, as the error
        says."""
        if self.verb == "import":
            self.stack.bring_in(self.kind, NAME, self.id)
        try:
            self.stack.up(self.goal)
        except Exists as standing:
            if not self.goal or not self.goal[NAME][1].get("secured") or standing.import_id is None:
                raise
            self.stack.bring_in(self.kind, NAME, standing.import_id)
            self.stack.up(self.goal)


def _resource(kind: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return kind, {to_camel(name): value for name, value in inputs.items()}


def cell(scene: Scene, trouble: Trouble, when: str) -> str | None:
    """What is wrong with one cell: "" where it holds, None where the fault met no call."""
    up, down = scene.ends(trouble.shifts)
    scene.begin()
    before = scene.held()
    _let_go_wrong(scene, trouble, when)
    error: Exception | None = None
    gone = False
    try:
        gone = scene.play()
    except Exception as caught:  # noqa: BLE001 - it is what is looked at
        error = caught
    if trouble.answer and not any(one.fault for one in scene.bitbucket.requests):
        return None
    if scene.stack.provider.api.ledger.last_at_work() is None:
        return "a create or update counts as under way for ever"
    after = scene.held()
    for name, value in vars(pickle.loads(scene._world).switches).items():
        setattr(scene.bitbucket.switches, name, value)
    scene.bitbucket.clear_faults()
    scene.bitbucket.server.between_pages.clear()
    wanted = before if scene.verb in ("read", "import") else up
    if trouble.lies and scene.kind in CREDIBLE_LIES and error is None:
        return ""
    problem = _of_outcome(scene, trouble, error, gone, before, after, wanted)
    return problem or scene.next_run(up, down)


def _let_go_wrong(scene: Scene, trouble: Trouble, when: str) -> None:
    skipped, times = WHEN[when]
    if skipped:
        scene.bitbucket.fault("", times=skipped)
    if trouble.answer:
        scene.bitbucket.fault("", times=times, page=trouble.page, **trouble.answer)
    for name, value in trouble.switches.items():
        setattr(scene.bitbucket.switches, name, value)
    if trouble.shifts:
        scene.bitbucket.between_pages("", scene.shift)


def _of_outcome(
    scene: Scene, trouble: Trouble, error: Exception | None, gone: bool, before: Any, after: Any, wanted: Any
) -> str:
    if error is None:
        if gone and not trouble.lies:
            return "it counts as gone, and is there"
        return "" if trouble.shifts or after == wanted else f"done, it says, but there is {after}"
    if not isinstance(error, BitbucketError):
        return f"no error of ours: {type(error).__name__}: {error}"
    text = str(error)
    if not CALL.search(text):
        return f"an error without verb and path: {type(error).__name__}: {text}"
    if INTERNAL.search(text) or len(text) > 2_000:
        return f"an error that nobody should see: {text}"
    is_set = "grants" in RESOURCES[scene.kind].STATE.model_fields
    if not trouble.shifts and not is_set and after not in (before, wanted):
        return f"after the error there is {after}"
    return ""


def play_all(bitbucket: Emulator, kind: str, verb: str, troubles: dict[str, Trouble]) -> list[str]:
    """Plays the cells of a kind and verb, counts them, and says what is wrong with those that do not hold."""
    scene = Scene(bitbucket, kind, verb, any(trouble.is_of_lists for trouble in troubles.values()))
    problems = []
    for name, trouble in troubles.items():
        for when in WHEN if trouble.answer else ("from now on",):
            problem = cell(scene, trouble, when)
            if problem is not None:
                (broken if problem else holding)[name, kind] += 1
            if problem:
                problems.append(f"{name}, {when}: {problem}")
    scene.begin()
    return problems


@contextmanager
def no_answers() -> Iterator[None]:
    """Meanwhile an answer with the header `TIMEOUT` never comes: the request times out at once, for nobody waits."""
    send = Attempt.send

    def times_out(self: Attempt, *args: Any, **how: Any) -> Reply:
        reply = send(self, *args, **how)
        if TIMEOUT in reply.headers:
            raise requests.ReadTimeout
        return reply

    Attempt.send = times_out  # type: ignore[method-assign]
    try:
        yield
    finally:
        Attempt.send = send  # type: ignore[method-assign]


def table() -> list[str]:
    """Faults × kinds: how many cells hold, and of how many where not all do."""
    kinds = [kind for kind in LIVES if any(kind == of for _, of in (*holding, *broken))]
    short = {kind: "".join(letter for letter in kind if letter.isupper()) for kind in kinds}
    lines = [f"{'':28}" + "".join(f"{short[kind] + _plural(kind):>9}" for kind in kinds)]
    for name in TROUBLES:
        counts = ((holding[name, kind], broken[name, kind]) for kind in kinds)
        lines.append(
            f"{name:28}" + "".join(f"{f'{good}/{good + bad}' if bad else good or '-':>9}" for good, bad in counts)
        )
    return [*lines, *(f"{short[kind] + _plural(kind)}: {kind}" for kind in kinds), summary()]


def _plural(kind: str) -> str:
    return "s" if kind.endswith("s") else ""


def summary() -> str:
    total = holding.total() + broken.total()
    return f"fault matrix: {holding.total()} of {total} cells (kind × verb × fault × when) hold"
