"""The plugin's protocol over a real channel: resources, what of them is secret, unknown, half done or refused."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from bitbucket_user_emulator.seed import default_world
from bitbucket_user_provider.models.person import bare
from bitbucket_user_provider.resources import RESOURCES
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2 as rpc

from tests.conftest import CheckedEmulator
from tests.unit.core import ADA as AS_ADA
from tests.unit.core import APP, CONSUMER
from tests.unit.plugin import UNKNOWN, Engine, bag, partial_failure, plugged_in, secret, struct, words
from tests.unit.stack import urn_of
from tests.unit.test_ssh_keys import LAPTOP

ADA, GRACE, BOB = map(default_world().person, ("Ada", "Grace", "Bob"))
GRANT, SET, VARIABLE = "RepositoryUserPermission", "RepositoryUserPermissions", "WorkspacePipelineVariable"
HUSH = "hunter2-hunter2"
THEME = {"theme": "dark", "size": 12}
INPUTS: dict[str, dict[str, Any]] = {
    GRANT: {"workspace": "acme", "repoSlug": "api", "userId": GRACE.account_id, "permission": "write"},
    "ProjectUserPermission": {
        "workspace": "acme",
        "projectKey": "CORE",
        "userId": GRACE.account_id,
        "permission": "write",
    },
    SET: {"workspace": "acme", "repoSlug": "web", "permissions": {GRACE.account_id: "write"}},
    "ProjectUserPermissions": {"workspace": "acme", "projectKey": "OPS", "permissions": {GRACE.account_id: "write"}},
    VARIABLE: {"workspace": "acme", "key": "TOKEN", "value": HUSH, "secured": True},
    "UserPipelineVariable": {"userId": GRACE.uuid, "key": "TOKEN", "value": HUSH, "secured": True},
    "UserApplicationProperty": {
        "userId": GRACE.account_id,
        "appKey": "acme-app",
        "propertyName": "theme",
        "value": THEME,
    },
    "UserSshKey": {"userId": ADA.account_id, "key": LAPTOP, "label": "laptop"},
}
CHANGED: dict[str, dict[str, Any]] = {
    kind: {"permission": "admin"} if "permission" in inputs else {"permissions": {GRACE.account_id: "admin"}}
    for kind, inputs in INPUTS.items()
    if "Permission" in kind
} | {
    VARIABLE: {"value": "another value"},
    "UserPipelineVariable": {"value": "another value"},
    "UserApplicationProperty": {"value": {"theme": "light"}},
    "UserSshKey": {"label": "old laptop"},
}
ASSIGNED = {
    GRANT: {"userUuid", "accountId", "displayName"},
    "ProjectUserPermission": {"userUuid", "accountId", "displayName"},
    SET: {"grants"},
    "ProjectUserPermissions": {"grants"},
    VARIABLE: {"uuid"},
    "UserPipelineVariable": {"uuid"},
    "UserApplicationProperty": set(),
    "UserSshKey": {"uuid", "fingerprint", "comment", "createdOn", "userUuid", "accountId"},
}
"""What Bitbucket assigns."""
SECRETS = {VARIABLE: {"value"}, "UserPipelineVariable": {"value"}}


@pytest.fixture
def engine(bitbucket: CheckedEmulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("BITBUCKET_BASE_URL", bitbucket.url)
    for name, value in APP.items():
        monkeypatch.setenv(name, value)
    with plugged_in() as engine:
        engine.configure(AS_ADA | CONSUMER)
        yield engine


def plain(found: dict[str, Any], kind: str) -> dict[str, Any]:
    """A bag that came from the plugin, after a look at its secrets."""
    hidden = {name for name, value in found.items() if isinstance(value, dict) and value == secret(value.get("value"))}
    assert hidden == SECRETS.get(kind, set())
    return {name: value["value"] if name in hidden else value for name, value in found.items()}


@pytest.mark.parametrize("kind", INPUTS)
def test_a_resource_lives_from_check_to_delete(bitbucket: CheckedEmulator, engine: Engine, kind: str) -> None:
    inputs = INPUTS[kind]
    checked = engine.check(kind, inputs)
    assert not checked.failures and plain(bag(checked.inputs), kind) == inputs

    bitbucket.clear()
    id, shown = engine.create(kind, inputs, preview=True)
    shown = plain(shown, kind)
    assert id == ""
    assert {name for name, value in shown.items() if value == UNKNOWN} == ASSIGNED[kind]
    assert {name: shown[name] for name in inputs} == inputs
    assert bitbucket.requests == []

    id, state = engine.create(kind, inputs)
    assert UNKNOWN not in str(state)
    state = plain(state, kind)
    assert {name: state[name] for name in inputs} == inputs and ASSIGNED[kind] <= {*state}
    assert engine.diff(kind, id, state, inputs).changes == rpc.DiffResponse.DIFF_NONE

    news = inputs | CHANGED[kind]
    found = engine.diff(kind, id, state, news)
    assert found.changes == rpc.DiffResponse.DIFF_SOME and found.hasDetailedDiff
    assert list(found.diffs) == [*CHANGED[kind]] and not found.replaces
    assert [one.kind for one in found.detailedDiff.values()] == [rpc.PropertyDiff.UPDATE]
    assert not any(one.inputDiff for one in found.detailedDiff.values())

    bitbucket.clear()
    shown = plain(engine.update(kind, id, state, news, preview=True), kind)
    assert {name for name, value in shown.items() if value == UNKNOWN} <= {"grants"}
    assert bitbucket.requests == []
    state = plain(engine.update(kind, id, state, news), kind)
    assert engine.diff(kind, id, state, news).changes == rpc.DiffResponse.DIFF_NONE

    refreshed = engine.read(kind, id, properties=struct(state), inputs=struct(news))
    assert (refreshed.id, plain(bag(refreshed.properties), kind)) == (id, state)
    assert plain(bag(refreshed.inputs), kind) == news

    imported = engine.read(kind, id)
    assert imported.id == id
    ours = plain(bag(imported.inputs), kind)
    assert not engine.check(kind, ours, ours).failures
    assert engine.diff(kind, id, plain(bag(imported.properties), kind), ours).changes == rpc.DiffResponse.DIFF_NONE
    got = engine.read(kind, id, properties=Struct(), inputs=Struct())
    assert (got.id, got.properties) == (id, imported.properties)

    with plugged_in() as another:  # a destroy is a run of its own, which checks nothing
        another.configure(AS_ADA | CONSUMER)
        another.delete(kind, id, state)
        gone = another.read(kind, id, properties=struct(state), inputs=struct(news))
    assert gone.id == "" or kind.endswith("Permissions"), "a set of nobody is still there"


@pytest.mark.parametrize("kind", INPUTS)
def test_what_is_not_known_yet_passes_check_and_is_no_zero_in_previews(engine: Engine, kind: str) -> None:
    unknown = dict.fromkeys(INPUTS[kind], UNKNOWN)
    checked = engine.check(kind, unknown)
    assert not checked.failures and plain(bag(checked.inputs), kind) == unknown
    assert plain(engine.create(kind, unknown, preview=True)[1], kind).items() >= unknown.items()
    id, state = engine.create(kind, INPUTS[kind])
    state = plain(state, kind)
    assert engine.diff(kind, id, state, unknown).changes == rpc.DiffResponse.DIFF_SOME
    news = INPUTS[kind] | dict.fromkeys(CHANGED[kind], UNKNOWN)
    found = engine.diff(kind, id, state, news)
    assert list(found.diffs) == [*CHANGED[kind]] and not found.replaces
    assert plain(engine.update(kind, id, state, news, preview=True), kind).items() >= news.items()


@pytest.mark.parametrize("kind", INPUTS)
def test_state_of_the_dynamic_flavour_is_taken_as_it_is(engine: Engine, kind: str) -> None:
    id, state = engine.create(kind, INPUTS[kind])
    state = plain(state, kind)
    pickled = {"__provider": "gASVZgAAAAAAAACMKmJpdGJ1Y2tldA=="}
    assert not engine.check(kind, INPUTS[kind], INPUTS[kind] | pickled).failures
    assert engine.diff(kind, id, state | pickled, INPUTS[kind]).changes == rpc.DiffResponse.DIFF_NONE
    found = engine.read(kind, id, properties=struct(state | pickled), inputs=struct(INPUTS[kind] | pickled))
    assert "__provider" not in bag(found.properties) and "__provider" not in bag(found.inputs)
    assert "__provider" not in engine.update(kind, id, state | pickled, INPUTS[kind] | CHANGED[kind])
    engine.delete(kind, id, state | pickled)


@pytest.mark.parametrize("kind", INPUTS)
def test_an_id_that_is_none_or_of_nothing_is_told_with_two_examples(engine: Engine, kind: str) -> None:
    first, second = RESOURCES[kind].EXAMPLES
    for id in ("", "acme", "a/b/c/d/e/f", f"{id_of(kind)}/more?"):
        with pytest.raises(grpc.RpcError) as refusal:
            engine.read(kind, id)
        assert words(refusal.value) == f"'{id}' is no id of a {kind}: it looks like '{first}' or '{second}'."
    for known in ({}, {"properties": Struct(), "inputs": Struct()}):
        with pytest.raises(grpc.RpcError) as refusal:
            engine.read(kind, id_of(kind), **known)
        assert words(refusal.value) == (
            f"There is no {kind} '{id_of(kind)}' in Bitbucket. An id looks like '{first}' or '{second}'."
        )


def test_whether_something_exists_is_answered_and_not_refused(engine: Engine) -> None:
    """A program's `exists` reaches the plugin as a read of a resource with a name that no program gives."""
    urn = urn_of(VARIABLE, "__exists__1")
    absent = engine.stub.Read(rpc.ReadRequest(id="acme/TOKEN", urn=urn))
    assert not absent.id and not absent.HasField("properties")
    id, _ = engine.create(VARIABLE, INPUTS[VARIABLE])
    assert engine.stub.Read(rpc.ReadRequest(id=id, urn=urn)).id == id


