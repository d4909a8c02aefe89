"""`doctor` and what all commands have in common: help, missing libraries, pipes, terminals, stacks."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bitbucket_user_provider.cli import doctor
from bitbucket_user_provider.cli.commands import NAMES

from tests.conftest import CheckedEmulator
from tests.unit.cli import ADA, run

ROOT = Path(__file__).parents[2]
CLI = Path(sys.executable).with_name("bitbucket-user")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a Pulumi project, and a PATH with nothing but `bin` in it."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def install(machine: Path, name: str, says: str = "") -> None:
    (machine / "bin" / name).write_text(f"#!/bin/sh\necho '{says}'\n", encoding="utf-8", errors="surrogateescape")
    (machine / "bin" / name).chmod(0o755)


def findings(**environ: str) -> dict[str, Any]:
    ended = run(None, "doctor", "--json", environ=environ)
    found = {one["what"]: one for one in json.loads(ended.out)}
    assert ended.code == (0 if all(one["is_well"] for one in found.values()) else 1)
    return found


def missing(**environ: str) -> set[str]:
    return {what for what, one in findings(**environ).items() if not one["is_well"]}


def test_on_an_empty_machine_each_finding_has_a_line_to_type(machine: Path) -> None:
    found = findings()
    assert {what for what, one in found.items() if not one["is_well"]} == {"Pulumi", "Project", "Plugin", "Credential"}
    assert all(one["type"] for one in found.values() if not one["is_well"])
    ended = run(None, "doctor", environ={})
    assert ended.code == 1 and ended.out.count("→") == 4


def test_on_a_machine_with_everything_it_ends_with_0(machine: Path) -> None:
    for name in ("pulumi-language-yaml", doctor.PLUGIN):
        install(machine, name)
    install(machine, "pulumi", "v3.274.1")
    (machine / "Pulumi.yaml").write_text("name: access\nruntime: yaml\n")
    assert missing(**ADA) == set()
    assert run(None, "doctor").code == 0


def test_a_credential_in_the_configuration_of_a_stack_is_found(machine: Path) -> None:
    (machine / "Pulumi.yaml").write_text("name: access\nruntime: yaml\n")
    (machine / "Pulumi.dev.yaml").write_text("config:\n  bitbucket-user:apiToken:\n    secure: v1:abc\n")
    (machine / "Pulumi.prod.yaml").write_text("config:\n  aws:region: eu-central-1\n  # bitbucket-user: none\n")
    told = findings()["Credential"]
    assert told["is_well"] and told["found"].startswith("in the configuration of dev; bitbucket-user check WORKSPACE ")
    (machine / "Pulumi.dev.yaml").unlink()
    assert not findings()["Credential"]["is_well"]


def test_a_package_that_is_missing_where_the_command_runs_is_called_so(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (machine / "Pulumi.yaml").write_text("name: access\nruntime: python\n")
    assert findings()["Package"]["found"] == f"pulumi_bitbucket_user is in {sys.prefix}"
    monkeypatch.setattr(doctor, "find_spec", lambda name: None)
    told = findings()["Package"]
    assert (told["is_well"], told["found"]) == (False, f"pulumi_bitbucket_user is not in {sys.prefix}")
    assert told["type"] == "pip install pulumi-bitbucket-user"


@pytest.mark.parametrize(
    ("project", "wrong"),
    [
        ("name: access\nruntime: {name: python, options: {virtualenv: venv}}\n", {"Package"}),
        ("name: access\nruntime: nodejs\n", {"Language", "Package"}),
        ("name: access\nruntime: go\n", {"Language", "Package"}),
        (
            "name: access\nruntime: yaml\nplugins: {providers: [{name: bitbucket-user, path: venv}]}\n",
            {"Language", "Plugin"},
        ),
        ("name: access\n", {"Project"}),
        ("- {", {"Project"}),
        ("name: 2026-02-30\nruntime: yaml\n", {"Project"}),
    ],
)
def test_each_mistake_of_a_project_is_told(project: str, wrong: set[str], machine: Path) -> None:
    for name in ("pulumi-language-python", doctor.PLUGIN):
        install(machine, name)
    install(machine, "pulumi", "v3.274.1")
    (machine / "Pulumi.yaml").write_text(project)
    assert missing(**ADA) == wrong


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_project_is_read_as_powershell_writes_it(encoding: str, machine: Path) -> None:
    (machine / "Pulumi.yaml").write_text("name: access\nruntime: yaml\n", encoding=encoding)
    assert "Project" not in missing()


def test_a_go_mod_with_a_letter_of_another_encoding_is_read(machine: Path) -> None:
    (machine / "Pulumi.yaml").write_text("name: access\nruntime: go\n")
    (machine / "go.mod").write_bytes(b"module caf\xe9\n\nrequire example.com/pulumi-bitbucket-user v0.2.0\n")
    assert "Package" not in missing()


def test_what_to_type_for_a_program_in_go_names_the_module_of_its_sdk(machine: Path) -> None:
    (machine / "Pulumi.yaml").write_text("name: access\nruntime: go\n")
    [module] = re.findall(r"^module (\S+)$", (ROOT / "sdk/go/go.mod").read_text(), re.MULTILINE)
    assert findings()["Package"]["type"] == f"cd {machine} && go get {module}/bitbucketuser"


@pytest.mark.parametrize("says", ["v3.100.0", "no version", "\udcff"])
def test_an_engine_that_is_too_old_is_told(says: str, machine: Path) -> None:
    install(machine, "pulumi", says)
    assert "3.254.0 or later" in findings()["Pulumi"]["type"]


def test_the_plugins_in_pulumis_own_folder_are_all_named(machine: Path) -> None:
    """The program's SDK says which version the engine takes, so none of them is the one."""
    assert "Plugin" in missing()
    for version in ("v0.9.0", "v0.10.0"):
        (machine / f"home/plugins/resource-bitbucket-user-{version}").mkdir(parents=True)
    assert "Plugin" not in missing()
    assert all(version in findings()["Plugin"]["found"] for version in ("v0.9.0", "v0.10.0"))


