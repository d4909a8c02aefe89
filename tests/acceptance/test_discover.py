"""From a workspace that nobody has under Pulumi to a project of its own: discover, import, preview, change."""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic.alias_generators import to_snake

from tests.acceptance.conftest import ADA, EVERY_CREDENTIAL
from tests.acceptance.lives import LAPTOP, ed25519
from tests.acceptance.stack import Stack
from tests.conftest import CheckedEmulator
from tests.engine.compiled import COMPILE, node_modules, npm_package
from tests.engine.toolchains import need

CLI = Path(sys.executable).with_name("bitbucket-user")
SECRETS = ("plain-secret", "visible-value", *ADA.values())


@pytest.fixture
def stocked(bitbucket: CheckedEmulator) -> CheckedEmulator:
    for place, person, level in (
        ("api", "Ada", "admin"),
        ("api", "Grace", "write"),
        ("web", "Grace", "read"),
        ("web", "Bob", "read"),
        ("CORE", "Grace", "create-repo"),
    ):
        bitbucket.grant("acme", place, person, level)
    bitbucket.grant_group("acme", "web", "developers", "read")
    bitbucket.set_variable("acme", "DEPLOY_TOKEN", "plain-secret", secured=True)
    bitbucket.set_variable("acme", "REGION", "visible-value")
    bitbucket.set_variable("acme/api", "API_TOKEN", "plain-secret", secured=True)
    bitbucket.set_variable("acme/api/Production", "PRODUCTION_TOKEN", "plain-secret", secured=True)
    bitbucket.add_ssh_key("Ada", f"{LAPTOP} ada@laptop", "laptop")
    for place, letter in (("api", "a"), ("CORE", "b")):
        bitbucket.add_deploy_key("acme", place, ed25519(letter), f"{place} key")
    bitbucket.clear()
    return bitbucket


@pytest.fixture
def out(home: Path, tmp_path: Path) -> Iterator[Path]:
    """In Pulumi's home, as every stack of these tests."""
    yield home / tmp_path.name
    shutil.rmtree(home / tmp_path.name, ignore_errors=True)


