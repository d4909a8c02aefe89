"""A whole life of every resource under the real engine; what each is and does stands in its file in `lives/`.

All share a stack, because most of the time is the engine's. `-k UserSshKey` walks that one alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

import pytest
from bitbucket_user_emulator import Emulator
from pydantic.alias_generators import to_camel

from tests.acceptance.conftest import EVERY_CREDENTIAL, Stacks
from tests.acceptance.lives import Inputs, Life, Step, every_life
from tests.acceptance.stack import Run, Stack

SECRETS = ("plain-secret", "changed by hand", "ada-api-token", "acme-consumer-secret", "acme-connect-jwt")
WRITES = ("POST", "PUT", "DELETE")
NOTHING_CHANGES: Collection[str] = ()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One walk with every life; or one for each resource that is named in full on the command line."""
    if "lives" in metafunc.fixturenames:
        every = every_life()
        words = set(re.findall(r"\w+", " ".join([metafunc.config.option.keyword, *metafunc.config.args])))
        alone = {kind: {kind: every[kind]} for kind in sorted(words & every.keys())}
        walks = alone or {"together": every}
        metafunc.parametrize("lives", walks.values(), ids=walks.keys())


class Walk:
    """One stack with one resource of each life, led through them."""

    def __init__(self, lives: Mapping[str, Life], sdk: Any, stacks: Stacks, bitbucket: Emulator) -> None:
        self.lives = lives
        self.sdk = sdk
        self.bitbucket = bitbucket
        self.inputs: dict[str, Inputs] = {kind: dict(life.created.inputs) for kind, life in lives.items()}
        self.suffix = ""
        self.looks: dict[str, str] = {}
        self.stack: Stack = stacks(self.program, EVERY_CREDENTIAL)

    def program(self) -> None:
        for kind, inputs in self.inputs.items():
            getattr(self.sdk, kind)(kind + self.suffix, **inputs)
        for kind, id in self.looks.items():
            getattr(self.sdk, kind).get(f"{kind}Seen", id)

    def run(self, command: str, **how: Any) -> Run:
        self.bitbucket.clear()
        run: Run = getattr(self.stack, command)(**how)
        assert run, run.stdout
        self.holds_no_secret_in_plain()
        return run

    def change(self, changes: Mapping[str, Inputs]) -> None:
        for kind, inputs in changes.items():
            assert self.inputs[kind] != self.inputs[kind] | inputs, f"{kind}: the step changes no input"
            self.inputs[kind] |= inputs

    def by_hand(self, changes: Mapping[str, Callable[[Emulator], object]]) -> None:
        """Somebody changes something in Bitbucket, each in another place."""
        before = self.held()
        for change in changes.values():
            change(self.bitbucket)
        after = self.held()
        assert [kind for kind in before if before[kind] != after[kind]] == [*changes], (
            "a change by hand changed nothing"
        )

    def holds_no_secret_in_plain(self) -> None:
        """Nor a provider object of any size, in the state file."""
        assert not [secret for secret in SECRETS if secret in self.stack.state_text]
        for name, entry in self.stack.state.items():
            for bag in (entry.get("inputs", {}), entry.get("outputs", {})):
                assert len(bag.get("__provider", "")) < 200
                if "PipelineVariable" in entry["type"] and "value" in bag:
                    assert "ciphertext" in bag["value"], name

    def did(self, run: Run, operations: list[str], kinds: Collection[str]) -> None:
        """These resources saw these operations, and the others none."""
        wanted = {kind + self.suffix: sorted(operations) for kind in kinds}
        assert {name: sorted(did) for name, did in run.changes.items()} == wanted

    def explains(self, preview: Run, steps: Mapping[str, Step], replacing: bool) -> None:
        """The plugin names the properties that change, and whether that replaces; dynamic resources cannot."""
        if self.sdk.__name__.endswith("dynamic"):
            assert not preview.details
            return
        changed = {kind: {to_camel(name) for name in step.inputs} for kind, step in steps.items()}
        explained = {kind: {path.partition("[")[0] for path in preview.details[kind]} for kind in changed}
        assert explained == changed
        replaced = [kind for kind in explained if any("replace" in change for change in preview.details[kind].values())]
        assert replaced == ([*explained] if replacing else [])

    def sent(self) -> dict[str, str]:
        """Resource → the methods of its writes, in order."""
        return {
            kind: " ".join(one for one in self._methods(life) if one in WRITES) for kind, life in self.lives.items()
        }

    def reads(self) -> dict[str, int]:
        return {kind: self._methods(life).count("GET") for kind, life in self.lives.items()}

    def held(self) -> dict[str, Any]:
        return {kind: life.holds(self.bitbucket) for kind, life in self.lives.items()}

    def _methods(self, life: Life) -> list[str]:
        places = tuple(place.lower() for place in life.places)
        return [one.method for one in self.bitbucket.requests if one.path.lower().startswith(places)]

    def has_nothing_to_do(self) -> None:
        """Another `up --refresh` writes nothing, finds nothing, and lists each place once."""
        run = self.run("up", refresh=True)
        assert (run.changes, run.found) == ({}, {})
        assert not any(self.sent().values())
        assert all(count <= self.lives[kind].listings for kind, count in self.reads().items()), self.reads()

    def asked_nothing(self) -> None:
        assert not self.bitbucket.requests

    def took(self, steps: Mapping[str, Step]) -> None:
        """Bitbucket holds what the steps want, at the cost that each may have."""
        held, sent, reads = self.held(), self.sent(), self.reads()
        assert {kind: held[kind] for kind in steps} == {kind: step.held for kind, step in steps.items()}
        assert {kind: sent[kind] for kind in self.lives} == dict.fromkeys(self.lives, "") | {
            kind: step.writes for kind, step in steps.items()
        }
        assert {kind: reads[kind] for kind, step in steps.items() if reads[kind] > step.reads} == {}

    def goes_through(self, steps: Mapping[str, Step], operations: list[str], replacing: bool) -> None:
        """A preview that explains and asks nothing, an `up` that does what it must, and then nothing to do."""
        if not steps:
            return
        self.change({kind: step.inputs for kind, step in steps.items()})
        preview = self.run("preview")
        self.did(preview, operations, steps)
        self.explains(preview, steps, replacing)
        self.asked_nothing()
        self.run("up")
        self.took(steps)
        self.has_nothing_to_do()


