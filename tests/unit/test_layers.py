"""The core is plain Python on few libraries: start-up is what a user waits for."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

NOT_IN_THE_CORE = {"pulumi", "grpc", "google", "asyncio", "unittest", "multiprocessing"}
NOT_WITHOUT_A_REQUEST = {"requests", "urllib3", "ssl", "http"}
MOST_MODULES = 350
"""Python's own included."""


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The modules that importing the core has loaded in a fresh interpreter."""
    program = "import json, sys, bitbucket_user_provider.lifecycle; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout))


def test_the_core_loads_neither_pulumi_nor_grpc_nor_anything_heavy(loaded: set[str]) -> None:
    assert {name.partition(".")[0] for name in loaded} & NOT_IN_THE_CORE == set()


def test_what_sends_requests_is_loaded_with_the_first(loaded: set[str]) -> None:
    """A preview, and an `up` that finds nothing to do, send none."""
    assert {name.partition(".")[0] for name in loaded} & NOT_WITHOUT_A_REQUEST == set()


def test_the_core_loads_few_modules(loaded: set[str]) -> None:
    assert len(loaded) <= MOST_MODULES
