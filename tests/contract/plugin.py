"""A pytest plugin: says at the end of a session how many exchanges were validated."""

from __future__ import annotations

import pytest

from tests import contract


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(contract.summary())
