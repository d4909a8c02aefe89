"""The stack `dev` of this project under the real engine: a copy of its folder, and a Bitbucket on this machine."""

from __future__ import annotations

import os
import runpy
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from bitbucket_user_emulator import Emulator
from pulumi import automation

HERE = Path(__file__).parent
NOT_COPIED = shutil.ignore_patterns("venv", ".venv", "__pycache__")


@pytest.fixture
def bitbucket_seed() -> Path:
    return HERE / "bitbucket.yaml"


@pytest.fixture
def stack(bitbucket: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[automation.Stack]:
    """Gone after the test, state and all. `bitbucket` is what it asks: the environment says so."""
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    folder = shutil.copytree(HERE, tmp_path / "project", ignore=NOT_COPIED)
    settings = automation.LocalWorkspaceOptions(
        work_dir=str(folder),
        env_vars={"PULUMI_BACKEND_URL": f"file://{tmp_path}", "PULUMI_CONFIG_PASSPHRASE": "test"},
    )
    yield automation.create_or_select_stack(
        "dev", project_name="testing", program=lambda: run(folder / "__main__.py"), opts=settings
    )


def run(program: Path) -> None:
    runpy.run_path(str(program))
