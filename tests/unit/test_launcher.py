"""The launcher that native examples commit, since Pulumi.yaml names its folder: which plugin it starts."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.engine.builds import ROOT

NAME = "pulumi-resource-bitbucket-user"
LAUNCHERS = sorted(ROOT.glob(f"examples/*/plugin/{NAME}"))
NATIVE = [path for path in sorted(ROOT.glob("examples/*/Pulumi.yaml")) if "plugins:" in path.read_text()]


@pytest.mark.parametrize("project", NATIVE, ids=lambda path: path.parent.name)
def test_every_folder_that_a_project_names_is_committed_with_the_same_launcher(project: Path) -> None:
    [provider] = yaml.safe_load(project.read_text())["plugins"]["providers"]
    launcher = project.parent / provider["path"] / NAME
    assert launcher in LAUNCHERS
    assert os.access(launcher, os.X_OK)
    assert launcher.read_text() == LAUNCHERS[0].read_text()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "a project"
    shutil.copytree(LAUNCHERS[0].parent, folder / "plugin")
    return folder


def installed(folder: Path, says: str) -> None:
    folder.mkdir(parents=True)
    (folder / NAME).write_text(f'#!/bin/sh\necho {says} "$@"\n')
    (folder / NAME).chmod(stat.S_IRWXU)


def start(project: Path, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.pathsep.join([*([str(path)] if path else []), "/usr/bin", "/bin"])}
    launcher = project / "plugin" / NAME
    return subprocess.run([launcher, "127.0.0.1:1"], env=environ, cwd="/", capture_output=True, text=True)


def test_the_environment_of_pip_comes_before_that_of_uv_and_both_before_path(project: Path, tmp_path: Path) -> None:
    installed(tmp_path / "path", "path")
    assert start(project, tmp_path / "path").stdout == "path 127.0.0.1:1\n"
    installed(project / ".venv" / "bin", "uv")
    assert start(project, tmp_path / "path").stdout == "uv 127.0.0.1:1\n"
    installed(project / "venv" / "bin", "pip")
    assert start(project, tmp_path / "path").stdout == "pip 127.0.0.1:1\n"


def test_without_any_it_says_what_to_type(project: Path) -> None:
    done = start(project)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "The plugin is in neither venv, .venv nor PATH: pip install pulumi-bitbucket-user\n"
