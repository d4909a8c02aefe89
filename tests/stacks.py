"""An example as a Pulumi stack: its own program and configuration, a copy of its folder, a temporary home and backend.

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

from pulumi import automation as auto

from tests.emulator import Emulator
from tests.engine import engine
from tests.engine.builds import ROOT

EXAMPLES = ROOT / "examples"
FOREIGN = ("BITBUCKET_", "PULUMI_")


class Home:
    """Where the stacks of one test or demo live."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "backend").mkdir()

    def stack(
        self, example: str, name: str, bitbucket: Emulator, secrets: Mapping[str, str], **environment: str
    ) -> auto.Stack:
        """A stack of an example with its Pulumi.NAME.yaml, and these secrets as a user sets them."""
        project = self.folder / example
        if not project.exists():
            shutil.copytree(EXAMPLES / example, project)
        os.environ.update(environment, BITBUCKET_BASE_URL=bitbucket.url)
        stack = auto.create_or_select_stack(
            name,
            project_name=example,
            program=lambda: _run(project / "__main__.py"),
            opts=auto.LocalWorkspaceOptions(
                work_dir=str(project),
                env_vars={
                    "PULUMI_HOME": str(self.folder / "pulumi"),
                    "PULUMI_BACKEND_URL": f"file://{self.folder / 'backend'}",
                    "PULUMI_CONFIG_PASSPHRASE": "passphrase",
                    "PULUMI_SKIP_UPDATE_CHECK": "1",
                },
            ),
        )
        stack.set_all_config({key: auto.ConfigValue(value, secret=True) for key, value in secrets.items()})
        return stack


def _run(program: Path) -> None:
    runpy.run_path(str(program))


@contextmanager
def home() -> Iterator[Home]:
    """A home that is gone afterwards. Nobody's credentials or Pulumi settings are in the environment meanwhile."""
    before = dict(os.environ)
    for name in list(os.environ):
        if name.startswith(FOREIGN):
            del os.environ[name]
    os.environ["PATH"] = os.pathsep.join([str(engine()), os.environ["PATH"]])
    try:
        with tempfile.TemporaryDirectory(prefix="bitbucket-user-") as folder:
            yield Home(Path(folder))
    finally:
        os.environ.clear()
        os.environ.update(before)