@pytest.fixture
def walk(lives: Mapping[str, Life], sdk: Any, stacks: Stacks, bitbucket: Emulator) -> Walk:
    return Walk(lives, sdk, stacks, bitbucket)


def test_resources_live_from_preview_to_destroy(walk: Walk) -> None:
    lives = walk.lives
    without = walk.held()
    created = {kind: life.created for kind, life in lives.items()}
    updated = {kind: life.updated for kind, life in lives.items() if life.updated}
    replaced = {kind: life.replaced for kind, life in lives.items()}

    walk.did(walk.run("preview"), ["create"], lives)
    walk.asked_nothing()
    walk.did(walk.run("up"), ["create"], lives)
    walk.took(created)
    assert not [kind for kind, held in walk.held().items() if held == without[kind]]
    walk.did(walk.run("up"), [], NOTHING_CHANGES)
    walk.asked_nothing()
    walk.has_nothing_to_do()

    walk.goes_through(updated, ["update"], replacing=False)

    drifts = {kind: life.drift for kind, life in lives.items() if life.drift}
    if drifts:
        held = walk.held()
        walk.by_hand({kind: drift.by_hand for kind, drift in drifts.items()})
        assert walk.run("refresh").found == dict.fromkeys(drifts, "update")
        assert not any(walk.sent().values())
        walk.did(walk.run("up"), ["update"], drifts)
        assert {kind: walk.sent()[kind] for kind in drifts} == {kind: drift.writes for kind, drift in drifts.items()}
        assert walk.held() == held

    walk.goes_through(replaced, ["create-replacement", "delete-replaced", "replace"], replacing=True)

    walk.change({kind: life.spelled for kind, life in lives.items() if life.spelled})
    walk.did(walk.run("up"), [], NOTHING_CHANGES)
    walk.asked_nothing()
    walk.has_nothing_to_do()

    walk.looks = {kind: walk.stack.state[kind]["id"] for kind in lives}
    walk.did(walk.run("up"), [], NOTHING_CHANGES)
    assert not any(walk.sent().values())
    state = walk.stack.state
    assert {kind: state[f"{kind}Seen"]["id"] for kind in lives} == {kind: state[kind]["id"] for kind in lives}
    walk.looks = {}

    walk.by_hand({kind: life.removed for kind, life in lives.items()})
    found = walk.run("refresh").found
    assert {kind: found[kind] for kind in lives} == {kind: life.refreshed for kind, life in lives.items()}
    changes = walk.run("up").changes
    assert {kind: changes[kind] for kind in lives} == {kind: [life.restored] for kind, life in lives.items()}
    assert walk.held() == {kind: step.held for kind, step in replaced.items()}

    walk.stack.configure({"adoptExisting": True})
    walk.suffix = "Renamed"
    walk.run("up")
    assert walk.held() == {kind: step.held for kind, step in replaced.items()}
    assert walk.sent() == {kind: life.renamed for kind, life in lives.items()}
    walk.has_nothing_to_do()

    walk.run("destroy")
    assert walk.held() == without
    assert walk.sent() == {kind: life.deletes for kind, life in lives.items()}


def test_what_stands_already_is_refused_or_taken_over(walk: Walk) -> None:
    lives = walk.lives
    walk.by_hand({kind: life.standing.by_hand for kind, life in lives.items()})
    before = walk.held()
    refusals = {kind: life.standing.refusal for kind, life in lives.items() if life.standing.refusal}
    run = walk.stack.up(continue_on_error=True)
    assert bool(run) is not bool(refusals)
    assert run.errors.keys() & lives.keys() == refusals.keys()
    for kind, refusal in refusals.items():
        [message] = run.messages("error", kind)
        assert refusal in message
        assert "adoptExisting" in message
        assert walk.held()[kind] == before[kind]
        assert kind not in walk.stack.state

    walk.stack.configure({"adoptExisting": True})
    walk.run("up")
    assert walk.held() == {kind: life.created.held for kind, life in lives.items()}
    assert {kind: count for kind, count in walk.reads().items() if count > lives[kind].standing.reads} == {}
    walk.has_nothing_to_do()
