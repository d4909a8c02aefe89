"""Calls of functions with an emulator whose exchanges are held against the contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bitbucket_user_emulator import Emulator
from bitbucket_user_provider.config import load
from bitbucket_user_provider.invoke import Invoker
from bitbucket_user_provider.run.api import Api

from tests import contract
from tests.unit.core import ADA, BOT, CONSUMER, GRACE

CREDENTIALS: dict[str, dict[str, str]] = {"ada": ADA, "grace": GRACE, "oauth": CONSUMER, "access token": BOT}
"""Ada administers the workspace, Grace is a member."""


def emulator() -> Iterator[Emulator]:
    """For `yield from` in a fixture."""
    with Emulator() as bitbucket:
        yield bitbucket
        gone = bitbucket.world.switches.gone  # the contract has these operations, but not that they are gone
        assert contract.problems(one for one in bitbucket.requests if one.status != gone.get(one.route)) == []


def api_of(bitbucket: Emulator, *who: str, environ: dict[str, str] | None = None) -> Api:
    """The core with these credentials side by side; Ada's when none is named."""
    configured: dict[str, Any] = {}
    for one in who or ("ada",):
        configured |= CREDENTIALS[one]
    return Api(load(configured), {"BITBUCKET_BASE_URL": bitbucket.url, **(environ or {})})


def ask(bitbucket: Emulator, name: str, *who: str, **args: Any) -> dict[str, Any]:
    """The answer of one function, as of a new process: nothing is remembered from earlier calls."""
    return Invoker(api_of(bitbucket, *who)).call(name, args)
