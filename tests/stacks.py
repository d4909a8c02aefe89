"""An example as a Pulumi stack: its own program and configuration, in a copy of its folder under a temporary home.

The program runs inline, in this process: that needs no language host, which not every machine has.
"""

from __future__ import annotations

import os
import runpy
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bitbucket_user_emulator import Emulator
from pulumi import automation as auto

from tests.acceptance.stack import Stack
from tests.engine import engine
from tests.engine.builds import ROOT

EXAMPLES = ROOT / "examples"


@contextmanager
def home(bitbucket: Emulator) -> Iterator[Path]:
    """A temporary folder for stacks. Meanwhile the environment names this Bitbucket and holds no credential."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(("BITBUCKET_", "PULUMI_")):
            del os.environ[name]
    os.environ["PATH"] = os.pathsep.join([str(engine()), before["PATH"]])
    os.environ["BITBUCKET_BASE_URL"] = bitbucket.url
    try:
        with tempfile.TemporaryDirectory(prefix="bitbucket-user-") as folder:
            yield Path(folder)
    finally:
        os.environ.clear()
        os.environ.update(before)


def example(
    home: Path, name: str, stack: str, secrets: Mapping[str, str], environ: Mapping[str, str] | None = None
) -> Stack:
    """A stack of an example with its Pulumi.STACK.yaml, and with secrets as `pulumi config set --secret` puts them."""
    project = home / name
    if not project.exists():
        shutil.copytree(EXAMPLES / name, project, ignore=shutil.ignore_patterns("venv", "node_modules", "bin"))
    os.environ.update(environ or {})
    made = Stack(home, project, lambda: _run(project / "__main__.py"), environ or {}, name=stack)
    made.automation.set_all_config({key: auto.ConfigValue(value, secret=True) for key, value in secrets.items()})
    return made


def with_plugin(stack: Stack) -> Stack:
    """A stack in whose folder `venv` is the environment that has the plugin, where the launcher finds it."""
    (stack.folder / "venv").symlink_to(ROOT / ".venv")
    return stack


def _run(program: Path) -> None:
    runpy.run_path(str(program))