def id_of(kind: str) -> str:
    """A well-formed id of nothing."""
    return {
        GRANT: f"acme/api/{bare(GRACE.uuid)}",
        "ProjectUserPermission": f"acme/CORE/{bare(GRACE.uuid)}",
        SET: "acme/nowhere",
        "ProjectUserPermissions": "acme/NOWHERE",
        VARIABLE: "acme/NOTHING",
        "UserPipelineVariable": f"{GRACE.uuid}/NOTHING",
        "UserApplicationProperty": f"{GRACE.account_id}/acme-app/nothing",
        "UserSshKey": f"{ADA.account_id}/{bare(GRACE.uuid)}",
    }[kind]


def test_a_property_that_is_null_is_none_at_all(bitbucket: CheckedEmulator, engine: Engine) -> None:
    nothing = {"label": None, "expiresOn": None}
    inputs = {"userId": ADA.account_id, "key": LAPTOP}
    assert not engine.check("UserSshKey", inputs | nothing).failures
    id, state = engine.create("UserSshKey", inputs | nothing)
    assert engine.diff("UserSshKey", id, state, inputs | nothing).changes == rpc.DiffResponse.DIFF_NONE
    assert engine.diff("UserSshKey", id, state | nothing, inputs).changes == rpc.DiffResponse.DIFF_NONE
    [failure] = engine.check("UserSshKey", inputs | {"key": None}).failures
    assert (failure.property, failure.reason) == ("", "key: is required")


