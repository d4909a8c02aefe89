"""No operation of the user API without code, an emulator route and a test: each is asked here by what serves it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from bitbucket_user_provider.functions import FUNCTIONS
from bitbucket_user_provider.invoke import Invoker
from bitbucket_user_provider.lifecycle import Lifecycle
from bitbucket_user_provider.resources import RESOURCES
from pydantic.alias_generators import to_camel

from tests.acceptance.lives import ADA, GRACE, Life, every_life
from tests.emulator import Emulator
from tests.operations import OPERATIONS, SUCCESSORS, Operation
from tests.stacks import EXAMPLES
from tests.unit import core

EVERY = OPERATIONS + SUCCESSORS
CROWD = 201  # three pages, and one reader pays for two calls
ALL_CREDENTIALS = core.ADA | core.CONSUMER
IN_REPOSITORY = {"workspace": "acme", "repoSlug": "api"}
IN_PROJECT = {"workspace": "acme", "projectKey": "CORE"}
ARGUMENTS: dict[str, list[dict[str, Any]]] = {
    "getCurrentUser": [{}],
    "getUser": [{"userId": GRACE.uuid}],
    "getCurrentUserEmails": [{}],
    "getCurrentUserEmail": [{"email": "ada@acme.example"}],
    "getCurrentUserWorkspaces": [{}],
    "getCurrentUserWorkspacePermission": [{"workspace": "acme"}],
    "getCurrentUserRepositoryPermissions": [{}],
    "getWorkspaceMembers": [{"workspace": "acme"}],
    "getWorkspaceMember": [
        {"workspace": "acme", "userId": GRACE.uuid},
        {"workspace": "acme", "email": "grace@acme.example"},
    ],
    "getRepositoryUserPermissions": [IN_REPOSITORY],
    "getRepositoryUserPermission": [IN_REPOSITORY | {"userId": GRACE.uuid}],
    "getRepositoryGroupPermissions": [IN_REPOSITORY],
    "getEffectiveRepositoryPermissions": [IN_REPOSITORY],
    "getProjectUserPermissions": [IN_PROJECT],
    "getProjectUserPermission": [IN_PROJECT | {"userId": GRACE.uuid}],
    "getProjectGroupPermissions": [IN_PROJECT],
    "getWorkspacePipelineVariables": [{"workspace": "acme"}],
    "getUserPipelineVariables": [{"userId": GRACE.uuid}],
    "getUserPipelineVariable": [{"userId": GRACE.uuid}],
    "getUserApplicationProperty": [{"userId": GRACE.uuid, "appKey": "acme-app", "propertyName": "look"}],
    "getUserSshKeys": [{"userId": ADA.uuid}],
    "getUserSshKey": [{"userId": ADA.uuid}],
    "searchCode": [{"userId": ADA.uuid, "query": "hello"}],
}

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
    for arguments in ARGUMENTS[name]:
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
        assert (operation.method, operation.route) in asked[name], f"{name} did not ask it"


def test_nothing_is_asked_that_the_list_does_not_have(asked: Asked) -> None:
    listed = {(one.method, one.route) for one in EVERY} | {("POST", "/site/oauth2/access_token")}
    assert set().union(*asked.values()) <= listed


def test_every_resource_and_function_serves_an_operation() -> None:
    serving = {name for one in EVERY for name in one.served_by.split()}
    assert serving == {*RESOURCES, *FUNCTIONS}


@pytest.mark.parametrize("kind", RESOURCES)
def test_every_resource_has_an_example_and_a_life_under_the_engine(kind: str) -> None:
    programs = [path.read_text() for path in EXAMPLES.glob("*/__main__.py")]
    assert any(re.search(rf"\b{kind}\(", program) for program in programs), "no program in examples/ has one"
    assert kind in every_life(), "tests/acceptance/lives/ has no file for it"


def test_no_operation_is_listed_twice_and_there_are_twenty_eight() -> None:
    assert len(OPERATIONS) == 28
    assert len({(one.method, one.route) for one in EVERY}) == len(EVERY)
