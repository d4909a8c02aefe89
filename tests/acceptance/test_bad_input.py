"""What cannot work is refused in words that name the property or the key, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pytest
from bitbucket_user_provider.dynamic import Provider
from pulumi.dynamic.dynamic import PROVIDER_KEY, serialize_provider

from tests.acceptance.conftest import ADA, EVERY_CREDENTIAL, PLUGIN, Stacks
from tests.acceptance.host import TOKENS, Host, hosted
from tests.acceptance.lives import ADA as CALLER
from tests.acceptance.lives import GRACE, LAPTOP
from tests.emulator import Emulator
from tests.engine import engine

GRANT = {"workspace": "acme", "repoSlug": "api", "userId": GRACE.uuid, "permission": "read"}
PROJECT_GRANT = {"workspace": "acme", "projectKey": "CORE", "userId": GRACE.uuid, "permission": "read"}
VARIABLE = {"workspace": "acme", "key": "TOKEN", "value": "hush-hush", "secured": True}
PROPERTY = {"userId": GRACE.uuid, "appKey": "acme-app", "propertyName": "look", "value": {"theme": "dark"}}
SSH_KEY = {"userId": CALLER.uuid, "key": LAPTOP}
SET = {"workspace": "acme", "repoSlug": "web", "permissions": {}}


@dataclass
class Bad:
    name: str
    kind: str
    inputs: dict[str, Any]
    told: dict[str, str]
    """Property → what is said of it, in the order of the failures."""


BAD = [
    Bad(
        "permission",
        "RepositoryUserPermission",
        GRANT | {"permission": "boss"},
        {"permission": "'boss' is not allowed; it is one of read, write, admin"},
    ),
    Bad(
        "username",
        "RepositoryUserPermission",
        GRANT | {"userId": "grace"},
        {"userId": "'grace' is neither an account id nor a UUID"},
    ),
    Bad(
        "email",
        "RepositoryUserPermission",
        GRANT | {"userId": "grace@acme.example"},
        {"userId": "an e-mail address; an account id or a UUID is needed; getWorkspaceMembers finds it"},
    ),
    Bad(
        "map as user",
        "RepositoryUserPermission",
        GRANT | {"userId": {"d301aafa": None}},
        {"userId": "this is a map; quote it: '{…}'"},
    ),
    Bad("no workspace", "RepositoryUserPermission", GRANT | {"workspace": ""}, {"workspace": "must not be empty"}),
    Bad(
        "foreign workspace",
        "RepositoryUserPermission",
        GRANT | {"workspace": "other"},
        {"workspace": "'other' is not one of allowedWorkspaces: acme"},
    ),
    Bad("slash", "RepositoryUserPermission", GRANT | {"repoSlug": "acme/api"}, {"repoSlug": "none of / % ? #"}),
    Bad("long name", "RepositoryUserPermission", GRANT | {"repoSlug": "a" * 63}, {"repoSlug": "than 62 characters"}),
    Bad(
        "unknown property",
        "RepositoryUserPermission",
        GRANT | {"permision": "read"},
        {"permision": "unknown property; did you mean 'permission'?"},
    ),
    Bad(
        "several",
        "RepositoryUserPermission",
        {"workspace": "acme", "userId": "grace", "permission": "boss"},
        {"repoSlug": "is required", "userId": "'grace'", "permission": "'boss'"},
    ),
    Bad("lower-case key", "ProjectUserPermission", PROJECT_GRANT | {"projectKey": "core"}, {"projectKey": "'CORE'"}),
    Bad(
        "project permission",
        "ProjectUserPermission",
        PROJECT_GRANT | {"permission": "owner"},
        {"permission": "it is one of read, write, create-repo, admin"},
    ),
    Bad(
        "key with a space",
        "WorkspacePipelineVariable",
        VARIABLE | {"key": "MY TOKEN"},
        {"key": "'MY TOKEN' is no variable key: letters, digits and _ only"},
    ),
    Bad("key with a digit", "WorkspacePipelineVariable", VARIABLE | {"key": "1TOKEN"}, {"key": "no digit first"}),
    Bad(
        "value-no-text",
        "WorkspacePipelineVariable",
        VARIABLE | {"value": 71077345},
        {"value": "must be a string"},
    ),
    Bad("secured", "WorkspacePipelineVariable", VARIABLE | {"secured": "yes"}, {"secured": "must be true or false"}),
    Bad(
        "variable of a username",
        "UserPipelineVariable",
        {"userId": "grace", "key": "A", "value": "hush-hush"},
        {"userId": "getWorkspaceMembers"},
    ),
    Bad(
        "property value",
        "UserApplicationProperty",
        PROPERTY | {"value": "dark"},
        {"value": "must be a JSON object, as in"},
    ),
    Bad(
        "value's key", "UserApplicationProperty", PROPERTY | {"value": {"a b": 1}}, {"value": "the key 'a b' may hold"}
    ),
    Bad("property name", "UserApplicationProperty", PROPERTY | {"propertyName": "a/b"}, {"propertyName": "none of /"}),
    Bad("no SSH key", "UserSshKey", SSH_KEY | {"key": "hello"}, {"key": "ssh-ed25519"}),
    Bad("cut SSH key", "UserSshKey", SSH_KEY | {"key": LAPTOP[:-9]}, {"key": "is not the base64 of a whole key"}),
    Bad("past", "UserSshKey", SSH_KEY | {"expiresOn": "2020-01-01"}, {"expiresOn": "'2020-01-01' is past"}),
    Bad("no date", "UserSshKey", SSH_KEY | {"expiresOn": "soon"}, {"expiresOn": "'soon' is no date; write it like"}),
    Bad(
        "set-permission",
        "RepositoryUserPermissions",
        SET | {"permissions": {GRACE.uuid: "boss", "grace": "read"}},
        {
            f'permissions["{GRACE.uuid}"]': "'boss' is not allowed",
            'permissions["grace"]': "'grace' is neither an account id nor a UUID",
        },
    ),
    Bad(
        "same person twice",
        "RepositoryUserPermissions",
        SET | {"permissions": {GRACE.uuid: "read", GRACE.uuid.strip("{}").upper(): "write"}},
        {"permissions[": "the same person as permissions["},
    ),
]


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
    assert len(failures) == len(bad.told), failures
    for name, words in bad.told.items():
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
    told = run.messages("error", name)
    assert len(told) == len(bad.told), told
    for property, words in bad.told.items():
        assert any(property in message and words in message for message in told)
    assert not any("Traceback" in message for message in told)
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
    told = [message for message in run.errors.values() if key in message]
    assert told, run.stdout
    assert words in told[0]
    assert "Traceback" not in told[0]
    assert "hush-hush" not in run.stdout
    assert not bitbucket.requests
