"""The file in which the processes of one engine run share what they know, and how long it lives.

One run of the engine is served by several provider processes: versions of the plugin, explicit providers, Pulumi's
dynamic server. They all get the same engine address, so its file is found by that and by the network namespace in which
the address means something. Three SQLite files stand in one folder: `facts` is the content, `life` is locked in shared
mode by each process as long as it lives (the lock ends with the process, however it ends), and `door` is locked while
somebody comes or goes. Whoever gets `life` alone is the first of a run and empties `facts`: what a killed run has left
there never counts, also when a later engine gets the same port.
"""

import contextlib
import hashlib
import os
import shutil
import sqlite3
import stat
import sys
import tempfile
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Protocol

from ..errors import LedgerLost

PATIENCE_SECONDS = 10.0
"""Longest wait for another process of the run. Nobody holds a lock for more than some milliseconds."""
ATTEMPTS = 100
"""To join, while the last processes of other runs remove what they have shared."""
WITHIN = "bitbucket-user"
SCHEMA = """
CREATE TABLE IF NOT EXISTS fact (
    kind TEXT, place TEXT, thing TEXT, urn TEXT, value TEXT, PRIMARY KEY (kind, place, thing, urn)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS fact_of_urn ON fact (urn, kind);
CREATE INDEX IF NOT EXISTS fact_of_thing ON fact (kind, thing, urn);
"""
"""A release adds kinds of facts and never another meaning: one that does not know a kind does not ask for it."""


class Store(Protocol):
    def transaction(self) -> contextlib.AbstractContextManager[sqlite3.Cursor]:
        """All of the body or nothing, seen by the other processes as one. Raises LedgerLost."""

    def close(self) -> None:
        """Lets go; the last one removes the files. Safe to call twice."""


class Closed:
    """Of a run whose engine has gone."""

    def transaction(self) -> contextlib.AbstractContextManager[sqlite3.Cursor]:
        raise _over()

    def close(self) -> None:
        pass


class Memory:
    """For a process that shares nothing: a prompt, a test."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._facts = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._facts.executescript(SCHEMA)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Cursor]:
        with self._lock, _committed(self._facts) as cursor:
            yield cursor

    def close(self) -> None:
        with self._lock:
            self._facts.close()


class Shared:
    """Safe for threads and for the processes of the run."""

    def __init__(self, engine: str) -> None:
        """Joins the run of the engine at this address. Raises LedgerLost, with what to do."""
        self._lock = threading.Lock()
        self._closed = False
        name = hashlib.sha256(f"{engine} {_network()}".encode()).hexdigest()[:32]
        for attempt in count(1):
            self._folder = _folder() / name
            try:
                _remove_leftovers(self._folder)
                self._life, self._facts = self._join()
                self._inode = (self._folder / "facts").stat().st_ino
                return
            except (OSError, sqlite3.Error) as trouble:
                if attempt == ATTEMPTS or not _may_have_been_removed(trouble):
                    raise _unusable(trouble) from None

    def _join(self) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        while True:
            with contextlib.suppress(FileExistsError):
                self._folder.mkdir(mode=0o700)
            with _entered(self._folder) as is_current:
                if not is_current:
                    continue
                if _is_deserted(self._folder):
                    for left in self._folder.glob("facts*"):
                        left.unlink()
                life = _connect(self._folder / "life")
                life.execute("BEGIN")
                life.execute("SELECT count(*) FROM sqlite_master").fetchone()  # takes the shared lock until the end
                facts = _connect(self._folder / "facts")
                facts.execute("PRAGMA journal_mode = WAL")
                facts.execute("PRAGMA synchronous = OFF")  # the content need not outlive the machine
                facts.executescript(SCHEMA)
                return life, facts

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Cursor]:
        with self._lock:
            if self._closed:
                raise _over()
            try:
                if (self._folder / "facts").stat().st_ino != self._inode:
                    raise FileNotFoundError("it was replaced")
                with _committed(self._facts) as cursor:
                    yield cursor
            except (OSError, sqlite3.Error) as trouble:
                raise _unusable(trouble) from None

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            with contextlib.suppress(OSError, sqlite3.Error):
                self._facts.close()
                with _entered(self._folder) as is_current:
                    self._life.close()
                    if is_current and _is_deserted(self._folder):
                        _remove(self._folder)
                self._folder.parent.rmdir()  # refused while another run has its folder there


def _make(file: Path) -> None:
    """Makes the file for this user alone; SQLite gives the same mode to what it writes beside it. One that is there is
    not opened: closing it again would let go of this process's locks on it."""
    file.touch(mode=0o600)


def _connect(file: Path, patience: float = PATIENCE_SECONDS) -> sqlite3.Connection:
    _make(file)
    return sqlite3.connect(file, timeout=patience, isolation_level=None, check_same_thread=False)


