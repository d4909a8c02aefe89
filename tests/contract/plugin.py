"""A pytest plugin: says at the end of a session how many exchanges were validated, by all its workers.

It also leaves out the one comparison that needs what lies beside the checkout; the last line says when it did.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import contract
from tests.contract import published

PUBLISHED = "test_published.py"
COUNTERS = (contract.validated, contract.answered)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    return True if collection_path.name == PUBLISHED and not published.present() else None


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):  # of pytest-xdist
        session.config.workeroutput["contract"] = [dict(counter) for counter in COUNTERS]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    for counter, counts in zip(COUNTERS, getattr(node, "workeroutput", {}).get("contract", []), strict=False):
        counter.update(counts)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(contract.summary())
