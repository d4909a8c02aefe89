"""The file that the processes of one run share: who shares it, how long it lives, where it stands, what becomes of a
run without it. Processes are real ones."""

from __future__ import annotations

import ast
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from bitbucket_user_provider.config import load
from bitbucket_user_provider.errors import LedgerLost
from bitbucket_user_provider.lifecycle import Lifecycle
from bitbucket_user_provider.operation import operation
from bitbucket_user_provider.run import store
from bitbucket_user_provider.run.api import Api
from bitbucket_user_provider.run.ledger import Ledger
from bitbucket_user_provider.run.store import Memory, Shared

from tests.conftest import CheckedEmulator
from tests.unit.core import ADA
from tests.unit.stack import urn_of

ENGINE, LATER = "127.0.0.1:4711", "127.0.0.1:4712"
IN_ITS_OWN_NETWORK = ["unshare", "--map-current-user", "--net"]
PROCESS = """
import sys
from bitbucket_user_provider.operation import operation
from bitbucket_user_provider.run.ledger import Ledger
from bitbucket_user_provider.run.store import Shared
ledger = Ledger(lambda: Shared(sys.argv[1]))
for line in sys.stdin:
    verb, urn, *things = line.split()
    with operation(urn):
        if verb == "want":
            answer = ledger.want("user ss acme/api", things)
        elif verb == "begin":
            answer = ledger.begin("user ss acme/api", things).taker
        elif verb == "take":
            [look] = ledger.take(["user ss acme/api"], False, [things], False)
            answer = look.keeper and look.keeper.urn
        else:
            answer = ledger.close()
    print(repr(answer), flush=True)
"""
COMING_AND_GOING = """
import os, pathlib
from bitbucket_user_provider.run.store import Shared
for port in range(60):
    store = Shared(f"127.0.0.1:{4700 + port % 3}")
    assert store._folder.is_relative_to(os.environ["XDG_RUNTIME_DIR"]), store._folder
    with store.transaction():
        pass
    store.close()
"""


def environ(base: Path) -> dict[str, str]:
    """Of a process that runs the same code as this one, which `make mutants` has put first in its path."""
    return {**os.environ, "XDG_RUNTIME_DIR": str(base), "PYTHONPATH": os.pathsep.join(sys.path)}


class Process:
    """A provider process of the engine at an address."""

    def __init__(self, base: Path, engine: str, before: list[str]) -> None:
        self.process = subprocess.Popen(
            [*before, sys.executable, "-c", PROCESS, engine],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environ(base),
        )

    def ask(self, verb: str, urn: str = "-", *things: str) -> Any:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(" ".join([verb, urn, *things]) + "\n")
        self.process.stdin.flush()
        return ast.literal_eval(self.process.stdout.readline())

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        self.process.communicate()


Start = Callable[..., Process]


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The first folder that is looked at, here and in the processes."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def start(base: Path) -> Iterator[Start]:
    with ExitStack() as ends:

        def start(engine: str = ENGINE, before: list[str] | None = None) -> Process:
            process = Process(base, engine, before or [])
            ends.callback(process.end)
            return process

        yield start


def runs(base: Path) -> list[Path]:
    """The folders of the runs that have left something."""
    return sorted(base.glob(f"{store.WITHIN}-*/*"))


# Who shares


def test_the_processes_of_one_engine_know_what_each_other_wants_and_takes(start: Start) -> None:
    plugin, older, dynamic = start(), start(), start()
    assert plugin.ask("want", "new", "ada") == []
    assert dynamic.ask("want", "other", "ada") == ["new"]
    assert older.ask("take", "old", "ada") in ("new", "other")
    assert older.ask("take", "old", "bob") is None
    assert plugin.ask("begin", "new", "bob") == "old"


def test_two_engines_share_nothing(start: Start, base: Path) -> None:
    one, other = start(), start(LATER)
    assert one.ask("want", "new", "ada") == []
    assert other.ask("want", "other", "ada") == []
    assert other.ask("take", "old", "bob") is one.ask("take", "old", "grace") is None
    assert len(runs(base)) == 2


