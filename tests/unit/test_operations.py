"""No operation of the user API without code, an emulator route and a test: each is asked here by what serves it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from bitbucket_user_emulator import Emulator
from bitbucket_user_provider.functions import FUNCTIONS
from bitbucket_user_provider.invoke import Invoker
from bitbucket_user_provider.lifecycle import Lifecycle
from pydantic.alias_generators import to_camel, to_snake

from tests.acceptance.calls import CALLS
from tests.acceptance.lives import GRACE, Life, every_life
from tests.operations import OPERATIONS, SUCCESSORS, Operation
from tests.unit import core

EVERY = OPERATIONS + SUCCESSORS
CROWD = 201  # three pages, and one reader pays for two calls
ALL_CREDENTIALS = core.ADA | core.CONSUMER
ALSO: dict[str, dict[str, Any]] = {
    "getCurrentUserRepositoryPermissions": {},
    "getWorkspaceMember": {"workspace": "acme", "userId": GRACE.uuid},
}
"""Arguments that make a function ask another operation than those of `CALLS` do."""

ASKED_ALONE = ("getRepositoryUserPermission", "getProjectUserPermission", "getUserPipelineVariable", "getUserSshKey")
"""Functions that take one thing from a list, and past a long one ask for it alone."""

Asked = dict[str, set[tuple[str, str]]]


@pytest.fixture(scope="module")
def asked() -> Asked:
    """What each resource, in a life of its own, and each function asked: method and route."""
    found: Asked = {}
    for kind, life in every_life().items():
        found[kind] = _asked(partial(_live, kind=kind, life=life))
    for name in FUNCTIONS:
        found[name] = _asked(partial(_call, name=name))
    return found


def _asked(work: Callable[[Emulator], None]) -> set[tuple[str, str]]:
    with Emulator() as bitbucket:
        work(bitbucket)
        bitbucket.world.switches.gone = {"/user/workspaces": 404} | {
            f"/user/workspaces/{{workspace}}/{rest}": 404 for rest in ("permission", "permissions/repositories")
        }
        work(bitbucket)  # once more, on a server that has the removed operations and no successors
        return {(one.method, one.route) for one in bitbucket.requests if one.status < 400}


def _live(bitbucket: Emulator, kind: str, life: Life) -> None:
    def core_of_a_new_process() -> Lifecycle:
        return core.serve(bitbucket, ALL_CREDENTIALS, core.APP)

    created = _inputs(life.created.inputs)
    id, state = core_of_a_new_process().create(kind, created)
    found = core_of_a_new_process().read(kind, id, state, created)
    assert found is not None and found.id == id
    if life.updated:
        updated = _inputs(life.created.inputs | life.updated.inputs)
        state = core_of_a_new_process().update(kind, id, state, updated)
    core_of_a_new_process().delete(kind, id, state)
    bitbucket.world.deleted_ssh_keys.clear()


def _inputs(written: dict[str, Any]) -> dict[str, Any]:
    return {to_camel(name): value for name, value in written.items()}


def _call(bitbucket: Emulator, name: str) -> None:
    bitbucket.set_property("Grace", "acme-app/look", {"theme": "dark"})
    more = _crowd(bitbucket) if name in ASKED_ALONE else {}
    functions = Invoker(core.connect(bitbucket, ALL_CREDENTIALS, core.APP))
    for arguments in (_inputs(CALLS[to_snake(name)]), *([ALSO[name]] if name in ALSO else [])):
        assert functions.call(name, arguments | more.get(name, {}))


def _crowd(bitbucket: Emulator) -> dict[str, dict[str, str]]:
    """Makes every list so long that one thing is asked for by itself; the ids of the last things in some."""
    bitbucket.populate(people=CROWD)
    for number in range(1, CROWD + 1):
        for place in ("api", "CORE"):
            bitbucket.grant("acme", place, f"Person {number:04}", "read")
        variable = bitbucket.set_variable("Grace", f"KEY_{number}", "value")
        key = bitbucket.add_ssh_key("Ada", _public_key(number))
    return {"getUserPipelineVariable": {"uuid": variable.uuid}, "getUserSshKey": {"uuid": key.uuid}}


def _public_key(number: int) -> str:
    parts = (b"ssh-ed25519", number.to_bytes(32, "big"))
    return f"ssh-ed25519 {base64.b64encode(b''.join(len(part).to_bytes(4, 'big') + part for part in parts)).decode()}"


@pytest.mark.parametrize("operation", EVERY, ids=lambda one: f"{one.method} {one.route}")
def test_what_serves_an_operation_asks_it_of_the_emulator(operation: Operation, asked: Asked) -> None:
    for name in operation.served_by.split():
        asks = (operation.method, operation.route) in asked[name]
        assert asks, f"{name} did not ask it: take the line out of tests/operations.py, or let its life or call ask it"


def test_nothing_is_asked_that_the_list_does_not_have(asked: Asked) -> None:
    listed = {(one.method, one.route) for one in EVERY} | {("POST", "/site/oauth2/access_token")}
    assert set().union(*asked.values()) <= listed


def test_no_operation_is_listed_twice_and_there_are_twenty_eight() -> None:
    assert len(OPERATIONS) == 28
    assert len({(one.method, one.route) for one in EVERY}) == len(EVERY)
