"""The same small stack in every language, through the plugin, each in the way that needs no language host.

YAML has a host that can be had everywhere and runs under the CLI. The others run inline in the Automation API of their
own SDK: Python here, TypeScript, Go and Java compiled and in processes of their own.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from bitbucket_user_emulator import Emulator

from tests.acceptance.stack import Stack
from tests.engine.compiled import COMPILE, java_classes, node_modules
from tests.engine.toolchains import JAVA, need
from tests.stacks import EXAMPLES, example, with_plugin

LANGUAGES = Path(__file__).parent / "languages"
SECRETS = {"bitbucket-user:apiToken": "ada-dev-api-token", "deployToken": "plain-deploy-token"}
Command = Callable[[str], str]
"""Runs a command of the engine and returns its output."""


def python(stack: Stack) -> Command:
    def command(name: str) -> str:
        return str(getattr(stack, name)().stdout)

    return command


def yaml(stack: Stack) -> Command:
    return lambda name: stack.command(name, "--yes", "--skip-preview", "--stack", stack.name)


def typescript(stack: Stack) -> Command:
    need("node", "npm")
    node_modules(stack.folder)
    shutil.copy(LANGUAGES / "automation.js", stack.folder)
    run(stack, *COMPILE)
    return lambda name: run(stack, "node", "automation.js", stack.folder.name, name)


def go(stack: Stack) -> Command:
    need("go")
    source, program, overlay = EXAMPLES / stack.folder.name, stack.folder / "program", stack.folder / "overlay.json"
    overlay.write_text(json.dumps({"Replace": {str(source / "main.go"): str(LANGUAGES / "automation.go")}}))
    modules = f"-modfile={LANGUAGES / 'automation.mod'}"
    run(stack, "go", "-C", str(source), "vet", ".")
    run(stack, "go", "-C", str(source), "build", modules, f"-overlay={overlay}", "-o", str(program), ".")
    return lambda name: run(stack, str(program), stack.folder.name, name)


def java(stack: Stack) -> Command:
    need("go", *JAVA)
    needed, classes = java_classes(), stack.folder / "classes"
    sources = map(str, [*stack.folder.rglob("*.java"), LANGUAGES / "Automation.java"])
    run(stack, "javac", "-Xlint:all,-try", "-Werror", "-proc:none", "-cp", needed, "-d", str(classes), *sources)
    # Each run is short: nothing in it is worth optimizing.
    java = ("java", "-XX:TieredStopAtLevel=1", "-cp", f"{needed}:{classes}", "Automation")
    return lambda name: run(stack, *java, name)


def run(stack: Stack, *command: str) -> str:
    done = subprocess.run(
        command, cwd=stack.folder, env={**os.environ, **stack.environ}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("language", [python, typescript, go, java, yaml], ids=lambda language: str(language.__name__))
def test_the_stack_comes_up_once_and_leaves_nothing(
    language: Callable[[Stack], Command], folder: Path, bitbucket: Emulator
) -> None:
    stack = with_plugin(example(folder, f"native-{language.__name__}", "dev", SECRETS))
    command = language(stack)

    shown = command("up")
    [created] = re.findall(r"\+ (\d+) created", shown)
    assert 'person  : "Grace Hopper"' in shown
    assert bitbucket.repository_permissions("acme-dev", "api") == {"Grace Hopper": "write"}
    assert bitbucket.project_permissions("acme-dev", "OPS") == {"Grace Hopper": "read"}
    assert bitbucket.workspace_variables("acme-dev") == {
        "DEPLOY_TOKEN": {"value": "plain-deploy-token", "secured": True}
    }
    exported = stack.command("stack", "export", "--stack", stack.name)
    assert not [secret for secret in SECRETS.values() if secret in exported]

    bitbucket.clear()
    for name in ("up", "refresh"):
        shown = command(name)
        assert f"{created} unchanged" in shown and "changes" not in shown
    assert {one.method for one in bitbucket.requests} == {"GET"}

    assert f"- {created} deleted" in command("destroy")
    assert not bitbucket.repository_permissions("acme-dev", "api")
    assert not bitbucket.project_permissions("acme-dev", "OPS")
    assert not bitbucket.workspace_variables("acme-dev")


def test_access_sets_grant_all_of_a_place_and_take_away_what_is_not_named(folder: Path, bitbucket: Emulator) -> None:
    token = {"bitbucket-user:apiToken": "ada-dev-api-token"}
    stack = with_plugin(example(folder, "repository-access-sets", "dev", token))
    wanted = {
        "api": {"Grace Hopper": "admin", "Bob Kahn": "write", "Alan Turing": "read"},
        "web": {"Margaret Hamilton": "write", "Alan Turing": "write"},
    }

    def granted() -> dict[str, dict[str, str]]:
        return {slug: bitbucket.repository_permissions("acme-dev", slug) for slug in wanted}

    def of_groups() -> dict[str, dict[str, str]]:
        return {place: bitbucket.group_permissions("acme-dev", place) for place in ("api", "web", "OPS")}

    unmanaged = {"api": {"administrators": "admin", "developers": "write"}}
    managed = {"web": {"frontend": "write", "developers": "read"}, "OPS": {"backend": "read"}}

    [(operation, resources)] = stack.up().counts.items()
    assert operation == "create"
    assert (granted(), of_groups()) == (wanted, unmanaged | managed)
    assert bitbucket.project_permissions("acme-dev", "OPS") == {"Grace Hopper": "create-repo"}
    assert stack.up().counts == {"same": resources}

    bitbucket.grant("acme-dev", "web", "Katherine Johnson", "admin")
    bitbucket.grant_group("acme-dev", "web", "backend", "admin")
    assert stack.refresh().found == {"web": "update"}
    assert stack.up().changes == {"web": ["update"]}
    assert (granted(), of_groups()) == (wanted, unmanaged | managed)

    assert stack.destroy().counts == {"delete": resources}
    assert (granted(), of_groups()) == ({"api": {}, "web": {}}, unmanaged | {"web": {}, "OPS": {}})
    assert bitbucket.project_permissions("acme-dev", "OPS") == {}
