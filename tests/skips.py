"""A pytest plugin: the last line of a run says how much was skipped, which is nothing where every toolchain is there.

A skipped test is green and proves nothing: when a fixture starts to skip, nobody would notice.
"""

from __future__ import annotations

import shutil
from collections.abc import Generator
from typing import Any

import pytest

TOOLCHAINS = ("go", "node", "npm", "javac", "mvn", "chromium")
"""Without one of them, tests that compile an SDK or look at a page are skipped, and those alone."""


@pytest.hookimpl(wrapper=True, tryfirst=True)  # around the reporter's own last words
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, Any, Any]:
    result = yield
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(session.config, "workeroutput"):  # a worker of pytest-xdist
        return result
    passed, skipped = (len(reporter.getreports(outcome)) for outcome in ("passed", "skipped"))
    missing = [command for command in TOOLCHAINS if not shutil.which(command)]
    line = f"{passed} passed, {skipped} skipped"
    if skipped and missing:
        line += f"; {', '.join(missing)} not on PATH"
    elif skipped:
        line += f"; with {', '.join(TOOLCHAINS)} on PATH none may be"
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
    reporter.write_line(line)
    return result
