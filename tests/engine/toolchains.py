"""Tests that need another language's toolchain, which CI has to have, or what it need not have: a browser, or Java."""

import os
import shutil

import pytest

BROWSER = "chromium"
JAVA = ("javac", "mvn")
OPTIONAL = {BROWSER, *JAVA}


def need(*commands: str) -> None:
    """Go on only if these commands are on PATH; without one the test is skipped, and fails under CI."""
    missing = [command for command in commands if not shutil.which(command)]
    if missing:
        absent = pytest.fail if os.environ.get("CI") and not OPTIONAL.issuperset(missing) else pytest.skip
        absent(f"{' and '.join(missing)} not found on PATH")
