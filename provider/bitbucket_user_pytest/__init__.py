"""pytest's fixture `bitbucket`: a Bitbucket on this machine, for tests of stacks and of whatever else asks Bitbucket.

pytest loads this in every project where the package is installed, so the emulator waits until a test wants it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from bitbucket_user_emulator import Emulator

INSTALL = "The fixture `bitbucket` needs more: pip install 'pulumi-bitbucket-user[testing]'"


@pytest.fixture(scope="session")
def bitbucket_server() -> Iterator[Emulator]:
    """The one that all tests of a session share."""
    try:
        from bitbucket_user_emulator import Emulator
    except ModuleNotFoundError as error:
        raise pytest.UsageError(f"{INSTALL} ({error.name} is missing)") from None
    with Emulator() as server:
        yield server


@pytest.fixture
def bitbucket_seed() -> Path | None:
    """A YAML file that says what Bitbucket holds when a test begins. Override it: without one it is a small company."""
    return None


@pytest.fixture
def bitbucket(bitbucket_server: Emulator, bitbucket_seed: Path | None, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """As it was seeded, whatever the test before has done to it.

    The environment names it, with the token of its administrator, and no other Bitbucket: a stack that forgets to say
    where it belongs cannot reach the real one.
    """
    bitbucket_server.reset(bitbucket_seed)
    for name in [name for name in os.environ if name.startswith("BITBUCKET_")]:
        monkeypatch.delenv(name)
    for name, value in bitbucket_server.environ.items():
        monkeypatch.setenv(name, value)
    return bitbucket_server