def test_check_tells_all_failures_at_once_and_shows_no_secret(engine: Engine) -> None:
    wrong = {"workspace": "a/b", "key": "MY KEY", "value": 4711, "secured": "yes", "vaule": HUSH}
    failures = engine.check(VARIABLE, wrong).failures
    assert sorted((one.property, one.reason.partition(":")[0]) for one in failures) == [
        ("", "value"),
        ("", "vaule"),
        ("key", "'MY KEY' is no variable key"),
        ("secured", "must be true or false"),
        ("workspace", "must hold none of / % ? # and no control character"),
    ]
    assert "4711" not in str(failures) and HUSH not in str(failures)


def test_a_replacement_is_marked_on_what_asks_for_it(engine: Engine) -> None:
    id, state = engine.create(GRANT, INPUTS[GRANT])
    found = engine.diff(GRANT, id, state, INPUTS[GRANT] | {"userId": BOB.account_id, "permission": "admin"})
    assert list(found.replaces) == ["userId"] and found.deleteBeforeReplace
    assert {name: one.kind for name, one in found.detailedDiff.items()} == {
        "userId": rpc.PropertyDiff.UPDATE_REPLACE,
        "permission": rpc.PropertyDiff.UPDATE,
    }
    id, state = engine.create("UserSshKey", INPUTS["UserSshKey"])
    found = engine.diff("UserSshKey", id, state, INPUTS["UserSshKey"] | {"expiresOn": "2099-01-01"})
    assert list(found.replaces) == ["expiresOn"] and not found.deleteBeforeReplace
    assert found.detailedDiff["expiresOn"].kind == rpc.PropertyDiff.ADD_REPLACE


