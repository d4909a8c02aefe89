"""What the guides show of commands is what the commands print."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from bitbucket_user_emulator import Emulator

from tests.acceptance.test_demo import timeless
from tests.site.outputs import OUTPUTS, SESSIONS, Texts


@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: str(session.__name__))
def test_a_guide_shows_what_its_commands_print(
    session: Callable[[Path, Emulator], Texts], folder: Path, bitbucket: Emulator
) -> None:
    for name, text in session(folder, bitbucket).items():
        committed = (OUTPUTS / f"{name}.txt").read_text()
        assert sorted(timeless(committed)) == sorted(timeless(text)), f"{name}: python -m tests.site.outputs"
