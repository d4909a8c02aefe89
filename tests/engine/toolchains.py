"""Tests that need another language's toolchain, which CI has to have, or a browser, which it need not."""

import os
import shutil

import pytest

BROWSER = "chromium"


def need(*commands: str) -> None:
    """Go on only if these commands are on PATH; without one the test is skipped, and fails under CI."""
    missing = [command for command in commands if not shutil.which(command)]
    if missing:
        absent = pytest.fail if os.environ.get("CI") and missing != [BROWSER] else pytest.skip
        absent(f"{' and '.join(missing)} not found on PATH")
