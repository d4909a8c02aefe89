"""What cannot work is refused in words that name the property or the key, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
from bitbucket_user_emulator import Emulator
from bitbucket_user_provider.dynamic import Provider
from pulumi.dynamic.dynamic import PROVIDER_KEY, serialize_provider

from tests.acceptance.bad import BAD, Bad
from tests.acceptance.conftest import ADA, EVERY_CREDENTIAL, PLUGIN, Stacks
from tests.acceptance.host import TOKENS, Host, hosted
from tests.acceptance.lives import GRACE
from tests.engine import engine


@pytest.fixture(scope="module", params=["dynamic", "native"])
def host(request: pytest.FixtureRequest, home: Path) -> Iterator[Host]:
    """One process for all the questions; there is no Bitbucket for it to ask."""
    environ = EVERY_CREDENTIAL | {"BITBUCKET_BASE_URL": "http://127.0.0.1:9/2.0"}
    command = PLUGIN if request.param == "native" else engine() / "pulumi-resource-pulumi-python"
    with hosted(request.param, environ, command) as host:
        host.configure({"allowedWorkspaces": '["acme"]'})
        yield host


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_a_bad_property_is_refused_by_name(bad: Bad, host: Host) -> None:
    failures = host.check(bad.kind, bad.name, bad.inputs)
    assert len(failures) == len(bad.messages), failures
    for name, words in bad.messages.items():
        assert any(
            words in reason and (name in property or (property == "" and reason.startswith(name)))
            for property, reason in failures
        ), failures
    assert not any("71077345" in reason or "hush-hush" in reason for _, reason in failures)


def declare(sdk: Any, kind: str, name: str, inputs: dict[str, Any]) -> None:
    """A resource with inputs that no type checker would let pass."""
    if sdk.__name__.endswith("dynamic"):
        inputs = inputs | {PROVIDER_KEY: serialize_provider(Provider(kind))}
        pulumi.CustomResource(TOKENS["dynamic"] + kind, name, inputs)
    else:
        pulumi.CustomResource(TOKENS["native"] + kind, name, inputs)


SHOWN = ("several", "value-no-text", "set-permission")


@pytest.mark.parametrize("name", SHOWN)
def test_the_engine_shows_each_refusal_and_sends_nothing(
    name: str, sdk: Any, stacks: Stacks, bitbucket: Emulator
) -> None:
    [bad] = [bad for bad in BAD if bad.name == name]
    run = stacks(lambda: declare(sdk, bad.kind, bad.name, bad.inputs), EVERY_CREDENTIAL).up()
    assert not run
    messages = run.messages("error", name)
    assert len(messages) == len(bad.messages), messages
    for property, words in bad.messages.items():
        assert any(property in message and words in message for message in messages)
    assert not any("Traceback" in message for message in messages)
    assert "71077345" not in run.stdout
    assert not bitbucket.requests


CONFIGURATIONS = {
    "unknown key": ({"emial": "ada@acme.example"}, ADA, "emial", "did you mean 'email'?"),
    "no base URL": ({"baseUrl": "bitbucket"}, ADA, "baseUrl", "is no base URL"),
    "open base URL": ({"baseUrl": "http://bitbucket.example/2.0"}, ADA, "baseUrl", "http is for loopback only"),
    "no number": ({"timeoutSeconds": "soon"}, ADA, "timeoutSeconds", "number"),
    "no credential": ({}, {}, "No credential", "bitbucket-user:apiToken"),
    "half a credential": ({"apiToken": ("hush-hush",)}, {}, "Half a credential", "BITBUCKET_EMAIL"),
    "half in the environment": ({}, {"BITBUCKET_EMAIL": "ada@acme.example"}, "Half", "BITBUCKET_API_TOKEN"),
}


@pytest.mark.parametrize("case", CONFIGURATIONS)
def test_bad_configuration_fails_by_key(case: str, sdk: Any, stacks: Stacks, bitbucket: Emulator) -> None:
    config, environ, key, words = CONFIGURATIONS[case]

    def program() -> None:
        sdk.RepositoryUserPermission("grace", workspace="acme", repo_slug="api", user_id=GRACE.uuid, permission="read")

    run = stacks(program, environ, config).up()
    assert not run
    messages = [message for severity, _, message in run.said if severity == "error" and key in message]
    assert messages, run.stdout
    assert words in messages[0]
    assert "Traceback" not in messages[0]  # Pulumi's own, of the program that it stops, is a message of its own
    assert "hush-hush" not in run.stdout
    assert not bitbucket.requests
