"""The file that the processes of one run share: who shares it, how long it lives, where it stands, what becomes of a
run without it. Processes are real ones."""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
from bitbucket_user_provider.run.store import Memory, Shared, Store

from tests.conftest import CheckedEmulator
from tests.unit.core import ADA
from tests.unit.stack import urn_of

ENGINE, LATER = "127.0.0.1:4711", "127.0.0.1:4712"
NO_FILE = FileNotFoundError(2, "No such file or directory")
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
            answer = look and look.urn
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
    first = Shared(ENGINE)
    with first.transaction() as facts:
        assert facts.execute("SELECT * FROM fact").fetchall() == []
    first.close()
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
    (left.parent / "a file").touch()
    for number in range(3):  # nobody can tell whether these are deserted
        (left.parent / f"spoilt {number}").mkdir()
        (left.parent / f"spoilt {number}" / "door").write_text("no database")
    going, stuck = (left.parent / f"run.{process.pid}" for process in (living.process, killed.process))
    going.mkdir()
    stuck.mkdir()
    other = Shared("127.0.0.1:4713")
    assert left not in runs(base) and stuck not in runs(base)
    assert not [*going.iterdir()], "a file in it would outlive who is about to remove it"
    assert len(runs(base)) == 7
    assert living.ask("take", "old", "ada") == "new"
    other.close()


