"""A whole life of every resource under the real engine; what each is and does stands in `lives.py`."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic.alias_generators import to_camel

from tests.acceptance.conftest import EVERY_CREDENTIAL, Stacks
from tests.acceptance.lives import LIVES, Inputs, Life
from tests.acceptance.stack import Run, Stack
from tests.emulator import Emulator

SECRETS = ("plain-secret", "changed by hand", "ada-api-token", "acme-consumer-secret", "acme-connect-jwt")
WRITES = ("POST", "PUT", "DELETE")


class Walk:
    """One stack with one of each resource, led through its life."""

    def __init__(self, sdk: Any, stacks: Stacks, bitbucket: Emulator) -> None:
        self.sdk = sdk
        self.bitbucket = bitbucket
        self.inputs: dict[str, Inputs] = {life.kind: dict(life.created.inputs) for life in LIVES}
        self.suffix = ""
        self.looks: dict[str, str] = {}
        self.stack: Stack = stacks(self.program, EVERY_CREDENTIAL)

    def program(self) -> None:
        for kind, inputs in self.inputs.items():
            getattr(self.sdk, kind)(kind + self.suffix, **inputs)
        for kind, id in self.looks.items():
            getattr(self.sdk, kind).get(f"{kind}Seen", id)

    def change(self, step: str) -> None:
        for life in LIVES:
            self.inputs[life.kind] |= getattr(life, step).inputs

    def run(self, command: str, **how: Any) -> Run:
        self.bitbucket.clear()
        run: Run = getattr(self.stack, command)(**how)
        assert run, run.stdout
        self.sealed()
        return run

    def sealed(self) -> None:
        """The state file holds nothing that is secret in plain, and no provider object to speak of."""
        assert not [secret for secret in SECRETS if secret in self.stack.state_text]
        for name, entry in self.stack.state.items():
            for bag in (entry.get("inputs", {}), entry.get("outputs", {})):
                assert len(bag.get("__provider", "")) < 200
                if "PipelineVariable" in entry["type"] and "value" in bag:
                    assert "ciphertext" in bag["value"], name

    def expect(self, run: Run, operations: list[str]) -> None:
        """Every resource saw these operations and no other."""
        names = [life.kind + self.suffix for life in LIVES] if operations else []
        assert {name: sorted(did) for name, did in run.changes.items()} == dict.fromkeys(names, sorted(operations))

    def explained(self, run: Run, step: str) -> None:
        """The plugin names the properties that change, and whether that replaces; dynamic resources cannot."""
        if not run.details:
            assert self.sdk.__name__.endswith("dynamic")
            return
        changed = {life.kind: {to_camel(name) for name in getattr(life, step).inputs} for life in LIVES}
        told = {kind: {path.partition("[")[0] for path in run.details[kind]} for kind in changed}
        assert told == changed
        replacing = [kind for kind in told if any("replace" in change for change in run.details[kind].values())]
        assert replacing == ([*told] if step == "replaced" else [])

    def sent(self) -> dict[str, str]:
        """Resource → the methods of its writes, in order."""
        return {life.kind: " ".join(method for method in self._methods(life) if method in WRITES) for life in LIVES}

    def reads(self) -> dict[str, int]:
        return {life.kind: self._methods(life).count("GET") for life in LIVES}

    def held(self) -> dict[str, Any]:
        return {life.kind: life.holds(self.bitbucket) for life in LIVES}

    def _methods(self, life: Life) -> list[str]:
        places = tuple(place.lower() for place in life.places)
        return [one.method for one in self.bitbucket.requests if one.path.lower().startswith(places)]

    def nothing_to_do(self) -> None:
        """Another `up --refresh` writes nothing, finds nothing, and asks each place once."""
        run = self.run("up", refresh=True)
        assert (run.changes, run.found) == ({}, {})
        assert not any(self.sent().values())
        assert all(count <= 1 for count in self.reads().values()), self.reads()

    def silent(self) -> None:
        assert not self.bitbucket.requests

    def took(self, step: str) -> None:
        """Bitbucket holds what the step wants, at the cost that the step may have."""
        steps = {life.kind: getattr(life, step) for life in LIVES}
        assert self.held() == {kind: step.held for kind, step in steps.items()}
        assert self.sent() == {kind: step.writes for kind, step in steps.items()}
        assert {kind: count for kind, count in self.reads().items() if count > steps[kind].reads} == {}


def by_kind(attribute: str) -> dict[str, Any]:
    return {life.kind: getattr(life, attribute) for life in LIVES}


@pytest.fixture
def walk(sdk: Any, stacks: Stacks, bitbucket: Emulator) -> Walk:
    return Walk(sdk, stacks, bitbucket)


def test_resources_live_from_preview_to_destroy(walk: Walk) -> None:
    walk.expect(walk.run("preview"), ["create"])
    walk.silent()

    walk.expect(walk.run("up"), ["create"])
    walk.took("created")

    walk.expect(walk.run("up"), [])
    walk.silent()
    walk.nothing_to_do()

    walk.change("updated")
    preview = walk.run("preview")
    walk.expect(preview, ["update"])
    walk.explained(preview, "updated")
    walk.silent()
    walk.expect(walk.run("up"), ["update"])
    walk.took("updated")
    walk.nothing_to_do()

    for life in LIVES:
        life.drift(walk.bitbucket)
    assert walk.run("refresh").found == dict.fromkeys(by_kind("kind"), "update")
    assert not any(walk.sent().values())
    walk.expect(walk.run("up"), ["update"])
    assert walk.sent() == by_kind("mended")
    assert walk.held() == {life.kind: life.updated.held for life in LIVES}

    walk.change("replaced")
    preview = walk.run("preview")
    walk.expect(preview, ["create-replacement", "delete-replaced", "replace"])
    walk.explained(preview, "replaced")
    walk.silent()
    walk.run("up")
    walk.took("replaced")
    walk.nothing_to_do()

    for life in LIVES:
        walk.inputs[life.kind] |= life.spelled
    walk.expect(walk.run("up"), [])
    walk.silent()
    walk.nothing_to_do()

    walk.looks = {kind: walk.stack.state[kind]["id"] for kind in by_kind("kind")}
    walk.expect(walk.run("up"), [])
    assert not any(walk.sent().values())
    state = walk.stack.state
    for kind in walk.looks:
        assert state[f"{kind}Seen"]["id"] == state[kind]["id"]
    walk.looks = {}

    for life in LIVES:
        life.remove(walk.bitbucket)
    found = walk.run("refresh").found
    assert {kind: found[kind] for kind in by_kind("kind")} == {life.kind: life.removed[0] for life in LIVES}
    changes = walk.run("up").changes
    assert {kind: changes[kind] for kind in by_kind("kind")} == {life.kind: [life.removed[1]] for life in LIVES}
    assert walk.held() == {life.kind: life.replaced.held for life in LIVES}

    walk.stack.configure({"adoptExisting": True})
    walk.suffix = "Renamed"
    walk.run("up")
    assert walk.held() == {life.kind: life.replaced.held for life in LIVES}
    assert walk.sent() == by_kind("renamed")
    walk.nothing_to_do()

    walk.run("destroy")
    assert walk.held() == by_kind("nothing")
    assert walk.sent() == by_kind("deletes")


def test_what_stands_already_is_refused_or_taken_over(walk: Walk) -> None:
    for life in LIVES:
        life.standing(walk.bitbucket)
    before = walk.held()
    run = walk.stack.up(continue_on_error=True)
    assert not run
    refusing = [life for life in LIVES if life.exists]
    assert {kind: kind in run.errors for kind in by_kind("kind")} == {life.kind: bool(life.exists) for life in LIVES}
    for life in refusing:
        [told] = run.messages("error", life.kind)
        assert life.exists in told
        assert "adoptExisting" in told
        assert life.holds(walk.bitbucket) == before[life.kind]
        assert life.kind not in walk.stack.state

    walk.stack.configure({"adoptExisting": True})
    walk.run("up")
    assert walk.held() == {life.kind: life.created.held for life in LIVES}
    assert walk.reads()["RepositoryUserPermission"] == walk.reads()["ProjectUserPermission"] == 0
    walk.nothing_to_do()