def test_a_set_says_in_its_status_line_what_changes(engine: Engine) -> None:
    inputs = INPUTS[SET]
    engine.create(SET, inputs, preview=True)
    assert engine.log.status_lines == [f"acme/web: + {GRACE.account_id} write"]
    id, state = engine.create(SET, inputs)
    news = inputs | {"permissions": {BOB.account_id: "read"}}
    engine.check(SET, news, inputs)
    found = engine.diff(SET, id, state, news)
    assert engine.log.status_lines[1:] == [f"acme/web: + {BOB.account_id} read · − Grace Hopper"]
    assert {name: one.kind for name, one in found.detailedDiff.items()} == {
        f'permissions["{BOB.account_id}"]': rpc.PropertyDiff.ADD,
        f'permissions["{GRACE.account_id}"]': rpc.PropertyDiff.DELETE,
    }
    assert {one.urn for one in engine.log.requests} == {urn_of(SET, "it")}


def test_half_done_work_is_told_with_what_is_true(bitbucket: CheckedEmulator, engine: Engine) -> None:
    bitbucket.fault(BOB.account_id, method="PUT", status=402)
    inputs = INPUTS[SET] | {"permissions": {GRACE.account_id: "write", BOB.account_id: "read"}}
    with pytest.raises(grpc.RpcError) as failure:
        engine.create(SET, inputs)
    told, kept = words(failure.value), partial_failure(failure.value)
    assert told.startswith(f"acme/web: 1 of 2 changes are done (+ {GRACE.account_id} write); not done: + ")
    assert kept.id == "acme/web"
    assert any("no seat left" in reason for reason in kept.reasons)
    state = bag(kept.properties)
    assert state["permissions"] == {GRACE.account_id: "write"}
    assert [one["displayName"] for one in state["grants"]] == ["Grace Hopper"]
    bitbucket.clear()
    engine.update(SET, kept.id, state, inputs)
    assert [one.method for one in bitbucket.requests] == ["PUT"]


def test_half_done_work_of_hundreds_arrives_whole(bitbucket: CheckedEmulator, engine: Engine) -> None:
    bitbucket.populate(people=300)
    people = [bitbucket.person(f"Person {number:04}") for number in range(1, 301)]
    bitbucket.fault("permissions-config/users/712020", method="PUT", status=402, times=150)
    with pytest.raises(grpc.RpcError) as failure:
        engine.create(SET, INPUTS[SET] | {"permissions": {one.account_id: "read" for one in people}})
    kept = partial_failure(failure.value)
    assert len(bag(kept.properties)["grants"]) == 150
    assert sum("not done" in reason for reason in kept.reasons) == 150


def test_what_stands_there_already_is_told_with_the_command_that_takes_it_over(
    bitbucket: CheckedEmulator, engine: Engine
) -> None:
    bitbucket.grant("acme", "api", "Grace", "admin")
    with pytest.raises(grpc.RpcError) as refusal:
        engine.create(GRANT, INPUTS[GRANT])
    assert words(refusal.value) == (
        "Grace Hopper holds admin on acme/api already, not write; nothing was changed. To take it over: pulumi import "
        f"bitbucket-user:index:{GRANT} it 'acme/api/{bare(GRACE.uuid)}'; "
        "or set bitbucket-user:adoptExisting to true, or adoptExisting of this resource alone."
    )


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"status": 401, "body": "Login failed"}, "answered 401: Login failed"),
        ({"status": 403}, "answered 403"),
        ({"status": 404}, "answered 404.*member of the workspace"),
        ({"status": 418, "html": True}, "an HTML page"),
        ({"body": ["no", "grant"]}, "answered with a list where an object is documented"),
        (
            {"body": {"permission": None, "user": None}},
            "an answer of another form than documented: `user.uuid` is missing",
        ),
    ],
)
def test_trouble_is_one_paragraph_of_plain_words(
    bitbucket: CheckedEmulator, engine: Engine, fault: dict[str, Any], reason: str
) -> None:
    bitbucket.fault("permissions-config/users/", method="PUT", **fault)
    with pytest.raises(grpc.RpcError, match=reason) as refusal:
        engine.create(GRANT, INPUTS[GRANT])
    words(refusal.value)


def test_a_value_that_bitbucket_repeats_reaches_nobody(bitbucket: CheckedEmulator, engine: Engine) -> None:
    body = {"error": {"message": f"{HUSH} is too short", "detail": f"was {HUSH}"}}
    bitbucket.fault("pipelines-config", method="POST", status=400, body=body)
    with pytest.raises(grpc.RpcError) as refusal:
        engine.create(VARIABLE, INPUTS[VARIABLE])
    assert "answered 400: its words are not shown" in words(refusal.value)
    assert HUSH not in str(refusal.value) and HUSH not in str(engine.log.requests)


