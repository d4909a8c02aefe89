"""What users test their own stacks with: the emulator's package, its YAML seed and the pytest fixture."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from bitbucket_user_emulator import Emulator

from tests.engine.builds import ROOT

pytest_plugins = ["pytester"]

PLUGIN = "bitbucket_user_pytest"
SEED = """\
acme:
  administrators: {Ada Lovelace: ada@acme.example}
  members: {Grace Hopper: grace@acme.example, Bob Kahn: bob@acme.example}
  groups: {developers: [Bob Kahn]}
  projects:
    CORE:
      groups: {developers: read}
      repositories:
        api: {users: {Grace Hopper: write}, variables: {LEVEL: info}}
        web: {}
  variables: {REGION: eu}
"""


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    path = tmp_path / "bitbucket.yaml"
    path.write_text(SEED)
    return path


def test_a_seed_says_what_there_is_to_begin_with(seed: Path) -> None:
    with Emulator(seed=seed) as bitbucket:
        assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "write"}
        assert bitbucket.repository_permissions("acme", "web") == {}
        assert bitbucket.variables("acme") == {"REGION": {"value": "eu", "secured": False}}
        assert bitbucket.variables("acme/api") == {"LEVEL": {"value": "info", "secured": False}}
        path = "/repositories/acme/web/permissions-config/groups"
        assert bitbucket.ask("GET", path).json()["values"] == []
        levels = bitbucket.ask("GET", "/workspaces/acme/permissions/repositories/web").json()["values"]
        assert {one["user"]["display_name"]: one["permission"] for one in levels} == {
            "Ada Lovelace": "admin",
            "Bob Kahn": "read",
        }
        assert bitbucket.ask("GET", "/user", "grace-api-token").json()["display_name"] == "Grace Hopper"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("acme: {members: {Grace Hopper: 3}}", "members.Grace Hopper"),
        ("acme: {memebers: {}}", "memebers"),
        ("acme: {groups: {developers: [Nobody]}}", "'Nobody' names 0 people"),
        ("acme: {projects: {CORE: {users: {Ada: owner}}}}", "'read', 'write', 'create-repo' or 'admin'"),
        ("acme: {projects: {CORE: {groups: {developers: read}}}}", "acme: no such group: developers"),
        ("acme: {members: {Ada: ada@one.example, Eve: ada@two.example}}", "Eve: another address begins with 'ada' too"),
        ("acme: [", "bitbucket.yaml"),
    ],
)
def test_a_seed_that_cannot_be_read_is_refused_in_one_sentence(wrong: str, said: str, seed: Path) -> None:
    seed.write_text(wrong)
    with pytest.raises(ValueError) as refused:
        Emulator(seed=seed)
    assert str(refused.value).startswith(str(seed)) and said in str(refused.value)


def test_a_reset_forgets_everything_but_the_seed(bitbucket: Emulator, seed: Path) -> None:
    bitbucket.grant("acme", "api", "Grace", "admin")
    bitbucket.fault("/user")
    bitbucket.switches.account_ids = False
    bitbucket.reset(seed)
    assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "write"}
    assert (bitbucket.requests, bitbucket.server.faults.waiting, bitbucket.switches.account_ids) == ([], [], True)


USERS_TESTS = """
import os
import pytest
from pathlib import Path

@pytest.fixture
def bitbucket_seed():
    return Path(__file__).with_name("bitbucket.yaml")

def test_first(bitbucket):
    assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "write"}
    bitbucket.grant("acme", "api", "Grace", "admin")
    bitbucket.ask("GET", "/user")

def test_second(bitbucket):
    assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "write"}
    assert bitbucket.count() == 0
    assert {name: value for name, value in os.environ.items() if name.startswith("BITBUCKET_")} == {
        "BITBUCKET_BASE_URL": bitbucket.url,
        "BITBUCKET_EMAIL": "ada@acme.example",
        "BITBUCKET_API_TOKEN": "ada-api-token",
    }
"""


def test_the_fixture_gives_every_test_a_bitbucket_as_seeded_and_no_other(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BITBUCKET_ACCESS_TOKEN", "of the real one")
    (pytester.path / "bitbucket.yaml").write_text(SEED)
    pytester.makepyfile(USERS_TESTS)
    assert "2 passed" in run(pytester, monkeypatch)


def test_without_its_libraries_the_fixture_says_what_to_install(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile("import sys\nsys.modules['aiohttp'] = None\n\ndef test_one(bitbucket):\n    pass\n")
    assert "pip install 'pulumi-bitbucket-user[testing]' (aiohttp is missing)" in run(pytester, monkeypatch)


def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> str:
    """pytest with this plugin alone: those of the development environment take half a minute to load."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    done = pytester.run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", PLUGIN)
    return str(done.stdout.str())


def test_pytest_finds_the_fixture_by_itself() -> None:
    [entry] = metadata.distribution("pulumi-bitbucket-user").entry_points.select(group="pytest11")
    assert entry.value == PLUGIN


def test_whoever_has_the_package_without_the_fixtures_libraries_loads_nothing_of_it() -> None:
    program = "import sys, bitbucket_user_pytest; sys.exit('bitbucket_user_emulator' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_emulator_takes_nothing_from_the_provider_but_which_scopes_there_are() -> None:
    taken = set()
    for path in (ROOT / "provider" / "bitbucket_user_emulator").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bitbucket_user_provider"):
                taken |= {f"{node.module}.{one.name}" for one in node.names}
            assert not isinstance(node, ast.Import) or "bitbucket_user_provider" not in ast.unparse(node)
    assert taken == {"bitbucket_user_provider.rest.scopes"}