@pytest.mark.parametrize(
    ("program", "needs"),
    [
        ("import pulumi_bitbucket_user.dynamic as bitbucket\n", False),
        ("from pulumi_bitbucket_user import dynamic\n", False),
        ("import pulumi_bitbucket_user as bitbucket\n", True),
        ("from pulumi_bitbucket_user.dynamic import UserSshKey\nfrom pulumi_bitbucket_user import get_user\n", True),
        ("from pulumi_bitbucket_user import dynamic, UserSshKey\n", True),
        ("import pulumi, pulumi_bitbucket_user.dynamic as bitbucket\n", False),
        ("import pulumi\n", True),
        ("this is no Python\n", True),
    ],
)
def test_a_program_of_dynamic_resources_needs_no_plugin(program: str, needs: bool, machine: Path) -> None:
    (machine / "Pulumi.yaml").write_text("name: access\nruntime: python\n")
    (machine / "__main__.py").write_text(program)
    assert ("Plugin" in missing()) == needs


# What all commands have in common


def test_help_of_each_command_has_an_example_and_exit_codes() -> None:
    assert "Exit codes" in run(None, "--help").out
    for name in NAMES:
        told = run(None, name, "--help").out
        assert f"bitbucket-user {name}" in told.partition("Example")[2], name
        assert "Exit code 1" in told or name == "emulator", name


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys; from bitbucket_user_provider.cli.commands import commands\n"
        "commands(['--help'], standalone_mode=False)\n"
        "print(*{one.partition('.')[0] for one in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert loaded & {"pydantic", "rich", "jinja2", "requests", "urllib3", "yaml", "pulumi", "grpc"} == set()
    assert "Commands:" in done.stdout