@contextlib.contextmanager
def _committed(facts: sqlite3.Connection) -> Iterator[sqlite3.Cursor]:
    cursor = facts.cursor()
    cursor.execute("BEGIN IMMEDIATE")
    try:
        yield cursor
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # after some errors, as a full disk, SQLite has done it by itself
            cursor.execute("ROLLBACK")
        raise
    cursor.execute("COMMIT")


@contextlib.contextmanager
def _entered(folder: Path) -> Iterator[bool]:
    """Alone in the folder's door, for coming and going; false when the folder was removed and made anew meanwhile."""
    _make(folder / "door")
    inode = (folder / "door").stat().st_ino
    door = _connect(folder / "door")
    try:
        door.execute("BEGIN EXCLUSIVE")
        yield (folder / "door").stat().st_ino == inode
    finally:
        door.close()


def _is_deserted(folder: Path) -> bool:
    """Whether no process lives here. Only asked in the door."""
    life = _connect(folder / "life", patience=0)
    try:
        life.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        return False
    else:
        return True
    finally:
        life.close()


def _remove_leftovers(but: Path) -> None:
    """Removes what killed runs have left beside this one's folder."""
    for folder in but.parent.iterdir():
        is_going = folder.suffix and alive(folder.suffix[1:])  # see `_remove`: whoever enters would make the door anew
        if folder != but and not is_going:
            with contextlib.suppress(OSError, sqlite3.Error), _entered(folder) as is_current:
                if is_current and _is_deserted(folder):
                    _remove(folder)


def _remove(folder: Path) -> None:
    """In one step, or somebody who joins in the middle would lose the files that it has just made."""
    going = folder.with_name(f"{folder.name}.{os.getpid()}")
    folder.rename(going)
    shutil.rmtree(going, ignore_errors=True)  # another process may do the same


def _may_have_been_removed(trouble: Exception) -> bool:
    """Whether another process, the last of its run, may have removed the folder while this one was joining."""
    if isinstance(trouble, sqlite3.Error):  # which calls a file that is gone an I/O error, a read-only or a missing one
        return "locked" not in str(trouble)
    return isinstance(trouble, FileNotFoundError)


def _network() -> str:
    """The namespace in which a loopback address means something: two containers may use the same port."""
    try:
        return os.readlink("/proc/self/ns/net")
    except OSError:
        return ""


def _folder() -> Path:
    """A folder of this user's own. Raises LedgerLost when there is none that nobody else can write to."""
    refusals = []
    for base in _bases():
        folder = base / f"{WITHIN}-{_user()}"
        try:
            _make_usable(folder)
            return folder
        except OSError as trouble:
            refusals.append(f"{folder}: {trouble.strerror or trouble}")
    raise LedgerLost(_ADVICE.format("; ".join(refusals) or "no such folder is known"))


def _make_usable(folder: Path) -> None:
    """Makes the folder if need be. Raises OSError when it cannot be used, not when another process removes it in the
    middle: two processes of one run must not end in different folders."""
    for attempt in count(1):
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        try:
            _check(folder)
            with tempfile.TemporaryFile(dir=folder):
                return
        except FileNotFoundError:
            if attempt == ATTEMPTS:
                raise


def _bases() -> list[Path]:
    """Where temporary files of a user may stand, best first; never the current folder."""
    named = [os.environ.get("XDG_RUNTIME_DIR"), os.environ.get("TMPDIR"), _system_temporary()]
    home = os.environ.get("PULUMI_HOME") or os.path.join(os.path.expanduser("~"), ".pulumi")
    return [Path(base) for base in dict.fromkeys([*named, home]) if base and os.path.isabs(base)]


def _system_temporary() -> str | None:
    return "/tmp" if os.name == "posix" else os.environ.get("TEMP")  # noqa: S108 - the folder in it is checked


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")


def _check(folder: Path) -> None:
    """Raises OSError unless the folder is a real one that is private to this user: somebody else's could make a
    delete believe that a grant is wanted, or that none is."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError("it is no folder")
    if hasattr(os, "getuid") and found.st_uid != os.getuid():
        raise PermissionError("it belongs to somebody else")
    if os.name == "posix" and stat.S_IMODE(found.st_mode) & 0o077:
        raise PermissionError("others may read or write it")


_ADVICE = (
    "This run cannot share what it does with its other provider processes ({}). Without that a rename could take away "
    "access, so nothing is changed. Set XDG_RUNTIME_DIR or TMPDIR to a folder that only you can write to, and run "
    "again."
)


def _over() -> LedgerLost:
    return LedgerLost("This run is over: its engine has gone. Nothing more is sent to Bitbucket.")


def _unusable(trouble: Exception) -> LedgerLost:
    return LedgerLost(_ADVICE.format(getattr(trouble, "strerror", None) or trouble))


def alive(process: str) -> bool:
    """Whether the process that has written its number into a fact still runs."""
    if sys.platform == "win32" or not process.isdigit():
        return True
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