def test_two_networks_share_nothing_though_the_address_is_the_same(start: Start) -> None:
    """Two containers with one temporary folder: their engines may listen at the same port."""
    if not shutil.which("unshare") or subprocess.run([*IN_ITS_OWN_NETWORK, "true"], capture_output=True).returncode:
        pytest.skip("no network namespaces here")
    one, other = start(), start(before=IN_ITS_OWN_NETWORK)
    assert one.ask("want", "new", "ada") == []
    assert other.ask("want", "other", "ada") == []


# How long it lives


def test_the_last_process_to_leave_removes_the_folder(start: Start, base: Path) -> None:
    one, other = start(), start()
    one.ask("want", "new", "ada")
    other.ask("want", "other", "bob")
    one.ask("leave")
    assert len(runs(base)) == 1
    assert other.ask("take", "old", "ada") == "new", "what a process wanted outlives it while the run goes on"
    other.ask("leave")
    assert runs(base) == []


def test_runs_that_come_and_go_at_once_always_find_the_same_folder_and_leave_nothing(base: Path) -> None:
    """A process that took another folder, because an ending run had just removed the first, would share nothing."""
    coming_and_going = [subprocess.Popen([sys.executable, "-c", COMING_AND_GOING], env=environ(base)) for _ in range(4)]
    assert [process.wait() for process in coming_and_going] == [0] * 4
    assert not [*base.iterdir()]


def test_what_a_killed_run_has_left_never_counts_for_a_later_one_of_the_same_address(start: Start) -> None:
    killed, also_killed = start(), start()
    killed.ask("want", "new", "ada")
    also_killed.ask("want", "other", "bob")
    also_killed.ask("take", "old", "grace")
    killed.kill()
    also_killed.kill()
    later = start()
    assert later.ask("want", "later", "ada", "bob") == []
    assert later.ask("begin", "later", "grace") is None
    assert start().ask("take", "old", "ada") == "later"


def test_what_other_killed_runs_have_left_is_removed_and_those_that_live_stay(start: Start, base: Path) -> None:
    killed, living = start(), start(LATER)
    killed.ask("want", "new", "ada")
    [left] = runs(base)
    living.ask("want", "new", "ada")
    killed.kill()
    start("127.0.0.1:4713").ask("want", "other", "bob")
    assert left not in runs(base)
    assert len(runs(base)) == 2
    assert living.ask("take", "old", "ada") == "new"


def test_the_announcement_of_a_killed_process_holds_no_create_up(start: Start) -> None:
    taking, other = start(), start()
    assert taking.ask("take", "old", "ada") is None
    assert other.ask("begin", "new", "ada") == "old"
    taking.kill()
    assert other.ask("begin", "new", "ada") is None


# Where it stands