def test_without_its_libraries_it_says_the_line_to_type() -> None:
    program = (
        "import sys, importlib.util as util; from bitbucket_user_provider.cli import start\n"
        "start.find_spec = lambda name: None\nstart.main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "bitbucket-user needs a few libraries more: pip install 'pulumi-bitbucket-user[cli]'\n"


def environ(bitbucket: CheckedEmulator, tmp_path: Path, **more: str) -> dict[str, str]:
    return {**os.environ, **ADA, "BITBUCKET_BASE_URL": bitbucket.url, "XDG_CACHE_HOME": str(tmp_path), **more}


def test_a_reader_that_goes_away_is_no_error_to_shout_about(bitbucket: CheckedEmulator, tmp_path: Path) -> None:
    command = f"{CLI} report acme --json - | head -1"
    done = subprocess.run(
        ["sh", "-c", command], env=environ(bitbucket, tmp_path), capture_output=True, text=True, check=False
    )
    assert done.stdout == "{\n" and "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("report", "acme", "--json", "-"), ("who", "acme", "bob@acme.example", "--json")])
def test_a_pipe_that_does_not_know_a_letter_loses_none_of_json(
    command: tuple[str, ...], bitbucket: CheckedEmulator, tmp_path: Path
) -> None:
    bitbucket.grant("acme", "api", "Bob", "write")
    bitbucket.person("Bob").display_name = "Łukasz Żak"
    env = environ(bitbucket, tmp_path, PYTHONIOENCODING="cp1252")
    done = subprocess.run([CLI, *command], env=env, capture_output=True, check=False)
    told = json.loads(done.stdout.decode("cp1252"))
    assert "Łukasz Żak" in (
        [one["name"] for one in told["subjects"]] if command[0] == "report" else told["person"]["displayName"]
    )


@pytest.mark.parametrize("columns", ["40", "200"])
def test_on_a_terminal_it_shows_progress_and_fits(columns: str, bitbucket: CheckedEmulator, tmp_path: Path) -> None:
    bitbucket.populate(repositories=20)
    outer, inner = pty.openpty()
    started = environ(bitbucket, tmp_path, COLUMNS=columns, TERM="xterm", NO_COLOR="1")
    arguments = [str(CLI), "who", "acme", "ada@acme.example"]
    with subprocess.Popen(arguments, env=started, stdout=inner, stderr=inner) as process:
        os.close(inner)
        seen = b""
        while chunk := _read(outer):
            seen += chunk
    os.close(outer)
    assert process.returncode == 1
    lines = seen.decode().replace("\r", "").splitlines()
    assert any("repo-0020" in line for line in lines)
    assert "\x1b[3" not in seen.decode(), "NO_COLOR was asked for"


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # closed at the other end
        return b""


def test_an_unexpected_error_is_called_a_defect(monkeypatch: pytest.MonkeyPatch, bitbucket: CheckedEmulator) -> None:
    monkeypatch.setattr("bitbucket_user_provider.cli.ability.abilities", lambda *_: 1 / 0)
    ended = run(bitbucket, "check", "acme")
    assert ended.code == 2 and "defect of pulumi-bitbucket-user" in ended.err and "ZeroDivisionError" in ended.err


def test_configuration_comes_from_a_stack(bitbucket: CheckedEmulator, machine: Path) -> None:
    config = {
        "bitbucket-user:email": {"value": "ada@acme.example"},
        "bitbucket-user:apiToken": {"value": "ada-api-token", "secret": True},
        "other:key": {"value": "of no importance"},
    }
    install(machine, "pulumi", json.dumps(config))
    ended = run(bitbucket, "check", "acme", "--stack", "dev", environ={})
    assert ended.code == 0, ended.err
    (machine / "bin/pulumi").write_text(
        "#!/bin/sh\necho Looking for it; echo 'error: no stack named dev found' >&2; exit 255\n"
    )
    ended = run(bitbucket, "check", "acme", "--stack", "dev", environ={})
    assert ended.code == 2 and "no stack named dev" in ended.err
    (machine / "bin/pulumi").unlink()
    ended = run(bitbucket, "check", "acme", "--stack", "dev", environ={})
    assert ended.code == 2 and "no `pulumi` on PATH" in ended.err


def test_configuration_of_a_stack_may_hold_any_letter_in_any_locale(bitbucket: CheckedEmulator, machine: Path) -> None:
    config = {
        "bitbucket-user:accessToken": {"value": "acme-access-token", "secret": True},
        "other:owner": {"value": "Łukasz Żak"},
    }
    install(machine, "pulumi", json.dumps(config, ensure_ascii=False))
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PATH": os.environ["PATH"]}
    env = {**ascii_only, "BITBUCKET_BASE_URL": bitbucket.url, "XDG_CACHE_HOME": str(machine)}
    done = subprocess.run([CLI, "check", "acme", "--stack", "dev"], env=env, capture_output=True, check=False)
    assert b"getWorkspaceMembers" in done.stdout, done.stderr