@pytest.mark.parametrize("made_anew", [True, False])
def test_a_process_that_joins_while_the_last_one_removes_the_folder_shares_the_new_one(
    made_anew: bool, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the first one of another process has been made at once."""
    connect, left = store._connect, list[Path]()

    def late(file: Path, **more: Any) -> sqlite3.Connection:
        if file.name == "door" and not left:
            left.append(file.parent.rename(file.parent.with_name("removed")))
            if made_anew:
                file.parent.mkdir(mode=0o700)
        return connect(file, **more)

    monkeypatch.setattr(store, "_connect", late)
    first, second = Shared(ENGINE), Shared(ENGINE)
    with first.transaction() as facts:
        facts.execute("INSERT INTO fact VALUES ('want', '', 'ada', 'one', '')")
    with second.transaction() as facts:
        assert len(facts.execute("SELECT * FROM fact").fetchall()) == 1
    assert left and left[0] not in runs(base), "the second one has tidied up"
    first.close()
    second.close()


def test_a_process_joins_again_where_temporary_files_are_cleaned_meanwhile(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, cleaned = store._connect, list[Path]()

    def cleaning(file: Path, **more: Any) -> sqlite3.Connection:
        if file.name == "life" and not cleaned:
            cleaned.append(file)
            lose(base)
        return connect(file, **more)

    monkeypatch.setattr(store, "_connect", cleaning)
    shared = Shared(ENGINE)
    assert cleaned and len(runs(base)) == 1
    shared.close()


def test_two_processes_may_remove_the_same_files(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remove = shutil.rmtree

    def late(folder: Path, **how: Any) -> None:
        remove(folder)
        remove(folder, **how)

    shared = Shared(ENGINE)
    monkeypatch.setattr(shutil, "rmtree", late)
    shared.close()
    assert not [*base.iterdir()]


def test_whoever_joins_waits_for_others_but_not_to_see_whether_they_live(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A provider process that waited for the end of those that live would start ten seconds late."""
    connect, waits = sqlite3.connect, list[tuple[str, float]]()

    def patient(file: Path, timeout: float = 5, **more: Any) -> Any:
        waits.append((file.name, timeout))
        return connect(file, timeout=timeout, **more)

    monkeypatch.setattr(sqlite3, "connect", patient)
    first, second = Shared(ENGINE), Shared(ENGINE)
    assert waits == [("door", 10), ("life", 0), ("life", 10), ("facts", 10)] * 2
    first.close()
    second.close()


def test_a_run_ends_in_peace_whatever_has_become_of_its_files(base: Path) -> None:
    shared = Shared(ENGINE)
    [folder] = runs(base)
    (folder / "door").write_text("no database")
    shared.close()


@pytest.mark.parametrize("make", [Memory, lambda: Shared(ENGINE)], ids=["memory", "shared"])
def test_every_thread_may_use_it(make: Callable[[], Store], base: Path) -> None:
    shared = make()

    def note(thing: int) -> None:
        with shared.transaction() as facts:
            facts.execute("INSERT INTO fact VALUES ('want', '', ?, '', '')", (thing,))

    with ThreadPoolExecutor(3) as pool:
        [*pool.map(note, range(6))]
    with shared.transaction() as facts:
        assert facts.execute("SELECT count(*) FROM fact").fetchone() == (6,)
    shared.close()


def stumble(monkeypatch: pytest.MonkeyPatch, trouble: Exception, times: int) -> list[int]:
    """Joining fails so many times; grows with each attempt."""
    join, attempts = Shared._join, list[int]()

    def stumbling(self: Shared) -> Any:
        attempts.append(1)
        if len(attempts) <= times:
            raise trouble
        return join(self)

    monkeypatch.setattr(Shared, "_join", stumbling)
    return attempts


@pytest.mark.parametrize("trouble", [NO_FILE, sqlite3.OperationalError("disk I/O error")], ids=str)
def test_a_process_joins_again_where_the_folder_was_removed_meanwhile_but_not_for_ever(
    trouble: Exception, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as first:
        attempts = stumble(first, trouble, 2)
        Shared(ENGINE).close()
        assert len(attempts) == 3
    attempts = stumble(monkeypatch, trouble, 1000)
    with pytest.raises(LedgerLost):
        Shared(ENGINE)
    assert len(attempts) == store.ATTEMPTS


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (PermissionError(13, "Permission denied"), "Permission denied"),
        (sqlite3.OperationalError("database is locked"), "database is locked"),
    ],
)
def test_any_other_trouble_is_told_at_once(
    trouble: Exception, words: str, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = stumble(monkeypatch, trouble, 1000)
    with pytest.raises(LedgerLost) as told:
        Shared(ENGINE)
    assert str(told.value) == advice(words)
    assert len(attempts) == 1


def test_the_announcement_of_a_killed_process_holds_no_create_up(start: Start) -> None:
    taking, other = start(), start()
    assert taking.ask("take", "old", "ada") is None
    assert other.ask("begin", "new", "ada") == "old"
    taking.kill()
    assert other.ask("begin", "new", "ada") is None


# Where it stands


def advice(why: str) -> str:
    return (
        f"This run cannot share what it does with its other provider processes ({why}). Without that a rename could "
        "take away access, so nothing is changed. Set XDG_RUNTIME_DIR or TMPDIR to a folder that only you can write "
        "to, and run again."
    )


@pytest.mark.parametrize("network", ["net:[4026531840]", ""])
def test_every_release_finds_the_run_at_the_same_place(
    network: str, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def readlink(path: str) -> str:
        assert path == "/proc/self/ns/net"
        if not network:
            raise NO_FILE
        return network

    with monkeypatch.context() as patched:
        patched.setattr(os, "readlink", readlink)
        shared = Shared(ENGINE)
    name = hashlib.sha256(f"{ENGINE} {network}".encode()).hexdigest()[:32]
    assert runs(base) == [base / f"bitbucket-user-{os.getuid()}" / name]
    shared.close()


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


def test_a_full_disk_gives_way_to_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full, good = tmp_path / "full", tmp_path / "good"
    full.mkdir()
    good.mkdir()
    temporary = tempfile.TemporaryFile

    def write(dir: Path | None = None) -> Any:
        if dir and dir.is_relative_to(full):
            raise OSError(28, "No space left on device")
        return temporary(dir=dir)

    monkeypatch.setattr(tempfile, "TemporaryFile", write)
    monkeypatch.setattr(store, "_bases", lambda: [full, good])
    shared = Shared(ENGINE)
    assert runs(full) == [] and len(runs(good)) == 1
    shared.close()


def test_a_folder_that_another_process_removes_is_made_again_but_not_for_ever(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check, most, checked = store._check, 3, list[Path]()

    def late(folder: Path) -> None:
        checked.append(folder)
        if len(checked) < most:
            folder.rmdir()
        check(folder)

    monkeypatch.setattr(store, "_check", late)
    assert store._folder().parent == base and len(checked) == 3
    monkeypatch.setattr(store, "_bases", lambda: [base])
    checked.clear()
    most = 1000
    with pytest.raises(LedgerLost, match="No such file or directory"):
        store._folder()
    assert len(checked) == store.ATTEMPTS


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("open to all", "others may read or write it"),
        ("a link", "it is no folder"),
        ("somebody else's", "it belongs to somebody else"),
    ],
)
def test_a_folder_that_is_not_the_users_alone_is_not_used(
    kind: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = foreign(tmp_path, kind, monkeypatch)
    monkeypatch.setattr(store, "_bases", lambda: [base])
    with pytest.raises(LedgerLost) as told:
        Shared(ENGINE)
    assert str(told.value) == advice(f"{base / f'bitbucket-user-{store._user()}'}: {why}")
    assert runs(base) == []
    assert not [*(tmp_path / "elsewhere").glob("*")]


def test_the_folders_are_looked_at_in_their_order_and_the_current_one_never(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1")
    monkeypatch.setenv("TMPDIR", "relative")
    monkeypatch.setenv("PULUMI_HOME", "/home/one/.pulumi")
    assert store._bases() == [Path("/run/user/1"), Path("/tmp"), Path("/home/one/.pulumi")]
    monkeypatch.setenv("XDG_RUNTIME_DIR", "")
    monkeypatch.setenv("TMPDIR", "/var/tmp")
    monkeypatch.delenv("PULUMI_HOME")
    monkeypatch.setenv("HOME", "/home/two")
    assert store._bases() == [Path("/var/tmp"), Path("/tmp"), Path("/home/two/.pulumi")]


def test_windows_has_a_folder_of_its_own_for_each_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMP", r"C:\Temp")
    monkeypatch.setenv("USERNAME", "ada")
    with monkeypatch.context() as windows:
        windows.setattr(os, "name", "nt")
        windows.delattr(os, "getuid")
        assert (store._system_temporary(), store._user()) == (r"C:\Temp", "ada")
        windows.delenv("USERNAME")
        assert store._user() == "user"


def test_a_process_lives_until_it_is_known_to_be_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()

    def forbidden(process: int, signal: int) -> None:
        raise PermissionError

    assert store.alive(str(os.getpid())) and store.alive("somebody")
    assert not store.alive(str(dead.pid))
    with monkeypatch.context() as somebody_elses:
        somebody_elses.setattr(os, "kill", forbidden)
        assert store.alive(str(dead.pid))
    monkeypatch.setattr(sys, "platform", "win32")  # where os.kill ends a process
    assert store.alive(str(dead.pid))


def test_every_folder_that_was_tried_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = [tmp_path / "one", tmp_path / "two"]
    for bases, why in (
        (missing, "; ".join(f"{one}/bitbucket-user-{os.getuid()}: No such file or directory" for one in missing)),
        ([], "no such folder is known"),
    ):
        monkeypatch.setattr(store, "_bases", lambda bases=bases: bases)
        with pytest.raises(LedgerLost) as told:
            Shared(ENGINE)
        assert str(told.value) == advice(why)


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
    with pytest.raises(LedgerLost) as told, first.transaction():
        pass
    assert str(told.value) == advice("it was replaced")
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
        assert failure.reason == "This run is over: its engine has gone. Nothing more is sent to Bitbucket."
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


def test_whoever_comes_after_the_end_of_a_run_is_told_so_and_nobody_else_is_disturbed() -> None:
    first, second = Shared(ENGINE), Shared(ENGINE)
    first.close()
    first.close()
    with pytest.raises(LedgerLost, match="This run is over"), first.transaction():
        pass
    with second.transaction() as rows:
        assert rows.execute("SELECT count(*) FROM fact").fetchone() == (0,)
    second.close()


def test_a_disk_that_is_full_is_called_so() -> None:
    """SQLite rolls back by itself then, and there is nothing left to roll back."""
    memory = Memory()
    with memory.transaction() as rows:
        [pages] = rows.execute("PRAGMA page_count").fetchone()
    memory._facts.execute(f"PRAGMA max_page_count = {pages}")
    ledger = Ledger(lambda: memory)
    with operation("one"), pytest.raises(sqlite3.Error, match="full"):
        ledger.want("user ss acme/api", [f"person {number}" for number in range(10_000)])
