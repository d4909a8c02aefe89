"""A pytest plugin: prints what became of the fault matrix, of all workers: a table, where MATRIX is set."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests import matrix

COUNTERS = (matrix.holding, matrix.broken)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):  # of pytest-xdist
        session.config.workeroutput["matrix"] = [[*counter.items()] for counter in COUNTERS]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    for counter, counts in zip(COUNTERS, getattr(node, "workeroutput", {}).get("matrix", []), strict=False):
        counter.update({tuple(names): count for names, count in counts})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if any(COUNTERS):
        for line in matrix.table() if os.environ.get("MATRIX") else [matrix.summary()]:
            terminalreporter.write_line(line)
