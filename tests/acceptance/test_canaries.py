"""Secrets are seen nowhere but where they belong: a stack's life with secrets that can be told, and a look at every
place where a run leaves or shows something. `pytest -s` prints what was found where."""

from __future__ import annotations

import json
import os
import pickle
from base64 import b64decode
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from bitbucket_user_emulator import Emulator
from bitbucket_user_emulator.seed import api_token
from bitbucket_user_emulator.world import Credential
from bitbucket_user_provider.config import load
from bitbucket_user_provider.dynamic import Provider
from bitbucket_user_provider.invoke import Invoker
from bitbucket_user_provider.lifecycle import Lifecycle
from bitbucket_user_provider.run.api import Api

from tests.acceptance.canaries import CREDENTIALS, EVERY, PRIVATE_KEY, VALUES, Search
from tests.acceptance.conftest import Stacks
from tests.acceptance.lives import ADA, GRACE
from tests.acceptance.stack import Run, Stack, processes
from tests.acceptance.test_faults import until
from tests.conftest import CheckedEmulator

CONFIG = {
    "email": "ada@acme.example",
    "apiToken": (CREDENTIALS["API token"],),
    "accessToken": (CREDENTIALS["access token"],),
    "oauthClientId": "acme-consumer",
    "oauthClientSecret": (CREDENTIALS["OAuth secret"],),
}
QUOTED = {"error": {"message": " and ".join(CREDENTIALS.values())}}
HANDED_DOWN = (b"BITBUCKET_JWT=", b"PULUMI_CONFIG=")
"""What the user has put into the environment, and what the engine tells a plugin of the stack's configuration."""
VERBOSE = {"log_verbosity": 9, "log_to_std_err": True, "log_flow": True, "debug": True}


