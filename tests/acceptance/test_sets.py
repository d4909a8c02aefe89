"""Sets of grants under the engine: nobody loses access without a preview that says so, and the caller keeps the own."""

from __future__ import annotations

import json
from typing import Any

from tests.acceptance.conftest import Stacks
from tests.acceptance.lives import ADA, ALAN, BOB, GRACE
from tests.acceptance.stack import Run
from tests.conftest import CheckedEmulator

USER = "/repositories/{workspace}/{repo_slug}/permissions-config/users/{selected_user_id}"


class Team:
    """A program with one set on acme/web."""

    def __init__(self, sdk: Any, permissions: dict[str, str], **options: Any) -> None:
        self.sdk = sdk
        self.permissions = permissions
        self.options = options

    def __call__(self) -> None:
        self.sdk.RepositoryUserPermissions(
            "team", workspace="acme", repo_slug="web", permissions=self.permissions, **self.options
        )


def held(bitbucket: CheckedEmulator) -> dict[str, str]:
    return bitbucket.repository_permissions("acme", "web")


def messages(run: Run) -> str:
    """Every message about the set or from its provider."""
    return "\n".join(message for _, name, message in run.said if name in ("team", ""))


def test_strangers_stop_a_create_and_are_removed_only_after_a_preview_has_named_them(
    sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    bitbucket.grant("acme", "web", "Margaret", "write")
    bitbucket.grant("acme", "web", "Ada", "admin")
    team = Team(sdk, {GRACE.uuid: "write"})
    stack = stacks(team)
    run = stack.up()
    assert not run
    assert "acme/web has grants that the map does not name: Margaret Hamilton write" in run.errors["team"]
    assert held(bitbucket) == {"Margaret Hamilton": "write", "Ada Lovelace": "admin"}
    assert "team" not in stack.state

    stack.configure({"adoptExisting": True})
    assert stack.up()
    assert held(bitbucket) == {"Margaret Hamilton": "write", "Ada Lovelace": "admin", "Grace Hopper": "write"}

    bitbucket.clear()
    run = stack.preview()
    assert run.changes == {"team": ["update"]}
    assert "acme/web: − Margaret Hamilton" in messages(run)
    assert "Ada Lovelace" not in messages(run)
    assert not bitbucket.requests
    assert stack.up()
    assert held(bitbucket) == {"Ada Lovelace": "admin", "Grace Hopper": "write"}
    run = stack.up(refresh=True)
    assert run and not run.changes and not run.found

    assert stack.destroy()
    assert held(bitbucket) == {"Ada Lovelace": "admin"}


def test_one_line_says_what_changes_and_an_empty_map_who_loses_what(
    sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    team = Team(sdk, {GRACE.uuid: "write", BOB.uuid: "read"})
    stack = stacks(team)
    assert stack.up()
    team.permissions = {GRACE.uuid: "admin", ALAN.account_id: "read"}
    run = stack.preview()
    assert f"acme/web: + {ALAN.account_id} read · ~ Grace Hopper write → admin · − Bob Kahn" in messages(run)
    if run.details:  # only the plugin can name each entry of the map
        assert run.details["team"] == {
            f'permissions["{ALAN.account_id}"]': "add",
            f'permissions["{BOB.uuid}"]': "delete",
            f'permissions["{GRACE.uuid}"]': "update",
        }
    assert stack.up()
    team.permissions = {}
    run = stack.preview()
    assert "− Alan Turing" in messages(run) and "− Grace Hopper" in messages(run)
    assert stack.up()
    assert held(bitbucket) == {}
    run = stack.up(refresh=True)
    assert run and not run.changes and not run.found


def test_the_caller_goes_only_when_keep_caller_is_off(native: Any, stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    bitbucket.grant("acme", "web", "Ada", "admin")
    team = Team(native, {GRACE.uuid: "write"})
    stack = stacks(team)
    assert stack.up()
    team.options = {"keep_caller": False}
    run = stack.preview()
    assert "− Ada Lovelace" in messages(run)
    assert stack.up()
    assert held(bitbucket) == {"Grace Hopper": "write"}


def test_what_is_not_exclusive_leaves_strangers_alone(native: Any, stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    bitbucket.grant("acme", "web", "Margaret", "write")
    team = Team(native, {GRACE.uuid: "write"}, exclusive=False)
    stack = stacks(team)
    assert stack.up()
    run = stack.up(refresh=True)
    assert run and not run.changes
    team.permissions = {BOB.uuid: "read"}
    assert stack.up()
    assert held(bitbucket) == {"Margaret Hamilton": "write", "Bob Kahn": "read"}
    assert stack.destroy()
    assert held(bitbucket) == {"Margaret Hamilton": "write"}


def test_a_set_that_half_succeeds_says_who_is_done_and_the_next_run_does_the_rest(
    sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    team = Team(sdk, {ALAN.uuid: "read"})
    stack = stacks(team)
    assert stack.up()
    bitbucket.fault(f"/repositories/acme/web/permissions-config/users/{BOB.uuid}", "PUT", status=402)
    team.permissions = {GRACE.uuid: "write", BOB.uuid: "read"}
    run = stack.up()
    assert not run
    message = run.errors["team"]
    assert "acme/web: 1 of 3 changes are done (+ " in message
    assert "no seat left" in message
    assert "not tried, so that nobody loses access meanwhile (− Alan Turing)" in message
    assert held(bitbucket) == {"Alan Turing": "read", "Grace Hopper": "write"}

    bitbucket.clear()
    assert stack.up()
    assert held(bitbucket) == {"Grace Hopper": "write", "Bob Kahn": "read"}
    if not sdk.__name__.endswith("dynamic"):  # dynamic resources cannot keep in state what is done already
        assert (bitbucket.count("PUT"), bitbucket.count("DELETE")) == (1, 1)
    run = stack.up(refresh=True)
    assert run and not run.changes and not run.found


def test_a_create_that_half_succeeds_goes_on_from_there(
    native: Any, stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    bitbucket.fault(f"/repositories/acme/web/permissions-config/users/{BOB.uuid}", "PUT", status=402)
    team = Team(native, {GRACE.uuid: "write", BOB.uuid: "read"})
    stack = stacks(team)
    assert not stack.up()
    assert held(bitbucket) == {"Grace Hopper": "write"}
    assert stack.up()
    assert held(bitbucket) == {"Grace Hopper": "write", "Bob Kahn": "read"}
    run = stack.up(refresh=True)
    assert run and not run.changes and not run.found


def test_the_same_person_under_two_keys_is_found_before_anybody_is_removed(
    native: Any, stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    team = Team(native, {BOB.uuid: "read"})
    stack = stacks(team)
    assert stack.up()
    team.permissions = {GRACE.uuid: "write", GRACE.account_id: "write"}
    run = stack.up()
    assert not run
    assert "the same person" in run.errors["team"]
    assert held(bitbucket)["Bob Kahn"] == "read"
    assert ADA.display_name not in held(bitbucket)


def test_groups_that_are_added_later_are_named_before_anything_is_changed_and_pasted_without_a_write(
    sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    bitbucket.grant_group("acme", "web", "developers", "read")
    team = Team(sdk, {GRACE.uuid: "write"})
    stack = stacks(team)
    assert stack.up()
    assert not bitbucket.count(route_contains="/groups")

    team.permissions, team.options = {GRACE.uuid: "admin"}, {"groups": {"backend": "write"}}
    run = stack.up()
    assert not run
    [error] = run.messages("error", "team")
    assert "acme/web has grants that the map does not name: group developers read; nothing was changed" in error
    pasted = {"backend": "write", "developers": "read"}
    assert f"write groups: {json.dumps(pasted)}" in error and "adoptExisting" in error and "import" not in error
    assert held(bitbucket) == {"Grace Hopper": "write"}
    assert bitbucket.group_permissions("acme", "web") == {"developers": "read"}

    team.permissions, team.options = {GRACE.uuid: "write"}, {"groups": {"developers": "read"}}
    bitbucket.clear()
    assert stack.up()
    assert {one.method for one in bitbucket.requests} == {"GET"}
    team.permissions, team.options = {BOB.uuid: "read"}, {"groups": {"backend": "write"}}
    run = stack.preview()
    assert f"acme/web: + group backend write · + {BOB.uuid} read · − Grace Hopper · − group developers" in messages(run)
    assert stack.up()
    run = stack.up(refresh=True)
    assert run and not run.changes and not run.found
    assert stack.destroy()
    assert bitbucket.group_permissions("acme", "web") == {} == held(bitbucket)


def test_a_preview_refuses_more_removals_than_the_configuration_allows(
    sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    team = Team(sdk, {GRACE.uuid: "write", BOB.uuid: "read"}, groups={"backend": "write"})
    stack = stacks(team, config={"maxRemovals": 1})
    assert stack.up()
    bitbucket.clear()
    team.permissions, team.options = {GRACE.uuid: "read"}, {"groups": {}}
    for run in (stack.preview(), stack.up()):
        assert not run
        [error] = run.messages("error", "team")
        assert "acme/web: 3 would lose access or part of it, and maxRemovals allows 1" in error
        assert "~ Grace Hopper write → read · − Bob Kahn · − group backend" in error
        assert "set bitbucket-user:maxRemovals to 3 or more for this run" in error
    assert not bitbucket.requests
    stack.configure({"maxRemovals": 3})
    assert stack.up()
    assert held(bitbucket) == {"Grace Hopper": "read"}
    stack.configure({"maxRemovals": 0})
    assert stack.destroy()
    assert held(bitbucket) == {}
