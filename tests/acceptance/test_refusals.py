"""Bad input in YAML and TypeScript programs is refused by name before anything is sent."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi.automation import CommandError

from tests.acceptance.bad import BAD, GRANT, Bad
from tests.acceptance.conftest import CONSUMER, EVERY_CREDENTIAL, PLUGIN
from tests.acceptance.stack import Stack
from tests.conftest import CheckedEmulator
from tests.engine.builds import ROOT
from tests.engine.compiled import COMPILE, node_modules
from tests.engine.toolchains import need

LANGUAGES = Path(__file__).parent / "languages"
TYPESCRIPT = ROOT / "examples" / "native-typescript" / "tsconfig.json"
CONFIG = {"allowedWorkspaces": '["acme"]'}
TYPED = {
    "map as user": ("userId", "to 'string'"),
    "unknown property": ("permision", "does not exist on"),
    "several": ("permission", "Missing required property 'repoSlug'"),
    "secured": ("secured", "to type 'boolean'"),
    "adoptExisting": ("adoptExisting", "to type 'boolean'"),
    "property value": ("value", "to type 'Map<any>'"),
}
"""Errors that Pulumi's YAML finds by the schema alone; it reports them together."""

BY_THE_SDK = {"several": {"repoSlug": "Missing required property 'repoSlug'"}, "unknown property": {}}
"""Errors of the TypeScript SDK itself. It drops unknown properties, which the compiler names."""

UNKNOWN_KEY = "unknown configuration key"
MISSING_ARGUMENT = "repoSlug"
WRONG_CREDENTIAL = "Bitbucket accepts only an API token (email and apiToken) here"


@pytest.fixture(scope="module")
def made(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    folder = tmp_path_factory.mktemp("refusals")
    write(folder)
    return Stack(home, folder, lambda: None, {})


@pytest.fixture
def stack(made: Stack, bitbucket: CheckedEmulator, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """One stack for all tests; each writes its own Pulumi.yaml and sets its own environment."""
    monkeypatch.setattr(made, "environ", made.environ | EVERY_CREDENTIAL | {"BITBUCKET_BASE_URL": bitbucket.url})
    return made


def write(folder: Path, config: dict[str, Any] = CONFIG, **body: Any) -> None:
    plugins = {"providers": [{"name": "bitbucket-user", "path": str(PLUGIN.parent)}]}
    project = {"name": "refusals", "runtime": "yaml", "plugins": plugins, **body}
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project, sort_keys=False))
    values = {f"bitbucket-user:{key}": value for key, value in config.items()}
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": values}))


def refusal(stack: Stack, *command: str) -> str:
    with pytest.raises(CommandError) as failed:
        stack.command(*command, "--stack", stack.name, "--non-interactive")
    shown = " ".join(str(failed.value).split())
    assert "71077345" not in shown and "hush-hush" not in shown and "Traceback" not in shown
    return shown


def resource(kind: str, inputs: dict[str, Any]) -> dict[str, Any]:
    return {"type": f"bitbucket-user:{kind}", "properties": inputs}


@pytest.mark.soak
@pytest.mark.parametrize("bad", [bad for bad in BAD if bad.name not in TYPED], ids=lambda bad: bad.name)
def test_yaml_shows_what_the_plugin_refuses(bad: Bad, stack: Stack, bitbucket: CheckedEmulator) -> None:
    write(stack.folder, resources={"it": resource(bad.kind, bad.inputs)})
    shown = refusal(stack, "preview")
    for name, words in bad.messages.items():
        assert name in shown and words in shown, shown
    assert not bitbucket.requests


def test_yaml_refuses_by_the_schema_what_has_the_wrong_type(stack: Stack, bitbucket: CheckedEmulator) -> None:
    cases = {bad.name: bad for bad in BAD if bad.name in TYPED}
    write(
        stack.folder,
        resources={name.replace(" ", "-"): resource(bad.kind, bad.inputs) for name, bad in cases.items()},
    )
    shown = refusal(stack, "preview")
    for case in cases:
        name, words = TYPED[case]
        assert name in shown and words in shown, shown
    assert not bitbucket.requests


def test_yaml_shows_an_unknown_key(stack: Stack) -> None:
    write(stack.folder, {"emial": "ada@acme.example"}, resources={"it": resource("RepositoryUserPermission", GRANT)})
    assert UNKNOWN_KEY in refusal(stack, "preview")


def test_yaml_shows_a_missing_argument(stack: Stack) -> None:
    invoke = {"function": "bitbucket-user:getRepositoryUserPermissions", "arguments": {"workspace": "acme"}}
    write(stack.folder, variables={"found": {"fn::invoke": invoke}}, outputs={"found": "${found}"})
    assert MISSING_ARGUMENT in refusal(stack, "preview")


def test_yaml_shows_that_a_credential_is_of_the_wrong_kind(stack: Stack) -> None:
    write(stack.folder, resources={"it": resource("RepositoryUserPermission", GRANT)})
    for name in EVERY_CREDENTIAL.keys() - CONSUMER.keys():
        del stack.environ[name]
    assert WRONG_CREDENTIAL in refusal(stack, "up", "--yes", "--skip-preview")


@pytest.mark.parametrize(
    "cases",
    [[bad for bad in BAD if bad.name in (*BY_THE_SDK, "permission")], pytest.param(BAD, marks=pytest.mark.soak)],
    ids=["a few", "every one"],
)
def test_typescript_shows_the_same(cases: list[Bad], home: Path, tmp_path: Path, bitbucket: CheckedEmulator) -> None:
    need("node", "npm")
    node_modules(tmp_path)
    shutil.copy(LANGUAGES / "refusals.ts", tmp_path / "index.ts")
    shutil.copy(TYPESCRIPT, tmp_path)
    compiled = subprocess.run(COMPILE, cwd=tmp_path, capture_output=True, text=True)
    assert compiled.returncode == 0, compiled.stdout
    stack = Stack(home, tmp_path, lambda: None, EVERY_CREDENTIAL | {"BITBUCKET_BASE_URL": bitbucket.url})

    grant = {"kind": "RepositoryUserPermission", "inputs": GRANT}
    bad = [{"name": one.name, "kind": one.kind, "inputs": one.inputs, "config": CONFIG} for one in cases]
    key = {"name": "key", **grant, "config": {"emial": "ada@acme.example"}}
    argument = {"name": "argument", "invoke": "getRepositoryUserPermissions", "inputs": {"workspace": "acme"}}
    messages = run(stack, [*bad, key, argument])
    for one in cases:
        for name, words in BY_THE_SDK.get(one.name, one.messages).items():
            assert any(name in message and words in message for message in messages[one.name]), messages[one.name]
    assert any(UNKNOWN_KEY in message for message in messages["key"]), messages["key"]
    assert any(MISSING_ARGUMENT in message for message in messages["argument"]), messages["argument"]
    assert not bitbucket.requests

    for variable in EVERY_CREDENTIAL.keys() - CONSUMER.keys():
        del stack.environ[variable]
    messages = run(stack, [{"name": "credential", "command": "up", **grant}])
    assert any(WRONG_CREDENTIAL in message for message in messages["credential"]), messages


def run(stack: Stack, cases: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Case → the engine's error messages."""
    done = subprocess.run(
        ["node", "bin/index.js"],
        input=json.dumps(cases),
        cwd=stack.folder,
        env=os.environ | stack.environ,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    messages: dict[str, list[str]] = json.loads(done.stdout)
    return messages
