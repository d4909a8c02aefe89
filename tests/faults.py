"""`make faults REV=82557f8`: the tests marked `fault`, as they are here, while the processes of the engine are those of
another revision. Each prints the assertion that fails there; whatever else goes wrong, as an import, does not count."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from tests.engine.builds import ROOT, cached

COMMAND = "pulumi-resource-bitbucket-user"
LAUNCHER = "#!/bin/sh\nexec {python} -c 'from {module} import {function}; {function}()' \"$@\"\n"
ASSERTION = re.compile(r"AssertionError|assert |Failed: DID NOT RAISE")


def main() -> None:
    if len(sys.argv) != 2 or not sys.argv[1]:
        sys.exit("Name a revision: make faults REV=82557f8")
    commit = _git("rev-parse", "--verify", f"{sys.argv[1]}^{{commit}}").decode().strip()
    cases = _run(cached("faults", commit, lambda folder: _check_out(commit, folder)))
    failing = 0
    for case in cases:
        verdict, counts = _verdict(case)
        failing += counts
        print(f"{case.get('name')}\n    {verdict}")
    print(f"{failing} of {len(cases)} fail by an assertion at {commit[:7]}")


def _check_out(commit: str, folder: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(_git("archive", commit, "provider", "pyproject.toml"))) as files:
        files.extractall(folder)
    entry = re.search(rf'^{COMMAND} = "(.+):(.+)"', (folder / "pyproject.toml").read_text(), re.MULTILINE)
    assert entry, f"{commit} has no {COMMAND}"
    (folder / "bin").mkdir()
    plugin = folder / "bin" / COMMAND
    plugin.write_text(LAUNCHER.format(python=sys.executable, module=entry[1], function=entry[2]))
    plugin.chmod(0o755)


def _run(revision: Path) -> list[ElementTree.Element]:
    """The test cases of pytest's report."""
    environ = {**os.environ, "PROVIDER_UNDER_TEST": str(revision)}
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        options = ["-q", "-m", "fault", "--continue-on-collection-errors", "--numprocesses", "auto"]
        command = [sys.executable, "-m", "pytest", *options, f"--junitxml={report}", "tests/acceptance"]
        subprocess.run(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL)
        return [*ElementTree.parse(report).iter("testcase")]


def _verdict(case: ElementTree.Element) -> tuple[str, bool]:
    failure, error = case.find("failure"), case.find("error")
    if failure is not None:
        [message, *_] = (failure.get("message") or "").splitlines() or [""]
        counts = bool(ASSERTION.match(message))
        return f"{'fails' if counts else 'does not count'}: {message[:300]}", counts
    if error is not None:
        [message, *_] = (error.get("message") or "").splitlines() or [""]
        return f"does not count: {message[:300]}", False
    return "passes", False


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout


if __name__ == "__main__":
    main()
