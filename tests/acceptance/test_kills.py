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

from tests.acceptance.conftest import Stacks
from tests.acceptance.lives import ADA, ALAN, BOB, GRACE, LAPTOP
from tests.acceptance.stack import processes
from tests.acceptance.test_faults import until
from tests.conftest import CheckedEmulator

SEEDS = range(20)
WRITES = ("POST", "PUT", "DELETE")
HELD = {"Grace Hopper": "write", "Bob Kahn": "read", "Alan Turing": "read"}


def commands(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


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
        engine, *others = processes() or [0]
        providers = [pid for pid in others if "pulumi.dynamic" in commands(pid) or "pulumi-resource" in commands(pid)]
        for pid in [engine] if victim == "engine" else providers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL) if pid else None
    until(lambda: not processes())
    bitbucket.server.faults.waiting.clear()

    for attributes in stack.folder.rglob("*.json.attrs"):
        if not attributes.stat().st_size:  # the file backend may leave it so, and then cannot load the checkpoint
            attributes.unlink()
    with suppress(Exception):  # nothing to cancel where the run had ended
        stack.command("cancel", "--yes")
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
