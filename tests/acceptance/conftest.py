"""Stacks under the real engine, against an emulator of their own."""

from __future__ import annotations

import gc
import importlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from bitbucket_user_emulator import Emulator

from tests.acceptance.stack import Program, Stack
from tests.engine import engine
from tests.engine.builds import ROOT
from tests.stacks import home as examples_home

ADA = {"BITBUCKET_EMAIL": "ada@acme.example", "BITBUCKET_API_TOKEN": "ada-api-token"}
CONSUMER = {
    "BITBUCKET_OAUTH_CLIENT_ID": "acme-consumer",
    "BITBUCKET_OAUTH_CLIENT_SECRET": "acme-consumer-secret",
}
APP = {"BITBUCKET_JWT": "acme-connect-jwt"}
EVERY_CREDENTIAL = ADA | CONSUMER | APP
MODULES = {"dynamic": "pulumi_bitbucket_user.dynamic", "native": "pulumi_bitbucket_user"}
OTHER_REVISION = os.environ.get("PROVIDER_UNDER_TEST")
"""Where `make faults` has put the provider of another revision, for the processes of the engine alone."""
PLUGIN = Path(OTHER_REVISION or ROOT / ".venv") / "bin" / "pulumi-resource-bitbucket-user"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes too long for every run waits for `make soak`; pytest's last line counts it as deselected."""
    if "SOAK" not in os.environ:
        waiting = [item for item in items if item.get_closest_marker("soak")]
        config.hook.pytest_deselected(items=waiting)
        items[:] = [item for item in items if item not in waiting]


Stacks = Callable[..., Stack]


@pytest.fixture(scope="session", autouse=True)
def home() -> Iterator[Path]:
    """Pulumi's home folder for the session, with the engine and the plugin on PATH."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="bitbucket-user-") as folder:
        patch.setenv("PATH", os.pathsep.join([str(engine()), str(PLUGIN.parent), os.environ["PATH"]]))
        yield Path(folder)


@pytest.fixture(scope="module", autouse=True)
def collected() -> Iterator[None]:
    """Collects the coroutines and sockets that Pulumi leaves open when the engine stops a program.

    They warn when they are collected, and a warning in the middle of another test would fail that one.
    """
    yield
    gc.collect()


@pytest.fixture
def stacks(home: Path, bitbucket: Emulator) -> Iterator[Stacks]:
    """Makes stacks of this test's own."""
    with tempfile.TemporaryDirectory(dir=home) as folder:

        def make(
            program: Program,
            environ: Mapping[str, str] = ADA,
            config: Mapping[str, Any] | None = None,
            name: str = "dev",
        ) -> Stack:
            place = Path(folder) / name
            place.mkdir()
            served = {"PYTHONPATH": str(Path(OTHER_REVISION) / "provider")} if OTHER_REVISION else {}
            return Stack(home, place, program, {"BITBUCKET_BASE_URL": bitbucket.url, **served, **environ}, config, name)

        yield make


@pytest.fixture
def folder(bitbucket: Emulator) -> Iterator[Path]:
    """Where examples of this test's own become stacks."""
    with examples_home(bitbucket) as folder:
        yield folder


@pytest.fixture(params=["dynamic", "native"])
def sdk(request: pytest.FixtureRequest) -> Any:
    """The module that a program imports, of each flavour in turn; nothing else differs between them."""
    return importlib.import_module(MODULES[request.param])


@pytest.fixture
def native() -> Any:
    """The module of the plugin, for tests that would show nothing more with dynamic resources."""
    return importlib.import_module(MODULES["native"])
