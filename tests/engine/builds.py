"""Builds that are kept under .cache/. A build is there whole or not at all, and one process at a time makes it."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CACHE = ROOT / ".cache"


class Unavailable(Exception):
    """A toolchain that is needed here is not installed."""


def say(text: str) -> None:
    """Progress goes to stderr; stdout is for the answer."""
    print(text, file=sys.stderr, flush=True)


def module_files(folder: Path) -> tuple[Path, Path]:
    """What pins a Go module's dependencies."""
    return folder / "go.mod", folder / "go.sum"


def digest(*parts: Path | str) -> str:
    """A short name for texts and for the content of files."""
    sha = hashlib.sha256()
    for part in parts:
        sha.update((part.encode() if isinstance(part, str) else part.read_bytes()) + b"\0")
    return sha.hexdigest()[:12]


def cached(name: str, key: str, build: Callable[[Path], None]) -> Path:
    """The folder .cache/NAME/KEY; unless it exists, `build` fills it."""
    target = CACHE / name / key
    if target.exists():
        return target
    with lock(name):
        if target.exists():
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        for leftover in target.parent.glob(".unfinished-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=target.parent) as unfinished:
            content = Path(unfinished) / key
            content.mkdir()
            build(content)
            content.rename(target)
    return target


@contextmanager
def lock(name: str) -> Iterator[None]:
    """One process at a time works on `name`. The lock ends with the process that holds it."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Waiting for another process that prepares {name}")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def go_build(folder: Path, *packages: str, module: Path = HERE, version: str = "") -> None:
    """Build commands of a Go module, that beside this file, into `folder`."""
    flags = f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={version}"
    run("go", "build", "-buildvcs=false", "-ldflags", flags, "-o", f"{folder}{os.sep}", *packages, cwd=module)


def run(*command: str, cwd: Path) -> None:
    """Run a build step quietly; what it printed is shown when it fails."""
    if not shutil.which(command[0]):
        raise Unavailable(f"{command[0]} is not on PATH")
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise SystemExit(f"{done.stdout}\n{' '.join(command[:3])} failed with exit code {done.returncode} in {cwd}")