def command(bitbucket: CheckedEmulator, *arguments: str | Path) -> str:
    """What it prints. It must end well, and write nothing in Bitbucket."""
    environ = {**os.environ, **ADA, "BITBUCKET_BASE_URL": bitbucket.url}
    done = subprocess.run([CLI, *arguments], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {exchange.method for exchange in bitbucket.requests} <= {"GET"}
    return done.stdout


def project(home: Path, out: Path, bitbucket: CheckedEmulator) -> Stack:
    """The written folder as a stack; a program in Python runs inline, which needs no language host."""
    environ = {"BITBUCKET_BASE_URL": bitbucket.url, **EVERY_CREDENTIAL}

    def program() -> None:
        runpy.run_path(str(out / "__main__.py"))

    return Stack(home, out, program, environ)


def brought_in(stack: Stack, printed: str) -> None:
    """Runs the import line that was printed. The engine starts the project's language for it, of which only YAML is on
    every machine."""
    line = next(line.strip() for line in printed.splitlines() if "pulumi import" in line)
    written = (stack.folder / "Pulumi.yaml").read_text()
    (stack.folder / "Pulumi.yaml").write_text("name: bitbucket-access\nruntime: yaml\n")
    stack.command(*line.split()[1:], "--yes", "--skip-preview")
    (stack.folder / "Pulumi.yaml").write_text(written)


def grants(bitbucket: CheckedEmulator) -> dict[str, dict[str, str]]:
    """Place → person or group → level."""
    people = {slug: bitbucket.repository_permissions("acme", slug) for slug in ("api", "web", "infra")}
    people |= {key: bitbucket.project_permissions("acme", key) for key in ("CORE", "OPS")}
    return {name: {**held, **bitbucket.place("acme", name).groups} for name, held in people.items()}


def edit(out: Path, remove: str, at: str) -> None:
    """Takes one line of the data file away, as a person does."""
    lines = (out / "access.yaml").read_text().splitlines(keepends=True)
    start = next(number for number, line in enumerate(lines) if line == f"  {at}:\n")
    gone = next(number for number, line in enumerate(lines) if number > start and line.strip(" '").startswith(remove))
    (out / "access.yaml").write_text("".join(lines[:gone] + lines[gone + 1 :]))


@pytest.mark.parametrize(
    ("how", "gone", "at", "named"),
    [
        (("--variables", "--keys"), "Grace Hopper", "api", "− Grace Hopper"),
        pytest.param(
            ("--variables", "--keys", "--singles"), "Grace Hopper", "api", "api/Grace Hopper", marks=pytest.mark.soak
        ),
        pytest.param(("--groups",), "developers", "web", "− group developers", marks=pytest.mark.soak),
        (("--groups", "--singles"), "developers", "web", "web/groups/developers"),
    ],
    ids=["sets", "singles", "sets with groups", "singles with groups"],
)
def test_a_workspace_comes_under_pulumi_unchanged_and_a_line_taken_away_is_one_less(
    how: tuple[str, ...], gone: str, at: str, named: str, home: Path, out: Path, stocked: CheckedEmulator
) -> None:
    before = grants(stocked)
    printed = command(stocked, "discover", "acme", *how, "--out", out)
    for file in out.iterdir():
        assert not [secret for secret in SECRETS if secret in file.read_text()]

    stack = project(home, out, stocked)
    stocked.clear()
    brought_in(stack, printed)
    asked = {exchange.path.rpartition("/")[2] for exchange in stocked.requests}
    assert asked <= ({"variables", "environments"} if "--variables" in how else set())
    preview = stack.preview()
    assert preview and not preview.changes, preview.stdout
    assert "visible-value" not in json.dumps(stack.command("stack", "export"))

    stocked.clear()
    edit(out, remove=gone, at=at)
    preview = stack.preview()
    assert len(preview.changes) == 1
    assert named in preview.changes or named in preview.remarks[at]
    assert not stocked.requests
    assert stack.up()
    del before[at][gone]
    assert grants(stocked) == before
    assert stocked.variables("acme")["REGION"] == {"value": "visible-value", "secured": False}
    for owner in ("acme", "acme/api", "acme/api/Production"):
        assert "plain-secret" in {one["value"] for one in stocked.variables(owner).values()}
    run = stack.up(refresh=True)
    assert run and not run.changes and not run.found


@pytest.mark.parametrize("how", [(), pytest.param(("--singles",), marks=pytest.mark.soak)], ids=["sets", "singles"])
def test_a_program_in_yaml_is_its_own_data(
    how: tuple[str, ...], home: Path, out: Path, stocked: CheckedEmulator
) -> None:
    before = grants(stocked)
    printed = command(stocked, "discover", "acme", "--variables", "--keys", "--program", "yaml", *how, "--out", out)
    stack = project(home, out, stocked)
    brought_in(stack, printed)
    stack.command("preview", "--expect-no-changes")
    text = (out / "Pulumi.yaml").read_text()
    bob = stocked.person("Bob").account_id
    assert [line for line in text.splitlines() if bob in line and line.endswith("# Bob Kahn")]
    content = yaml.safe_load(text)
    if how:
        del content["resources"]["web/Bob Kahn"]
    else:
        del content["resources"]["web"]["properties"]["permissions"][bob]
    (out / "Pulumi.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    assert ("web/Bob Kahn" if how else "− Bob Kahn") in stack.command("up", "--yes")
    del before["web"]["Bob Kahn"]
    assert grants(stocked) == before


@pytest.mark.parametrize("how", [(), pytest.param(("--singles",), marks=pytest.mark.soak)], ids=["sets", "singles"])
def test_a_program_in_typescript_compiles(how: tuple[str, ...], out: Path, stocked: CheckedEmulator) -> None:
    need("node", "npm")
    options = ("--groups", "--variables", "--keys", *how)
    command(stocked, "discover", "acme", *options, "--program", "typescript", "--out", out)
    node_modules(out)
    (out / "node_modules" / "yaml").symlink_to(npm_package("yaml", "2.8.1"))
    done = subprocess.run([*COMPILE, "--noEmit"], cwd=out, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_program_says_who_is_not_among_the_people(home: Path, out: Path, stocked: CheckedEmulator) -> None:
    command(stocked, "discover", "acme", "--out", out)
    data = yaml.safe_load((out / "access.yaml").read_text())
    data["repositories"]["api"]["people"]["Grace Hoper"] = "read"
    (out / "access.yaml").write_text(yaml.safe_dump(data))
    with pytest.raises(SystemExit, match="'Grace Hoper' does not stand under `people`"):
        runpy.run_path(str(out / "__main__.py"))


@pytest.mark.parametrize("source", ["terraform.tfstate", "export.json"])
def test_the_state_of_an_older_tool_comes_over_and_the_preview_is_clean(
    source: str, home: Path, out: Path, stocked: CheckedEmulator, tmp_path: Path
) -> None:
    before = grants(stocked)
    (variable,) = [one for one in stocked.world.workspaces["acme"].variables.values() if one.secured]
    grace, bob = stocked.person("Grace"), stocked.person("Bob")
    old: list[tuple[str, dict[str, object]]] = [
        ("RepositoryUserPermission", {"repoSlug": "api", "userId": grace.uuid, "permission": "write"}),
        ("RepositoryUserPermission", {"repoSlug": "web", "userId": bob.account_id, "permission": "read"}),
        ("ProjectUserPermission", {"projectKey": "CORE", "userId": grace.account_id, "permission": "create-repo"}),
        ("RepositoryGroupPermission", {"repoSlug": "web", "groupSlug": "developers", "permission": "read"}),
        ("WorkspaceVariable", {"key": "DEPLOY_TOKEN", "secured": True, "value": "plain-secret", "uuid": variable.uuid}),
    ]
    write = terraform if source == "terraform.tfstate" else bridged
    (tmp_path / source).write_text(json.dumps(write(old)))
    printed = command(stocked, "discover", "--from", tmp_path / source, "--out", out)
    assert not stocked.requests
    assert "plain-secret" not in "".join(file.read_text() for file in out.iterdir())
    stack = project(home, out, stocked)
    brought_in(stack, printed)
    preview = stack.preview()
    assert preview and not preview.changes, preview.stdout
    run = stack.up(refresh=True)
    assert run and not run.changes and not run.found
    assert grants(stocked) == before
    assert stocked.count("PUT") == stocked.count("POST") == stocked.count("DELETE") == 0

    edit(out, remove=bob.account_id, at="web")
    assert [*stack.preview().changes.values()] == [["delete"]]
    assert stack.up()
    del before["web"]["Bob Kahn"]
    assert grants(stocked) == before


def terraform(old: list[tuple[str, dict[str, object]]]) -> dict[str, object]:
    resources = [
        {
            "mode": "managed",
            "type": f"bitbucket_{to_snake(kind)}",
            "name": f"number_{number}",
            "provider": 'provider["registry.terraform.io/drfaust92/bitbucket"]',
            "instances": [
                {"attributes": {to_snake(key): value for key, value in {"workspace": "acme", **bag}.items()}}
            ],
        }
        for number, (kind, bag) in enumerate(old)
    ]
    return {"version": 4, "terraform_version": "1.9.0", "resources": resources}


def bridged(old: list[tuple[str, dict[str, object]]]) -> dict[str, object]:
    resources = []
    for number, (kind, bag) in enumerate(old):
        token = f"bitbucket:index/{kind[0].lower()}{kind[1:]}:{kind}"
        urn = f"urn:pulumi:dev::old::{token}::number-{number}"
        resources.append({"urn": urn, "type": token, "custom": True, "outputs": {"workspace": "acme", **bag}})
    return {"version": 3, "deployment": {"resources": resources}}
