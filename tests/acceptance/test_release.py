"""The files that `make dist` makes, installed as users install them, under the real engine."""

import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
import yaml
from bitbucket_user_emulator import Emulator

from tests.acceptance.conftest import ADA
from tests.engine import engine, release
from tests.engine.builds import ROOT

PROGRAM = """\
name: released
runtime: yaml
resources:
  token:
    type: bitbucket-user:WorkspacePipelineVariable
    properties: {workspace: acme, key: RELEASED, value: plain, secured: true}
"""


@pytest.fixture(scope="module")
def tarball() -> Path:
    return release.plugin_tarball()


class Machine:
    """A user's machine: a home folder and the engine on PATH, but neither this project nor its Python environment."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environ = {
            "HOME": str(home),
            "PATH": os.pathsep.join([str(engine()), "/usr/bin", "/bin"]),
            "PULUMI_BACKEND_URL": f"file://{home}",
            "PULUMI_CONFIG_PASSPHRASE": "passphrase",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
        }

    def pulumi(self, *arguments: str) -> str:
        done = subprocess.run(["pulumi", *arguments], env=self.environ, cwd=self.home, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def machine(tmp_path: Path, tarball: Path) -> Machine:
    """A machine on which the release's plugin is installed."""
    machine = Machine(tmp_path)
    machine.pulumi("plugin", "install", "resource", "bitbucket-user", release.VERSION, "--file", str(tarball))
    return machine


def test_the_tarball_is_named_as_the_engine_expects_and_needs_no_language_host(tarball: Path) -> None:
    assert tarball.name.startswith(f"pulumi-resource-bitbucket-user-v{release.VERSION}-")
    with tarfile.open(tarball) as archive:
        names = archive.getnames()
    assert {"pulumi-resource-bitbucket-user", "LICENSE"} <= set(names)
    assert "PulumiPlugin.yaml" not in names


def test_the_tarball_leaves_out_what_only_the_command_line_and_the_emulator_need(tarball: Path) -> None:
    with tarfile.open(tarball) as archive:
        libraries = {name.split("/")[1] for name in archive.getnames() if name.startswith("_internal/")}
    assert "pydantic_core" in libraries
    assert not libraries & {"aiohttp", "click", "jinja2", "jsonschema_rs", "rich"}


def test_the_engine_gets_the_committed_schema_from_the_installed_plugin(machine: Machine) -> None:
    schema = json.loads(machine.pulumi("package", "get-schema", f"bitbucket-user@{release.VERSION}"))
    committed = json.loads((ROOT / "provider/schema.json").read_text())
    assert schema["version"] == release.VERSION
    assert schema["resources"].keys() == committed["resources"].keys()
    assert schema["functions"].keys() == committed["functions"].keys()


def test_the_engine_finds_nothing_wrong_with_the_schema(machine: Machine) -> None:
    assert machine.pulumi("schema", "check", str(ROOT / "provider/schema.json")) == ""


def test_a_project_adds_the_package_by_its_name(machine: Machine) -> None:
    (machine.home / "Pulumi.yaml").write_text(PROGRAM)
    machine.pulumi("package", "add", f"bitbucket-user@{release.VERSION}")
    added = yaml.safe_load((machine.home / "Pulumi.yaml").read_text())["packages"]
    assert added == {"bitbucket-user": f"bitbucket-user@{release.VERSION}"}


def test_the_installed_plugin_brings_up_a_stack(machine: Machine, bitbucket: Emulator) -> None:
    machine.environ |= ADA | {"BITBUCKET_BASE_URL": bitbucket.url}
    (machine.home / "Pulumi.yaml").write_text(PROGRAM)
    machine.pulumi("stack", "init", "dev")
    machine.pulumi("up", "--yes", "--skip-preview")
    assert bitbucket.workspace_variables("acme")["RELEASED"] == {"value": "plain", "secured": True}
    machine.pulumi("destroy", "--yes", "--skip-preview")
    assert "RELEASED" not in bitbucket.workspace_variables("acme")
