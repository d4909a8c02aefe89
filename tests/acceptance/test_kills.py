"""Runs that are killed at every point, for `make soak`: engine, plugin or dynamic server, both flavours.

A seed is the number of calls that Bitbucket has seen when the process is killed. What was made before is recognised by
the next run, so nothing is lost, nothing is made twice, and that run finishes without a hand.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import test_ledger
from tests.acceptance.conftest import EVERY_CREDENTIAL, Stacks
from tests.acceptance.lives import ADA, ALAN, BOB, GRACE, LAPTOP
from tests.acceptance.stack import Stack, processes
from tests.acceptance.test_faults import until
from tests.acceptance.test_ledger import Served, bring_in, held
from tests.conftest import CheckedEmulator

pytestmark = pytest.mark.soak

SEEDS = range(20)
WRITES = ("POST", "PUT", "DELETE")
HELD = {"Grace Hopper": "write", "Bob Kahn": "read", "Alan Turing": "read"}


def commands(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def kill(victim: str) -> None:
    engine, *others = processes() or [0]
    providers = [pid for pid in others if "pulumi.dynamic" in commands(pid) or "pulumi-resource" in commands(pid)]
    for pid in [engine] if victim == "engine" else providers:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL) if pid else None


def recover(stack: Stack, bitbucket: CheckedEmulator) -> None:
    """What a person does after a kill, as docs/promises.md says."""
    until(lambda: not processes())
    bitbucket.server.faults.waiting.clear()
    for attributes in stack.folder.rglob("*.json.attrs"):
        if not attributes.stat().st_size:  # the file backend may leave it so, and then cannot load the checkpoint
            attributes.unlink()
    with suppress(Exception):  # nothing to cancel where the run had ended
        stack.command("cancel", "--yes")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("victim", ["engine", "provider"])
def test_a_killed_run_loses_nothing_and_the_next_finishes(
    sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator, victim: str, seed: int
) -> None:
    people = {GRACE.uuid: "write", BOB.uuid: "read", ALAN.uuid: "read"}

    def program() -> None:
        for user, permission in people.items():
            sdk.RepositoryUserPermission(user, workspace="acme", repo_slug="api", user_id=user, permission=permission)
        sdk.RepositoryUserPermissions("all", workspace="acme", repo_slug="web", permissions=people)
        sdk.WorkspacePipelineVariable("region", workspace="acme", key="REGION", value="eu-west-1")
        sdk.UserSshKey("laptop", user_id=ADA.uuid, key=LAPTOP, label="laptop")

    stack = stacks(program)
    bitbucket.fault("/", delay_ms=30, times=None)  # so that a kill meets work under way
    with stack.under_way("up") as run:
        until(lambda: bitbucket.count() > seed or run.is_over())
        kill(victim)
    recover(stack, bitbucket)
    again = stack.up(refresh=True)
    assert again, again.stdout
    assert bitbucket.repository_permissions("acme", "api") == bitbucket.repository_permissions("acme", "web") == HELD
    assert bitbucket.workspace_variables("acme") == {"REGION": {"value": "eu-west-1", "secured": False}}
    assert [key.label for key in bitbucket.ssh_keys("Ada")] == ["laptop"]
    last = stack.up(refresh=True)
    assert last and not last.changes and not last.found
    assert stack.destroy()
    assert bitbucket.repository_permissions("acme", "api") == bitbucket.repository_permissions("acme", "web") == {}
    assert bitbucket.workspace_variables("acme") == {} and bitbucket.ssh_keys("Ada") == []


@pytest.mark.parametrize("seed", range(10, 130, 40))
@pytest.mark.parametrize("victim", ["engine", "provider"])
def test_a_kill_between_old_names_and_new_ones_takes_nothing_away(
    stacks: Stacks, bitbucket: CheckedEmulator, victim: str, seed: int
) -> None:
    """Of every kind of thing and change, and each kind of provider process before and after."""
    every = [pair for pair in test_ledger.pairs(False) if (pair.before, pair.after) in test_ledger.EACH_KIND]
    bitbucket.populate(repositories=max(pair.number for pair in every))
    nothing = held(bitbucket)
    program = Served()
    stack = stacks(program, EVERY_CREDENTIAL)
    program.wanted = {k: v for pair in every if pair.before != "imported" for k, v in pair.old.items()}
    assert stack.up()
    bring_in(stack, bitbucket, {k: v for pair in every if pair.before == "imported" for k, v in pair.old.items()})
    before = held(bitbucket)

    program.wanted = {k: v for pair in every for k, v in pair.new.items()}
    bitbucket.clear()
    bitbucket.fault("/", delay_ms=30, times=None)
    with stack.under_way("up") as run:
        until(lambda: bitbucket.count() > seed or run.is_over())
        kill(victim)
    recover(stack, bitbucket)
    assert held(bitbucket) == before
    assert (again := stack.up(refresh=True)), again.stdout
    assert held(bitbucket) == before
    assert set(stack.state) == set(program.wanted)
    assert stack.destroy()
    assert held(bitbucket) == nothing
