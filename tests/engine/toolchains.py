"""Tests that need another language's toolchain: skipped where it is absent, failed under CI."""

import os
import shutil

import pytest


def need(*commands: str) -> None:
    """Go on only if these commands are on PATH."""
    missing = [command for command in commands if not shutil.which(command)]
    if missing:
        absent = pytest.fail if os.environ.get("CI") else pytest.skip
        absent(f"{' and '.join(missing)} not found on PATH")