def test_an_empty_value_that_an_sdk_drops_is_still_there_for_a_create(engine: Engine) -> None:
    """A replacement deletes first, and its create is not told what was there before."""
    olds = INPUTS[VARIABLE] | {"value": "", "secured": False}
    news = {name: value for name, value in olds.items() if name != "value"}
    assert bag(engine.check(VARIABLE, news, olds).inputs)["value"] == secret("")
    assert "value" not in bag(engine.check(VARIABLE, news).inputs)


def test_a_warning_stands_beside_its_resource(engine: Engine) -> None:
    engine.check(VARIABLE, INPUTS[VARIABLE] | {"secured": False})
    [request] = engine.log.requests
    assert engine.log.warnings == [request.message] and "TOKEN is not secured" in request.message
    assert request.urn == urn_of(VARIABLE, "it")


def test_the_time_that_custom_timeouts_allow_ends_a_wait(bitbucket: CheckedEmulator, engine: Engine) -> None:
    bitbucket.fault("permissions-config", status=429, headers={"Retry-After": "30"})
    with pytest.raises(grpc.RpcError, match="The 20 seconds that customTimeouts allows") as refusal:
        engine.create(GRANT, INPUTS[GRANT], timeout=20)
    words(refusal.value)
    assert bitbucket.count() == 1


def test_cancel_ends_a_wait_at_once_and_nothing_starts_afterwards(bitbucket: CheckedEmulator, engine: Engine) -> None:
    bitbucket.fault("permissions-config", status=429, headers={"Retry-After": "30"}, times=3)
    with ThreadPoolExecutor() as threads:
        waiting = [threads.submit(engine.create, kind, INPUTS[kind]) for kind in (GRANT, SET, "ProjectUserPermission")]
        assert engine.log.arrived.wait(30)
        engine.cancel()
        for one in waiting:
            with pytest.raises(grpc.RpcError, match="Stopped, as asked") as stopped:
                one.result(30)
            words(stopped.value)
    assert any(
        re.match("rate limit reached(, [23] calls wait)?; going on in ", line) for line in engine.log.status_lines
    )
    bitbucket.clear_faults()
    bitbucket.clear()
    for kind in (VARIABLE, "UserSshKey"):
        with pytest.raises(grpc.RpcError, match="Stopped, as asked"):
            engine.create(kind, INPUTS[kind])
    assert bitbucket.requests == []


def test_cancel_ends_what_is_under_way(bitbucket: CheckedEmulator, engine: Engine) -> None:
    bitbucket.fault("variables", method="POST", delay_ms=600_000)
    with ThreadPoolExecutor() as threads:
        made = threads.submit(engine.create, VARIABLE, INPUTS[VARIABLE])
        while bitbucket.server.faults.waiting:
            os.sched_yield()
        engine.cancel()
        with pytest.raises(
            grpc.RpcError, match="Stopped, as asked, in the middle of POST /workspaces/acme/"
        ) as stopped:
            made.result(30)
    words(stopped.value)


def test_an_engine_that_hears_nothing_stops_no_work(bitbucket: CheckedEmulator, engine: Engine) -> None:
    engine.log.deaf = True
    inputs = INPUTS[VARIABLE] | {"secured": False}
    assert not engine.check(VARIABLE, inputs).failures
    engine.create(SET, INPUTS[SET], preview=True)


def test_many_calls_at_once_are_served(bitbucket: CheckedEmulator, engine: Engine) -> None:
    bitbucket.populate(people=40)
    bitbucket.latency_ms = 5
    start = threading.Barrier(40)

    def create(number: int) -> str:
        user = bitbucket.person(f"Person {number:04}").account_id
        start.wait(30)
        return engine.create(GRANT, INPUTS[GRANT] | {"userId": user})[0]

    with ThreadPoolExecutor(max_workers=40) as threads:
        assert len({*threads.map(create, range(1, 41))}) == 40
    assert bitbucket.count("PUT") == 40 and bitbucket.count("GET") == 1
    assert bitbucket.peak <= 16


@pytest.mark.parametrize("secured", [False, True])
def test_an_import_warns_of_a_value_that_its_code_would_show(
    engine: Engine, bitbucket: CheckedEmulator, secured: bool
) -> None:
    bitbucket.set_variable("acme", "REGION", "eu-west-1", secured=secured)
    found = engine.read("WorkspacePipelineVariable", "acme/REGION")
    said = [request.message for request in engine.log.requests]
    assert [message.partition(":")[0] for message in said] == ([] if secured else ["value"])
    assert "eu-west-1" not in str(said)
    engine.read("WorkspacePipelineVariable", found.id, properties=found.properties, inputs=found.inputs)
    assert [request.message for request in engine.log.requests] == said
