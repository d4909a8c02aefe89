"""The last line of a run says how many tests were skipped; where the toolchains are, one is too many."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.builds import ROOT
from tests.skips import TOOLCHAINS

GREEN = "def test_green(): pass\n"
SKIPPED = "import pytest\ndef test_skipped(): pytest.skip('of no importance')\n"


def run(folder: Path, tests: str, present: tuple[str, ...], *options: str) -> tuple[int, str]:
    """Exit code and last line of a run on a machine that has these toolchains alone."""
    (folder / "test_it.py").write_text(tests)
    commands = folder / "bin"
    commands.mkdir()
    for command in present:
        (commands / command).touch(mode=0o755)
    pytest = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "-p", "no:cacheprovider", "-p", "tests.skips"]
    pytest += ["-p", "xdist"]
    environ = {"PATH": str(commands), "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run([*pytest, *options, "test_it.py"], cwd=folder, env=environ, capture_output=True, text=True)
    return done.returncode, done.stdout.splitlines()[-1]


@pytest.mark.parametrize("options", [(), ("-n", "1")])
def test_a_run_that_skips_nothing_says_so_last(tmp_path: Path, options: tuple[str, ...]) -> None:
    assert run(tmp_path, GREEN, TOOLCHAINS, *options) == (0, "1 passed, 0 skipped")


@pytest.mark.parametrize("options", [(), ("-n", "1")])
def test_a_run_that_skips_with_every_toolchain_there_fails(tmp_path: Path, options: tuple[str, ...]) -> None:
    ended = run(tmp_path, GREEN + SKIPPED, TOOLCHAINS, *options)
    assert ended == (1, "1 passed, 1 skipped; with go, node, npm, javac, mvn, chromium on PATH none may be")


def test_a_run_that_skips_for_want_of_a_toolchain_names_it(tmp_path: Path) -> None:
    assert run(tmp_path, GREEN + SKIPPED, ("node",)) == (
        0,
        "1 passed, 1 skipped; go, npm, javac, mvn, chromium not on PATH",
    )


def test_every_test_of_this_project_is_under_that_rule(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.pluginmanager.has_plugin("tests.skips")