def test_only_the_user_may_read_or_write_anything_of_it(base: Path) -> None:
    before = os.umask(0)
    try:
        shared = Shared(ENGINE)
        with shared.transaction() as facts:
            facts.execute("INSERT INTO fact VALUES ('want', 'user ss acme/api', 'ada', 'one', '')")
    finally:
        os.umask(before)
    [own] = base.iterdir()
    folders = [own, *own.iterdir()]
    files = [file for folder in runs(base) for file in folder.iterdir()]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}
    assert {file.name for file in files} >= {"facts", "facts-wal", "life", "door"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    shared.close()


def unwritable(tmp_path: Path, kind: str) -> Path:
    if kind == "a file":
        (tmp_path / "file").touch()
        return tmp_path / "file"
    if kind == "missing":
        return tmp_path / "missing"
    if kind == "of the kernel":
        return Path("/proc/self")
    folder = tmp_path / "read-only"
    folder.mkdir(mode=0o500)
    return folder


def foreign(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A base with a folder of the right name that is not this user's alone."""
    base = tmp_path / "foreign"
    base.mkdir()
    if kind == "somebody else's":
        somebody = os.getuid() + 1
        monkeypatch.setattr(os, "getuid", lambda: somebody)
    folder = base / f"{store.WITHIN}-{store._user()}"
    if kind == "a link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder.mkdir()
        folder.chmod(0o777 if kind == "open to all" else 0o700)
    return base


UNWRITABLE = ["a file", "missing", "of the kernel", *(["read-only"] if os.geteuid() else [])]  # root may write anywhere


@pytest.mark.parametrize("kind", UNWRITABLE)
def test_a_folder_that_cannot_be_written_to_gives_way_to_the_next(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = tmp_path / "good"
    good.mkdir()
    monkeypatch.setattr(store, "_bases", lambda: [unwritable(tmp_path, kind), good])
    shared = Shared(ENGINE)
    assert len(runs(good)) == 1
    shared.close()


@pytest.mark.parametrize("kind", ["open to all", "a link", "somebody else's"])
def test_a_folder_that_is_not_the_users_alone_is_not_used(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = foreign(tmp_path, kind, monkeypatch)
    monkeypatch.setattr(store, "_bases", lambda: [base])
    with pytest.raises(LedgerLost, match="Set XDG_RUNTIME_DIR or TMPDIR to a folder that only you can write to"):
        Shared(ENGINE)
    assert runs(base) == []
    assert not [*(tmp_path / "elsewhere").glob("*")]


def test_the_folders_are_looked_at_in_their_order_and_the_current_one_never(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1")
    monkeypatch.setenv("TMPDIR", "relative")
    monkeypatch.setenv("PULUMI_HOME", "/home/one/.pulumi")
    assert store._bases() == [Path("/run/user/1"), Path("/tmp"), Path("/home/one/.pulumi")]
    monkeypatch.setenv("XDG_RUNTIME_DIR", "")
    monkeypatch.setenv("TMPDIR", "/var/tmp")
    assert store._bases() == [Path("/var/tmp"), Path("/tmp"), Path("/home/one/.pulumi")]


# What becomes of a run


def serve(bitbucket: CheckedEmulator, ledger: Ledger) -> Lifecycle:
    return Lifecycle(Api(load({"baseUrl": bitbucket.url, **ADA}), {}, ledger=ledger))


def grant(bitbucket: CheckedEmulator) -> dict[str, Any]:
    grace = bitbucket.person("Grace").uuid
    return {"workspace": "acme", "repoSlug": "api", "userId": grace, "permission": "write"}


def made(bitbucket: CheckedEmulator) -> dict[str, Any]:
    """The state of a grant that an earlier run has made."""
    return serve(bitbucket, Ledger()).create(KIND, grant(bitbucket))[1]


KIND = "RepositoryUserPermission"
URN = urn_of(KIND, "it")


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder can be used."""
    monkeypatch.setattr(store, "_bases", lambda: [tmp_path / "missing"])


def test_without_a_folder_check_is_refused_in_one_line_that_says_what_to_do(
    bitbucket: CheckedEmulator, nowhere: None
) -> None:
    run = serve(bitbucket, Ledger(lambda: Shared(ENGINE)))
    with operation(URN):
        [failure] = run.check(KIND, grant(bitbucket))
    assert failure.property == "" and "\n" not in failure.reason
    assert "missing" in failure.reason and "nothing is changed" in failure.reason
    assert "Set XDG_RUNTIME_DIR or TMPDIR" in failure.reason
    assert not bitbucket.requests


def test_without_a_folder_refresh_and_destroy_go_on(bitbucket: CheckedEmulator, nowhere: None) -> None:
    state = made(bitbucket)
    run = serve(bitbucket, Ledger(lambda: Shared(ENGINE)))
    with operation(URN):
        found = run.read(KIND, "id", state, grant(bitbucket))
        assert found and found.outputs == state
        run.delete(KIND, "id", state)
    assert bitbucket.repository_permissions("acme", "api") == {}


def lose(base: Path) -> None:
    """Somebody cleans temporary files while the run goes on."""
    for folder in runs(base):
        shutil.rmtree(folder)


def test_a_run_that_has_checked_and_then_lost_the_folder_checks_and_deletes_no_more(
    bitbucket: CheckedEmulator, base: Path
) -> None:
    state = made(bitbucket)
    run = serve(bitbucket, Ledger(lambda: Shared(ENGINE)))
    with operation(urn_of(KIND, "other")):
        assert run.check(KIND, grant(bitbucket)) == []
    lose(base)
    with operation(URN):
        [failure] = run.check(KIND, grant(bitbucket))
        assert "Set XDG_RUNTIME_DIR or TMPDIR" in failure.reason
        with pytest.raises(LedgerLost, match="Set XDG_RUNTIME_DIR or TMPDIR"):
            run.delete(KIND, "id", state)
    assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "write"}
    assert bitbucket.count("DELETE") == 0


def test_a_destroy_that_has_lost_the_folder_goes_on(bitbucket: CheckedEmulator, base: Path) -> None:
    state = made(bitbucket)
    run = serve(bitbucket, Ledger(lambda: Shared(ENGINE)))
    with operation(URN):
        run.diff(KIND, "id", state, grant(bitbucket))
        lose(base)
        run.delete(KIND, "id", state)
    assert bitbucket.repository_permissions("acme", "api") == {}


def test_a_run_whose_folder_was_replaced_by_that_of_another_process_has_lost_it(base: Path) -> None:
    first = Shared(ENGINE)
    lose(base)
    second = Shared(ENGINE)
    with pytest.raises(LedgerLost), first.transaction():
        pass
    with second.transaction() as facts:
        facts.execute("SELECT 1 FROM fact")
    first.close()
    assert len(runs(base)) == 1
    second.close()


def test_after_the_end_of_a_run_its_process_sends_nothing_more(bitbucket: CheckedEmulator, base: Path) -> None:
    state = made(bitbucket)
    ledger = Ledger(lambda: Shared(ENGINE))
    run = serve(bitbucket, ledger)
    with operation(URN):
        assert run.check(KIND, grant(bitbucket)) == []
        ledger.close()
        bitbucket.clear()
        [failure] = run.check(KIND, grant(bitbucket))
        assert "This run is over" in failure.reason
        with pytest.raises(LedgerLost, match="This run is over"):
            run.delete(KIND, "id", state)
    assert not bitbucket.requests and runs(base) == []


# What is in it, and what it costs

THINGS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "RepositoryUserPermission": (
        {"workspace": "acme", "repoSlug": "api", "permission": "read"},
        {"permission": "write"},
    ),
    "ProjectUserPermission": (
        {"workspace": "acme", "projectKey": "CORE", "permission": "read"},
        {"permission": "write"},
    ),
    "WorkspacePipelineVariable": (
        {"workspace": "acme", "key": "TOKEN", "value": "hush-hush", "secured": True},
        {"value": "more-hush"},
    ),
}


def life(bitbucket: CheckedEmulator, ledger: Ledger, kind: str) -> Iterator[str]:
    """Every method of one resource, by name before it is called."""
    run, (inputs, change) = serve(bitbucket, ledger), THINGS[kind]
    inputs = inputs | ({"userId": bitbucket.person("Grace").uuid} if kind.endswith("Permission") else {})
    with operation(urn_of(kind, "it")):
        yield "check"
        assert run.check(kind, inputs) == []
        yield "create"
        id, state = run.create(kind, inputs)
        yield "read"
        assert run.read(kind, id, state, inputs)
        yield "diff"
        assert run.diff(kind, id, state, inputs | change)
        yield "update"
        state = run.update(kind, id, state, inputs | change)
        yield "delete"
        Lifecycle(run.api).delete(kind, id, state)
        yield "end"


@pytest.mark.parametrize("kind", THINGS)
def test_no_method_of_a_single_resource_takes_more_than_two_transactions(kind: str, bitbucket: CheckedEmulator) -> None:
    memory = Memory()
    began: list[str] = []
    memory._facts.set_trace_callback(lambda sql: began.append(sql) if sql.startswith("BEGIN") else None)
    taken: dict[str, int] = {}
    before = ""
    for method in life(bitbucket, Ledger(lambda: memory), kind):
        taken[before], before = len(began), method
        began.clear()
    assert {method: count for method, count in taken.items() if count > 2} == {}
    assert taken["create"] and taken["delete"]


def test_no_secret_is_in_it(bitbucket: CheckedEmulator, base: Path) -> None:
    ledger = Ledger(lambda: Shared(ENGINE))
    for kind in THINGS:
        for _ in life(bitbucket, ledger, kind):
            written = b"".join(file.read_bytes() for folder in runs(base) for file in folder.iterdir())
            assert not [text for text in ("hush", ADA["apiToken"], ADA["email"]) if text.encode() in written]
    assert b"acme" in written
    ledger.close()
