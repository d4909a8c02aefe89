"""The plugin's protocol over a real channel: configuration, schema, functions, lists, and the process itself."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from typing import Any, cast

import grpc
import pytest
from bitbucket_user_emulator import Emulator
from bitbucket_user_emulator.seed import default_world
from bitbucket_user_provider import __version__
from bitbucket_user_provider.lifecycle import Lifecycle
from bitbucket_user_provider.plugin.engine import OLDEST_ENGINE
from bitbucket_user_provider.plugin.servicer import Plugin
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2 as rpc
from pulumi.runtime.proto import provider_pb2_grpc

from tests.conftest import CheckedEmulator
from tests.engine import MINIMUM
from tests.engine.builds import ROOT
from tests.unit.core import ADA as AS_ADA
from tests.unit.plugin import UNKNOWN, Engine, bag, plugged_in, secret, struct, words
from tests.unit.test_plugin import GRANT, INPUTS, SET, VARIABLE

GRACE = default_world().person("Grace")
PLUGIN = ROOT / ".venv" / "bin" / "pulumi-resource-bitbucket-user"


@pytest.fixture
def engine(bitbucket: CheckedEmulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """Not yet configured."""
    monkeypatch.setenv("BITBUCKET_BASE_URL", bitbucket.url)
    with plugged_in() as engine:
        yield engine


def check_config(engine: Engine, config: dict[str, Any]) -> rpc.CheckResponse:
    urn = "urn:pulumi:dev::test::pulumi:providers:bitbucket-user::default"
    response: rpc.CheckResponse = engine.stub.CheckConfig(rpc.CheckRequest(urn=urn, news=struct(config)))
    return response


def test_the_plugin_introduces_itself(engine: Engine) -> None:
    engine.stub.Handshake(rpc.ProviderHandshakeRequest(engine_address="127.0.0.1:1"))
    assert engine.stub.GetPluginInfo(Empty()).version == __version__
    served = json.loads(engine.stub.GetSchema(rpc.GetSchemaRequest()).schema)
    assert served == json.loads((ROOT / "provider" / "schema.json").read_text())


@pytest.mark.parametrize("code", [grpc.StatusCode.UNKNOWN, grpc.StatusCode.UNIMPLEMENTED])
def test_an_engine_that_is_too_old_is_refused_before_anything_is_done(engine: Engine, code: grpc.StatusCode) -> None:
    """It may know its version and refuse the range, or be so old that it does not know the question."""
    engine.log.refuses = code
    with pytest.raises(grpc.RpcError) as refusal:
        engine.configure()
    assert words(refusal.value) == (
        f"pulumi-bitbucket-user {__version__} needs Pulumi {OLDEST_ENGINE} or later. "
        "This one is older; a newer one: https://www.pulumi.com/docs/install"
    )


def test_an_engine_that_cannot_be_asked_for_its_version_is_taken_as_it_is(engine: Engine) -> None:
    engine.log.refuses = grpc.StatusCode.UNAVAILABLE
    engine.configure()
    assert engine.check(GRANT, INPUTS[GRANT]).failures == []


def test_the_engine_that_the_plugin_needs_is_the_oldest_that_is_tried() -> None:
    assert OLDEST_ENGINE == ".".join(map(str, MINIMUM))


def test_secrets_of_the_configuration_stay_secret_and_the_rest_as_it_was(engine: Engine) -> None:
    config = {
        "email": "ada@acme.example",
        "apiToken": "ada-api-token",
        "oauthClientSecret": UNKNOWN,
        "allowedWorkspaces": '["acme"]',
        "maxConcurrentRequests": "9",
        "version": "0.1.0",
    }
    checked = check_config(engine, config)
    assert not checked.failures
    assert bag(checked.inputs) == config | {"apiToken": secret("ada-api-token"), "oauthClientSecret": secret(UNKNOWN)}


def test_every_problem_of_the_configuration_is_told_and_no_secret_shown(engine: Engine) -> None:
    config = {"apiTokn": "ada-api-token", "apiToken": 4711, "baseUrl": "ftp://x", "timeoutSeconds": -1, "region": "eu"}
    failures = check_config(engine, config).failures
    told = {(one.property, one.reason) for one in failures}
    assert ("", "bitbucket-user:apiTokn: unknown configuration key; did you mean 'apiToken'?") in told
    assert {one.property for one in failures} == {"", "timeoutSeconds"}
    assert any(reason.startswith("bitbucket-user:apiToken: ") for _, reason in told)
    assert any("region: unknown configuration key; there are email, apiToken, " in reason for _, reason in told)
    assert "ada-api-token" not in str(failures) and "4711" not in str(failures)


@pytest.mark.parametrize("key", ["apiToken", "email", "baseUrl", "allowedWorkspaces", "adoptExisting", "accessToken"])
def test_no_change_of_the_configuration_replaces(engine: Engine, key: str) -> None:
    before: dict[str, Any] = {"email": "a@b.example", "apiToken": secret("one"), "baseUrl": "https://a.example/2.0"}
    for olds, news, kind in (
        (before, before | {key: "new"}, rpc.PropertyDiff.UPDATE if key in before else rpc.PropertyDiff.ADD),
        (before | {key: "old"}, {one: value for one, value in before.items() if one != key}, rpc.PropertyDiff.DELETE),
    ):
        request = rpc.DiffRequest(old_inputs=struct(olds), olds=struct(olds), news=struct(news))
        found = engine.stub.DiffConfig(request)
        assert found.changes == rpc.DiffResponse.DIFF_SOME and list(found.diffs) == [key]
        assert not found.replaces and not found.deleteBeforeReplace
        assert found.detailedDiff[key].kind == kind
    same = rpc.DiffRequest(old_inputs=struct(before | {"version": "1"}), news=struct(before | {"version": "2"}))
    assert engine.stub.DiffConfig(same).changes == rpc.DiffResponse.DIFF_NONE


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({}, "BITBUCKET_API_TOKEN"),
        ({"email": "ada@acme.example"}, "apiToken"),
        ({"apiToken": "ada-api-token"}, "email"),
        ({**AS_ADA, "baseUrl": "http://bitbucket.example"}, "would send the credential unencrypted"),
        ({**AS_ADA, "apiTokn": "x"}, "bitbucket-user:apiTokn: unknown configuration key; did you mean 'apiToken'?"),
        ({**AS_ADA, "maxConcurrentRequests": "many"}, "bitbucket-user:maxConcurrentRequests: must be"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_one_clear_error(
    engine: Engine, config: dict[str, Any], reason: str
) -> None:
    with pytest.raises(grpc.RpcError, match=re.escape(reason)) as refusal:
        engine.configure(config)
    assert "ada-api-token" not in words(refusal.value)


def test_a_credential_that_is_not_known_yet_is_none_that_is_missing(engine: Engine) -> None:
    engine.configure({"email": "ada@acme.example", "apiToken": UNKNOWN})
    assert not engine.check(GRANT, INPUTS[GRANT]).failures
    engine.create(GRANT, INPUTS[GRANT], preview=True)


def test_a_token_from_the_environment_serves_and_comes_back_in_no_bag(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BITBUCKET_EMAIL", "ada@acme.example")
    monkeypatch.setenv("BITBUCKET_API_TOKEN", "ada-api-token")
    assert "ada" not in str(check_config(engine, {}).inputs)
    engine.configure({})
    _, state = engine.create(GRANT, INPUTS[GRANT])
    assert "ada-api-token" not in str(state)


def test_a_refused_credential_says_where_each_half_is_from(
    engine: Engine, bitbucket: CheckedEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    bitbucket.expire("api-token")
    monkeypatch.setenv("BITBUCKET_API_TOKEN", "ada-api-token")
    engine.configure({"email": "ada@acme.example"})
    with pytest.raises(grpc.RpcError, match="e-mail from stack configuration, token from BITBUCKET_API_TOKEN"):
        engine.create(GRANT, INPUTS[GRANT])
    with plugged_in() as another:
        another.configure(AS_ADA, name="other-workspace")
        with pytest.raises(grpc.RpcError, match="the configuration of provider 'other-workspace'"):
            another.create(GRANT, INPUTS[GRANT])


def test_a_second_configuration_moves_no_token_to_another_host(engine: Engine, bitbucket: CheckedEmulator) -> None:
    with pytest.raises(grpc.RpcError, match="Half a credential"):
        engine.configure({"email": "ada@acme.example"})
    engine.configure()
    with Emulator() as elsewhere:
        with pytest.raises(grpc.RpcError, match="This plugin process is configured already") as refusal:
            engine.configure(AS_ADA | {"baseUrl": elsewhere.url})
        words(refusal.value)
        engine.create(GRANT, INPUTS[GRANT])
        assert elsewhere.requests == [] and bitbucket.requests != []


def test_a_plugin_that_engines_attach_to_is_configured_by_each(bitbucket: CheckedEmulator) -> None:
    plugin = Plugin(None)
    plugin.attached = True
    for token in ("worn-out", AS_ADA["apiToken"]):
        config = AS_ADA | {"apiToken": token, "baseUrl": bitbucket.url}
        plugin.Configure(rpc.ConfigureRequest(args=struct(config)), cast(Any, None))
    assert plugin.lifecycle.api.caller().text("display_name") == "Ada Lovelace"


def test_nothing_goes_without_a_configuration(engine: Engine) -> None:
    for call in (
        lambda: engine.check(GRANT, INPUTS[GRANT]),
        lambda: engine.create(GRANT, INPUTS[GRANT]),
        lambda: engine.invoke("getCurrentUser", {}),
        lambda: engine.list(GRANT, {"workspace": "acme", "repoSlug": "api"}),
    ):
        with pytest.raises(grpc.RpcError, match="The provider is not configured") as refusal:
            call()
        words(refusal.value)


def test_a_resource_or_function_that_there_is_none_of_is_named(engine: Engine) -> None:
    engine.configure()
    for call in (
        lambda: engine.check("Repository", {}),
        lambda: engine.create("Repository", {}),
        lambda: engine.create("Repository", {}, preview=True),
        lambda: engine.read("Repository", "id"),
        lambda: engine.delete("Repository", "id", {}),
        lambda: engine.list("Repository", {}),
    ):
        with pytest.raises(grpc.RpcError, match="There is no resource 'Repository'; there are Repository") as refusal:
            call()
        words(refusal.value)
    with pytest.raises(grpc.RpcError, match="There is no function 'getNothing'"):
        engine.invoke("getNothing", {})


def test_a_defect_asks_to_be_reported_in_one_paragraph(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("one line\n  and another")

    monkeypatch.setattr(Lifecycle, "create", fail)
    engine.configure()
    with pytest.raises(grpc.RpcError) as refusal:
        engine.create(GRANT, INPUTS[GRANT])
    assert re.fullmatch(
        f"Create: This is a defect of pulumi-bitbucket-user {__version__}, not of your program or of Bitbucket; please "
        r"report it: RuntimeError in \w+\.py, line \d+\.",
        str(refusal.value.details()),
    )


@pytest.mark.parametrize("kind", [GRANT, SET])
def test_a_refused_token_of_the_configuration_says_what_a_rotation_asks_for(engine: Engine, kind: str) -> None:
    engine.configure({"email": "ada@acme.example", "apiToken": "worn-out"})
    with pytest.raises(grpc.RpcError) as refusal:
        engine.create(kind, INPUTS[kind])
    assert "run `pulumi up` first, or add `--run-program`" in words(refusal.value)


def test_a_refused_token_of_the_environment_asks_for_no_such_thing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BITBUCKET_EMAIL", "ada@acme.example")
    monkeypatch.setenv("BITBUCKET_API_TOKEN", "worn-out")
    engine.configure({})
    with pytest.raises(grpc.RpcError) as refusal:
        engine.create(GRANT, INPUTS[GRANT])
    assert "token from BITBUCKET_API_TOKEN" in words(refusal.value)
    assert "--run-program" not in words(refusal.value)


@pytest.mark.parametrize("at_work", [False, True])
def test_a_cancel_before_the_configuration_holds_after_it(
    engine: Engine, bitbucket: CheckedEmulator, at_work: bool
) -> None:
    if at_work:
        check_config(engine, {})
    engine.cancel()
    engine.configure()
    with pytest.raises(grpc.RpcError, match="Stopped, as asked"):
        engine.create(GRANT, INPUTS[GRANT])
    assert bitbucket.requests == []


# Functions


def test_a_function_answers_once_and_for_all(engine: Engine, bitbucket: CheckedEmulator) -> None:
    engine.configure()
    for _ in range(3):
        answer = bag(getattr(engine.invoke("getUser", {"userId": GRACE.account_id}), "return"))
        assert answer["displayName"] == "Grace Hopper"
    assert bitbucket.count() == 1


@pytest.mark.parametrize(
    ("args", "failures"),
    [
        ({}, [("userId", "is required")]),
        ({"userId": "grace"}, [("userId", "'grace' is neither an account id nor a UUID; an account id or a UUID is")]),
        ({"userId": UNKNOWN}, [("userId", "is not known yet")]),
        ({"user": 1}, [("userId", "is required"), ("user", "unknown property; did you mean 'userId'?")]),
    ],
)
def test_arguments_that_cannot_be_used_are_told_one_by_one(
    engine: Engine, bitbucket: CheckedEmulator, args: dict[str, Any], failures: list[tuple[str, str]]
) -> None:
    engine.configure()
    found = engine.invoke("getUser", args).failures
    assert [(one.property, one.reason[: len(reason)]) for one, (_, reason) in zip(found, failures, strict=True)] == (
        failures
    )
    assert bitbucket.requests == []


def test_a_function_that_fails_says_why_in_one_paragraph(engine: Engine) -> None:
    engine.configure()
    with pytest.raises(grpc.RpcError, match="answered 404") as refusal:
        engine.invoke("getUser", {"userId": "{00000000-0000-4000-8000-000000000000}"})
    words(refusal.value)


# Lists


def test_a_list_holds_ids_that_import_takes(engine: Engine, bitbucket: CheckedEmulator) -> None:
    engine.configure()
    bitbucket.grant("acme", "api", "Grace", "read")
    bitbucket.grant("acme", "api", "Bob", "admin")
    bitbucket.set_variable("acme", "TOKEN", "x")
    place = {"workspace": "acme", "repoSlug": "api"}
    found = engine.list(GRANT, place)
    assert sorted(name for _, name in found) == ["Bob Kahn", "Grace Hopper"]
    for id, name in found:
        assert bag(engine.read(GRANT, id).properties)["displayName"] == name
    assert engine.list(GRANT, place, limit=1) == found[:1]
    [(id, name)] = engine.list(VARIABLE, {"workspace": "acme"})
    assert name == "TOKEN" and engine.read(VARIABLE, id).id == id


@pytest.mark.parametrize(
    ("kind", "query", "reason"),
    [
        (GRANT, {"workspace": "acme"}, "To list RepositoryUserPermission, give repoSlug."),
        (GRANT, {}, "To list RepositoryUserPermission, give workspace and repoSlug."),
        ("UserApplicationProperty", {"userId": GRACE.uuid}, "Bitbucket has no list of a UserApplicationProperty."),
    ],
)
def test_a_list_of_no_place_is_refused(engine: Engine, kind: str, query: dict[str, Any], reason: str) -> None:
    engine.configure()
    with pytest.raises(grpc.RpcError) as refusal:
        engine.list(kind, query)
    assert words(refusal.value) == reason


# The process


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_the_process_says_its_port_serves_and_leaves_at_once_when_told(end: signal.Signals) -> None:
    with subprocess.Popen([PLUGIN, "--logtostderr", "127.0.0.1:1"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            assert stub.GetPluginInfo(Empty()).version == __version__
            process.send_signal(end)
            assert process.wait(10) == 0
        assert process.stdout.read() == ""