class Recorded(Run):
    """Everything that the engine tells of a command."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[str] = []

    def note(self, event: Any) -> None:
        super().note(event)
        self.events.append(json.dumps(event, default=lambda one: one.value if isinstance(one, Enum) else vars(one)))


class Life:
    """A stack that holds the canaries, and what is seen of it."""

    def __init__(self, stack: Stack, search: Search) -> None:
        self.stack = stack
        self.search = search
        self.temporary = stack.folder / "temporary"
        self.home = stack.folder / "home"
        for variable, folder in {
            "TMPDIR": self.temporary / "tmp",
            "XDG_RUNTIME_DIR": self.temporary / "run",
            "PULUMI_HOME": self.home,
        }.items():
            folder.mkdir(parents=True, mode=0o700)
            stack.environ[variable] = str(folder)

    def run(self, command: str, shown: str, **how: Any) -> Run:
        """The command, with a look at its processes and their files while it works and at what it shows afterwards."""
        run = Recorded()
        with self.stack.under_way(command, run, **how):
            until(lambda: self._looks_until(run))
        self.search.look(shown, run.stdout + run.stderr)
        self.search.look("events", "".join(run.events))
        self.search.look("messages", str(run.said))
        return run

    def _looks_until(self, run: Run) -> bool:
        for pid in processes():
            self.search.look("command lines of children", _read(Path(f"/proc/{pid}/cmdline")))
            variables = _read(Path(f"/proc/{pid}/environ")).split(b"\0")
            others = [variable for variable in variables if not variable.startswith(HANDED_DOWN)]
            self.search.look("environment of children", b"\0".join(others))
        for folder, _, files in os.walk(self.temporary):  # which passes over what goes meanwhile
            place = (
                "ledger"
                if "bitbucket-user" in Path(folder).relative_to(self.temporary).as_posix()
                else "temporary files"
            )
            for file in files:
                self.search.look(place, _read(Path(folder) / file))
        return run.is_over()

    def look_at_files(self) -> None:
        for file in self.stack.folder.rglob("*"):
            if file.is_file() and file.suffix not in (".yaml", ".plan"):
                parts = file.relative_to(self.stack.folder).parts
                self.search.look(parts[1] if parts[0] == ".pulumi" else "files in the home folder", _read(file))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes() if file.is_file() else b""
    except OSError:  # it has ended, or is gone
        return b""


@pytest.fixture
def life(
    stacks: Stacks, bitbucket: CheckedEmulator, sdk: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Life, dict[str, Any]]]:
    minted = SimpleNamespace(hex=CREDENTIALS["minted token"].removeprefix("oauth-"))
    monkeypatch.setattr("bitbucket_user_emulator.oauth.uuid4", lambda: minted)
    for secret, known in {
        "API token": api_token(CREDENTIALS["API token"], bitbucket.person("Ada")),
        "access token": Credential("access-token", CREDENTIALS["access token"], ADA.uuid, []),
        "JWT": Credential("jwt", CREDENTIALS["JWT"], ADA.uuid, [], app="acme-app"),
    }.items():
        bitbucket.world.credentials[CREDENTIALS[secret]] = known
    bitbucket.world.consumers["acme-consumer"].secret = CREDENTIALS["OAuth secret"]
    wanted: dict[str, Any] = {"values": VALUES, "key": None}

    def program() -> None:
        for number, (name, value) in enumerate(wanted["values"].items()):
            sdk.WorkspacePipelineVariable(
                name, workspace="acme", key=f"V{number}", value=value, secured=number % 2 == 0
            )
            sdk.UserPipelineVariable(f"user {name}", user_id=GRACE.uuid, key=f"V{number}", value=value)
        sdk.UserApplicationProperty("look", user_id=GRACE.uuid, app_key="acme-app", property_name="look", value={})
        sdk.RepositoryUserPermission(
            "grace", workspace="acme", repo_slug="api", user_id=GRACE.uuid, permission=sdk.RepositoryPermission.READ
        )
        if wanted["key"]:
            sdk.UserSshKey("key", user_id=ADA.uuid, key=wanted["key"])

    stack = stacks(program, {"BITBUCKET_JWT": CREDENTIALS["JWT"]}, CONFIG)
    yield Life(stack, Search(EVERY)), wanted


def test_no_secret_is_seen_where_it_does_not_belong(
    life: tuple[Life, dict[str, Any]], bitbucket: CheckedEmulator, sdk: Any
) -> None:
    it, wanted = life
    plan = it.stack.folder / "preview.plan"
    assert it.run("preview", "preview", diff=True, plan=str(plan))
    it.search.look("plan file", _read(plan))

    wanted["key"] = PRIVATE_KEY
    run = it.run("preview", "preview of a private key", diff=True)
    assert "is a private key" in run.stdout, run.stdout
    wanted["key"] = None

    assert it.run("up", "-v=9 --logtostderr", **VERBOSE)
    it.search.look("state", it.stack.state_text)
    for one in it.stack.state.values():
        it.search.look("pickles", b64decode(one["inputs"].get("__provider", "")))

    wanted["values"] = {name: f"{value} " for name, value in VALUES.items()}
    for variable in [
        *bitbucket.world.workspaces["acme"].variables.values(),
        *bitbucket.person("Grace").variables.values(),
    ]:
        words = f"'{variable.value}' is refused, and so are {' and '.join(CREDENTIALS.values())}"
        bitbucket.fault(variable.uuid, "PUT", status=400, body={"error": {"message": words}})
    run = it.run("up", "-v=9 --logtostderr", **VERBOSE)
    assert "its words are not shown" in str(run.errors), run.stdout
    bitbucket.clear_faults()
    assert it.run("up", "up")

    with Emulator() as other:
        elsewhere = {"Location": f"{other.url}/workspaces/acme/pipelines-config/variables"}
        bitbucket.fault("workspaces/{workspace}/pipelines-config", "GET", status=302, headers=elsewhere, times=None)
        bitbucket.fault("permissions-config", "GET", status=400, body=QUOTED, times=None)
        run = it.run("refresh", "refresh")
        assert "it was not followed" in str(run.errors) and "canary" not in str(run.errors), run.errors
        bitbucket.clear_faults()
        it.search.look("headers to other hosts", repr(other.requests))
        assert not other.requests

    held = Search({**VALUES, **CREDENTIALS})
    held.look("secrets of the stack", json.dumps(it.stack.exported))
    assert held.found["secrets of the stack"] == {*VALUES}, "what is looked for is there to be found"
    assert CREDENTIALS["minted token"] in bitbucket.world.credentials
    assert it.run("destroy", "destroy")
    it.look_at_files()
    it.search.look("repr", _shown_by_python())
    print(f"\n{sdk.__name__}\n{it.search.table()}")
    assert not {place: names for place, names in it.search.found.items() if names}
    assert {"stacks", "history", "backups", "ledger", "pickles", "events"} <= it.search.found.keys()


def _shown_by_python() -> str:
    """What a traceback or a debugger's glance would show."""
    config = load({key: value[0] if isinstance(value, tuple) else value for key, value in CONFIG.items()})
    api = Api(config, {"BITBUCKET_JWT": CREDENTIALS["JWT"]})
    shown: list[Any] = [config, api, api.credentials, Lifecycle(api), Invoker(api)]
    for one in (config, *api.credentials.values()):
        with pytest.raises(TypeError):
            pickle.dumps(one)
    return repr(shown) + repr(pickle.dumps(Provider("UserSshKey")))


def test_the_import_of_a_value_that_is_not_secured_warns_that_its_code_shows_it(
    stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    """The engine writes it there itself; of a secured one nobody has the value."""
    stack, search = stacks(lambda: None), Search(VALUES)
    (stack.folder / "Pulumi.yaml").write_text("name: acceptance\nruntime: yaml\n")
    bitbucket.set_variable("acme", "PLAIN", VALUES["long"])
    bitbucket.set_variable("acme", "SECURED", VALUES["short"], secured=True)
    for key, warned in {"PLAIN": True, "SECURED": False}.items():
        kind = "bitbucket-user:index:WorkspacePipelineVariable"
        told = stack.command("import", kind, key, f"acme/{key}", "--out", f"{key}.yaml", "--yes")
        assert ("`--generate-code=false` leaves the code out" in told) is warned, told
        search.look(f"code of {key}", _read(stack.folder / f"{key}.yaml"))
    assert not search.found["code of SECURED"]
