"""What ten times as many things cost: CPU of the provider for each thing, which has to stay the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from bitbucket_user_emulator import Emulator
from bitbucket_user_provider.config import load
from bitbucket_user_provider.lifecycle import Lifecycle
from bitbucket_user_provider.operation import operation
from bitbucket_user_provider.run.api import Api
from bitbucket_user_provider.run.ledger import Ledger
from bitbucket_user_provider.run.store import Shared

from tests.bench.counts import SET, SINGLE

SIZES = (500, 5_000)
ADA = {"email": "ada@acme.example", "apiToken": "ada-api-token"}


MOST_RATIO = 2.0
"""Of what a thing costs among many to what it costs among few; with more, `make bench CHECK=1` fails."""


class Row(NamedTuple):
    what: str
    milliseconds: tuple[float, ...]
    """For each thing, by size."""

    @property
    def ratio(self) -> float:
        return self.milliseconds[-1] / self.milliseconds[0]


def rows() -> list[Row]:
    return [
        Row("check of single grants of one place, with the run's ledger", tuple(map(_checks, SIZES))),
        Row("diff of a set without a change", tuple(_set(size, "diff") for size in SIZES)),
        Row("refresh of a set", tuple(_set(size, "read") for size in SIZES)),
    ]


def _checks(size: int) -> float:
    ledger = Ledger(lambda: Shared(f"bench-{size}"))
    core = Lifecycle(Api(load(ADA), {}, ledger=ledger))

    def check_all() -> None:
        for number in range(size):
            with operation(f"urn:pulumi:dev::bench::bitbucket-user:index:{SINGLE}::{number}"):
                inputs = {"workspace": "acme", "repoSlug": "api", "userId": f"557058:{number:08}", "permission": "read"}
                assert core.check(SINGLE, inputs) == []

    try:
        return _cpu(check_all, size)
    finally:
        ledger.close()


def _set(size: int, verb: str) -> float:
    with Emulator() as bitbucket:
        bitbucket.populate("acme", repositories=1, people=size)
        people = [one for one in bitbucket.world.people.values() if one.display_name.startswith("Person ")]
        place = bitbucket.place("acme", "repo-0001")
        place.users.update({one.uuid: "read" for one in people})
        core = Lifecycle(Api(load({**ADA, "baseUrl": bitbucket.url}), {}))
        found = core.read(SET, "acme/repo-0001")
        assert found and len(found.outputs["grants"]) >= size
        state, inputs = found.outputs, found.inputs
        calls: dict[str, Callable[[], Any]] = {
            "diff": lambda: core.diff(SET, found.id, state, inputs),
            "read": lambda: core.read(SET, found.id, state, inputs),
        }
        return _cpu(calls[verb], size)


def _cpu(work: Callable[[], Any], size: int) -> float:
    """The least of a few runs: what else the machine does makes a short one twice as long."""
    return min(_once(work, size) for _ in range(5))


def _once(work: Callable[[], Any], size: int) -> float:
    began = time.thread_time()
    work()
    return 1000 * (time.thread_time() - began) / size
