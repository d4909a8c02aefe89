"""What version 0.1 did to users and nothing may do again: a test for each way in which access or a secret was lost."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pulumi
import pulumi_bitbucket_user as native
import pulumi_bitbucket_user.dynamic as dynamic
import pytest

from tests.acceptance.conftest import PLUGIN, Stacks
from tests.acceptance.lives import BOB, GRACE
from tests.acceptance.stack import Run, Stack, processes
from tests.acceptance.test_faults import until, written
from tests.conftest import CheckedEmulator

pytestmark = pytest.mark.fault

Program = Callable[[], object]


class Changing:
    """A program that a test replaces between two runs."""

    def __init__(self, program: Program = lambda: None) -> None:
        self.program = program

    def __call__(self) -> None:
        self.program()


def good(run: Run) -> Run:
    assert run, run.errors or run.stdout
    return run


def settled(stack: Stack) -> None:
    """One more run, after a look at Bitbucket, changes nothing."""
    run = good(stack.up(refresh=True))
    assert not run.changes and not run.found


def grant(sdk: Any, name: str, user: Any = GRACE.uuid, permission: str = "write", **more: Any) -> Any:
    opts = more.pop("opts", None)
    place = {"workspace": "acme", "repo_slug": "api", **more}
    return sdk.RepositoryUserPermission(name, **place, user_id=user, permission=permission, opts=opts)


def variable(name: str, key: str, value: str, **more: Any) -> Any:
    inputs = {"workspace": "acme", "secured": True, **more}
    return native.WorkspacePipelineVariable(name, key=key, value=value, **inputs)


def bring_in(stack: Stack, kind: str, **ids: str) -> None:
    """`pulumi import` of these, by name."""
    (stack.folder / "Pulumi.yaml").write_text("name: acceptance\nruntime: yaml\n")
    resources = [{"type": f"bitbucket-user:index:{kind}", "name": name, "id": id} for name, id in ids.items()]
    (stack.folder / "imported.json").write_text(json.dumps({"resources": resources}))
    options = ("--generate-code=false", "--protect=false", "--yes", "--skip-preview")
    stack.command("import", "--file", "imported.json", *options)


# Values that were never known


def test_no_imported_secret_is_replaced_by_an_empty_one(stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    for key in ("OPENED", "MOVED", "UNSET"):
        bitbucket.set_variable("acme", key, f"secret of {key}", secured=True)
    before = bitbucket.workspace_variables("acme")
    program = Changing()
    stack = stacks(program)
    bring_in(stack, "WorkspacePipelineVariable", opened="acme/OPENED", moved="acme/MOVED")
    uuid = bitbucket.world.workspaces["acme"].uuid

    def changed() -> None:
        variable("opened", "OPENED", "", secured=False)
        variable("moved", "MOVED", "", workspace=uuid)

    program.program = changed
    for command in (stack.preview, stack.up):
        run = command()
        assert not run
        assert bitbucket.workspace_variables("acme") == before
    assert "opened" in run.errors or "moved" in run.errors


def test_no_value_that_is_missing_in_the_environment_takes_the_place_of_a_good_secret(
    stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    program = Changing(lambda: variable("token", "TOKEN", "good"))
    stack = stacks(program)
    good(stack.up())
    program.program = lambda: variable("token", "TOKEN", "")
    assert not stack.preview()
    assert not stack.up()
    assert bitbucket.workspace_variables("acme") == {"TOKEN": {"value": "good", "secured": True}}


# Names of places and people


def test_no_second_up_revokes_everybody_where_answers_leave_account_ids_out(
    sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    bitbucket.switches.account_ids = False
    permissions = {GRACE.account_id: "write", BOB.account_id: "read"}
    stack = stacks(
        lambda: sdk.RepositoryUserPermissions("all", workspace="acme", repo_slug="api", permissions=permissions)
    )
    good(stack.up())
    for _ in range(2):
        run = good(stack.up(refresh=True))
        assert not run.changes
        assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "write", "Bob Kahn": "read"}


def test_no_spelling_of_a_repository_makes_it_another_one(sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    """With another name of the resource, and with the same."""
    acme = bitbucket.world.workspaces["acme"]
    spellings = [
        {"workspace": "ACME", "repo_slug": "Api"},
        {"repo_slug": acme.repositories["api"].uuid},
        {"repo_slug": acme.repositories["api"].uuid.strip("{}")},
        {"workspace": acme.uuid, "repo_slug": acme.repositories["api"].uuid},
        {"workspace": acme.uuid.strip("{}"), "repo_slug": "api"},
    ]
    program = Changing()

    def spelt(number: int, **place: str) -> Program:
        def both() -> None:
            grant(sdk, "same name", BOB.uuid, **place)
            grant(sdk, f"name {number}", GRACE.uuid, **place)

        return both

    program.program = spelt(0)
    stack = stacks(program)
    good(stack.up())
    held = {"Grace Hopper": "write", "Bob Kahn": "write"}
    for number, place in enumerate(spellings, 1):
        program.program = spelt(number, **place)
        good(stack.up())
        assert bitbucket.repository_permissions("acme", "api") == held, place
        assert set(stack.state) == {"same name", f"name {number}"}
    settled(stack)
    good(stack.destroy())
    assert bitbucket.repository_permissions("acme", "api") == {}


def test_a_repository_that_was_renamed_in_bitbucket_does_not_stop_up_and_destroy(
    sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    program = Changing(lambda: grant(sdk, "grace"))
    stack = stacks(program)
    good(stack.up())
    bitbucket.rename_repository("acme", "api", "interface")
    good(stack.refresh())

    def more() -> None:
        grant(sdk, "grace", permission="read")
        grant(sdk, "bob", BOB.uuid)

    program.program = more
    good(stack.up())
    assert bitbucket.repository_permissions("acme", "interface") == {"Grace Hopper": "read", "Bob Kahn": "write"}
    good(stack.destroy())
    assert bitbucket.repository_permissions("acme", "interface") == {}


def test_no_grant_of_two_resources_for_one_person_is_one_that_no_state_holds(
    sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    """One names her by UUID, the other by account id: that it is one person shows when Bitbucket is asked."""

    def program() -> None:
        grant(sdk, "by uuid", GRACE.uuid)
        grant(sdk, "by account id", GRACE.account_id)

    stack = stacks(program)
    assert not stack.up()
    good(stack.destroy())
    assert bitbucket.repository_permissions("acme", "api") == {}


def test_no_set_that_names_one_person_twice_writes_anything(
    sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    permissions = {GRACE.uuid: "write", GRACE.account_id: "read", BOB.uuid: "read"}
    stack = stacks(
        lambda: sdk.RepositoryUserPermissions("all", workspace="acme", repo_slug="api", permissions=permissions)
    )
    assert not stack.up()
    assert bitbucket.repository_permissions("acme", "api") == {}
    assert bitbucket.count("PUT") == 0


# States of other versions, other stacks


def edited(stack: Stack, edit: Callable[[dict[str, Any]], object]) -> None:
    """Changes the outputs of the only resource in the state."""
    deployment = stack.automation.export_stack()
    assert deployment.deployment
    [one] = [one for one in deployment.deployment["resources"] if not one["type"].startswith("pulumi:")]
    edit(one["outputs"])
    stack.automation.import_stack(deployment)


def test_no_state_of_another_version_stops_a_set_or_lets_its_grants_live_on(
    sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    permissions = {GRACE.uuid: "write"}
    stack = stacks(
        lambda: sdk.RepositoryUserPermissions("all", workspace="acme", repo_slug="api", permissions=permissions)
    )
    good(stack.up())
    edited(stack, lambda outputs: outputs["grants"][0].update(grantedBy="a later version"))
    permissions[BOB.uuid] = "read"
    good(stack.up())
    assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "write", "Bob Kahn": "read"}
    edited(stack, lambda outputs: outputs.pop("grants"))
    run = stack.destroy()
    left = bitbucket.repository_permissions("acme", "api")
    assert not run or left == {}, "destroy has left grants behind"
    good(stack.refresh())
    good(stack.destroy())
    assert bitbucket.repository_permissions("acme", "api") == {}


def test_no_grant_that_was_there_already_is_taken_over_without_a_word(
    stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    stack, other = stacks(lambda: grant(native, "ours")), stacks(lambda: grant(native, "theirs"), name="other")
    good(stack.up())
    run = good(other.up())
    assert "was there already" in run.remarks.get("theirs", ""), run.said


# Deletes that come early, and creates that never come


@pytest.mark.parametrize("creating", ["the same process", "another process"])
def test_no_delete_before_replace_takes_what_another_resource_creates_meanwhile(
    creating: str, stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    """The new resource is registered while the delete is under way, and finds the grant there still."""
    first = pulumi.ResourceOptions(delete_before_replace=True)
    sdk: Any = native if creating == "the same process" else dynamic

    async def once_it_is_under_way() -> str:
        while bitbucket.server.faults.waiting:
            await asyncio.sleep(0.01)
        return GRACE.uuid

    def after() -> None:
        grant(native, "moving", BOB.uuid, opts=first)
        grant(sdk, "new", pulumi.Output.from_input(once_it_is_under_way()))

    program = Changing(lambda: grant(native, "moving", GRACE.uuid, opts=first))
    stack = stacks(program)
    good(stack.up())
    program.program = after
    grants = f"/repositories/acme/api/permissions-config/users/{GRACE.uuid}"
    bitbucket.fault(grants, "DELETE", delay_ms=2_000)
    good(stack.up())
    assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "write", "Bob Kahn": "write"}
    settled(stack)


def test_no_old_name_leaves_the_state_for_a_new_one_that_was_never_created(
    stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    """Of a dynamic resource whose dependency has failed the engine says nothing to anybody."""

    def after() -> None:
        failing = grant(native, "failing", repo_slug="nowhere")
        grant(native, "new", opts=pulumi.ResourceOptions(depends_on=[failing]))

    program = Changing(lambda: grant(native, "old"))
    stack = stacks(program)
    good(stack.up())
    program.program = after
    run = stack.up(continue_on_error=True)
    assert not run
    assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "write"}
    assert "old" in stack.state, "nothing manages the grant any more"
    assert "was not created: it stays" in run.errors["old"]
    good(stack.destroy())
    assert bitbucket.repository_permissions("acme", "api") == {}


# Processes that live longer or shorter than a run


@contextmanager
def by_hand(environ: dict[str, str]) -> Iterator[int]:
    """A plugin that somebody has started, with its port."""
    with subprocess.Popen([PLUGIN], stdout=subprocess.PIPE, text=True, env={**os.environ, **environ}) as plugin:
        assert plugin.stdout
        try:
            yield int(plugin.stdout.readline())
        finally:
            plugin.send_signal(signal.SIGINT)


def test_a_plugin_that_was_started_by_hand_serves_one_run_after_the_other(
    stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    programs = Changing(), Changing()
    one, other = stacks(programs[0]), stacks(programs[1], name="other")
    with by_hand({**one.environ}) as port:
        one.environ["PULUMI_DEBUG_PROVIDERS"] = other.environ["PULUMI_DEBUG_PROVIDERS"] = f"bitbucket-user:{port}"
        for name in ("old", "new"):
            programs[0].program = partial(grant, native, name)
            programs[1].program = partial(grant, native, name, BOB.uuid, repo_slug="web")
            good(one.up())
            good(other.up())
            assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "write"}
            assert bitbucket.repository_permissions("acme", "web") == {"Bob Kahn": "write"}
            assert set(one.state) == set(other.state) == {name}
        good(one.destroy())
        good(other.destroy())
    assert bitbucket.repository_permissions("acme", "api") == bitbucket.repository_permissions("acme", "web") == {}


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_run_that_was_killed_takes_nothing_from_the_next_and_its_processes_go(
    stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    def after() -> None:
        grant(native, "grace is native")
        grant(dynamic, "bob is renamed", BOB.uuid)
        grant(dynamic, "slow", BOB.uuid, repo_slug="web")

    def before() -> None:
        grant(dynamic, "grace")
        grant(dynamic, "bob", BOB.uuid)

    program = Changing(before)
    stack = stacks(program)
    good(stack.up())
    program.program = after
    bitbucket.fault(f"/repositories/acme/web/permissions-config/users/{BOB.uuid}", "PUT", delay_ms=60_000)
    with stack.under_way("up"):
        until(lambda: {"grace is native", "bob is renamed"} <= written(stack))
        until(lambda: not bitbucket.server.faults.waiting)  # it is under way
        engine, *providers = processes()
        os.kill(engine, signal.SIGKILL)
    until(lambda: not any(map(lives, providers)))
    bitbucket.clear()

    stack.command("cancel", "--yes")
    assert not bitbucket.requests
    good(stack.up())
    assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "write", "Bob Kahn": "write"}
    assert bitbucket.repository_permissions("acme", "web") == {"Bob Kahn": "write"}
    assert set(stack.state) == {"grace is native", "bob is renamed", "slow"}
    settled(stack)
    good(stack.destroy())
    assert bitbucket.repository_permissions("acme", "api") == bitbucket.repository_permissions("acme", "web") == {}
