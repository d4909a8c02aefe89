"""The demo is a promise of the README: it runs through, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from bitbucket_user_emulator import Emulator

from tests.demo import NotAsTold, Scene, workspace
from tests.engine.builds import ROOT
from tests.stacks import example


def test_the_demo_shows_what_it_tells_and_leaves_nothing_behind(tmp_path: Path) -> None:
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    home.mkdir()
    temporary.mkdir()
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(temporary)}
    done = subprocess.run([sys.executable, "-m", "tests.demo"], cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert "API calls in this step: 0" in done.stdout
    assert "steps, each as told" in done.stdout.splitlines()[-1]
    assert not {*shown_in_the_readme()} - {*timeless(done.stdout)}
    assert [*home.iterdir(), *temporary.iterdir()] == []


@pytest.mark.parametrize(
    ("rest", "changes", "calls", "holds", "complaint"),
    [
        ("same", {}, 1, {}, "Pulumi's changes"),
        ("create", {"update": 1}, 1, {}, "Pulumi's changes"),
        ("create", {}, 0, {}, "API calls"),
        ("create", {}, 1, {"variable": "DEPLOY_TOKEN"}, "What Bitbucket holds"),
    ],
)
def test_a_step_that_does_not_show_what_it_should_ends_the_demo(
    rest: str,
    changes: dict[str, int],
    calls: int,
    holds: dict[str, str],
    complaint: str,
    folder: Path,
    bitbucket: Emulator,
) -> None:
    secrets = {"bitbucket-user:apiToken": "ada-dev-api-token", "deployToken": "deploy-me"}
    scene = Scene(example(folder, "team-access", "dev", secrets), bitbucket, lambda: workspace(bitbucket, "acme-dev"))
    with pytest.raises(NotAsTold, match=complaint):
        scene.step("preview", "Told", rest, calls, holds, changes)


def shown_in_the_readme() -> list[str]:
    (block,) = re.findall(r"```\n\$ make demo\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return [line for line in timeless(block) if line != "…"]


def timeless(text: str) -> list[str]:
    """The lines, with ports and seconds replaced: they differ from run to run."""
    return re.sub(r"127\.0\.0\.1:\d+|\d+(\.\d+)?(?= ?s\b)", "N", text).splitlines()
