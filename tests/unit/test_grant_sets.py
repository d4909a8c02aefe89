"""Sets: no access ends unannounced, the caller stays, and only differences are sent."""

from __future__ import annotations

from typing import Any

import pytest
from bitbucket_user_emulator.seed import default_world
from bitbucket_user_provider.errors import BitbucketError, Exists, PartialFailure
from bitbucket_user_provider.models.model import UNKNOWN, Change
from bitbucket_user_provider.models.person import bare

from tests.conftest import CheckedEmulator
from tests.unit.core import GRACE as AS_GRACE
from tests.unit.stack import Program, Refused, Stack
from tests.unit.test_grants import sent

ADA, GRACE, BOB, ALAN = map(default_world().person, ("Ada", "Grace", "Bob", "Alan"))
KIND = "RepositoryUserPermissions"


def members(permissions: Any, **more: Any) -> Program:
    """A program of one set."""
    return {"set": (KIND, {"workspace": "acme", "repoSlug": "api", "permissions": permissions, **more})}


def held(bitbucket: CheckedEmulator) -> dict[str, str]:
    """First name → permission."""
    found = bitbucket.repository_permissions("acme", "api")
    return {name.split()[0]: permission for name, permission in found.items()}


def stand(bitbucket: CheckedEmulator, **grants: str) -> None:
    """Somebody grants by hand."""
    for name, permission in grants.items():
        bitbucket.grant("acme", "api", name, permission)


# Create


def test_a_set_is_created_with_one_listing_the_caller_and_one_call_a_person(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.preview(members({GRACE.account_id: "write", BOB.account_id: "read"}))
    assert stack.said == [f"acme/api: + {BOB.account_id} read · + {GRACE.account_id} write"]
    stack.up(members({GRACE.account_id: "write", BOB.account_id: "read"}))
    first, second, *puts = sent(bitbucket)
    assert (first, second, sorted(puts)) == ("LIST", "GET user", ["PUT Bob", "PUT Grace"])
    assert held(bitbucket) == {"Grace": "write", "Bob": "read"}
    state = stack.state[KIND, "set"]
    assert state.id == "acme/api"
    assert [(one["displayName"], one["permission"], one["managed"]) for one in state.outputs["grants"]] == [
        ("Bob Kahn", "read", True),
        ("Grace Hopper", "write", True),
    ]
    assert set(state.outputs["grants"][0]) == {"userUuid", "accountId", "displayName", "permission", "managed"}
    stack.up(members({GRACE.uuid.upper(): "write", bare(BOB.uuid): "read"}))
    assert not stack.diffs["set"]
    assert sent(bitbucket) == []


def test_a_create_that_finds_strangers_names_them_and_writes_nothing(bitbucket: CheckedEmulator) -> None:
    stand(bitbucket, Bob="admin", Alan="read", Grace="read")
    with pytest.raises(Exists) as refusal:
        Stack(bitbucket).up(members({GRACE.account_id: "read", ALAN.account_id: "write"}))
    assert str(refusal.value) == (
        "acme/api has grants that the map does not name: Alan Turing read instead of write, Bob Kahn admin; "
        "nothing was changed"
    )
    assert refusal.value.import_id == "acme/api"
    assert sent(bitbucket) == ["LIST", "GET user"]


def test_the_caller_is_no_stranger(bitbucket: CheckedEmulator) -> None:
    stand(bitbucket, Ada="admin")
    stack = Stack(bitbucket)
    stack.up(members({GRACE.account_id: "read"}))
    assert held(bitbucket) == {"Ada": "admin", "Grace": "read"}
    stack.refresh()
    stack.preview(members({GRACE.account_id: "read"}))
    assert not stack.diffs["set"]


def test_a_caller_who_shall_not_be_kept_is_a_stranger(bitbucket: CheckedEmulator) -> None:
    stand(bitbucket, Ada="admin")
    with pytest.raises(Exists, match="Ada Lovelace admin"):
        Stack(bitbucket).up(members({GRACE.account_id: "read"}, keepCaller=False))
    assert held(bitbucket) == {"Ada": "admin"}


def test_adoption_leaves_strangers_until_a_preview_has_named_them(bitbucket: CheckedEmulator) -> None:
    stand(bitbucket, Bob="admin", Alan="read")
    stack = Stack(bitbucket, adoptExisting=True)
    program = members({GRACE.account_id: "read", ALAN.account_id: "write"})
    stack.up(program)
    assert held(bitbucket) == {"Bob": "admin", "Alan": "write", "Grace": "read"}
    sent(bitbucket)
    stack.preview(program)
    assert stack.diffs["set"].changes == {f'permissions["{BOB.account_id}"]': Change.DELETE}
    assert stack.said == ["acme/api: − Bob Kahn"]
    stack.up(program)
    assert sent(bitbucket) == ["GET user", "DELETE Bob"]
    assert held(bitbucket) == {"Alan": "write", "Grace": "read"}
    stack.preview(program)
    assert not stack.diffs["set"]


def test_a_set_that_stands_there_as_wanted_costs_its_listing_alone(bitbucket: CheckedEmulator) -> None:
    stand(bitbucket, Bob="admin", Grace="read")
    stack = Stack(bitbucket)
    stack.up(members({GRACE.account_id: "read", BOB.account_id: "admin"}))
    stack.refresh()
    assert sent(bitbucket) == ["LIST", "LIST"]


# Update


def test_what_gives_goes_before_what_takes(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up(members({GRACE.account_id: "write", BOB.account_id: "read"}))
    sent(bitbucket)
    program = members({GRACE.account_id: "read", ALAN.account_id: "admin"})
    stack.preview(program)
    assert stack.said == ["acme/api: + 5d5355d2c3f2ab0da2b6a1f4 admin · ~ Grace Hopper write → read · − Bob Kahn"]
    stack.up(program)
    caller, first, *rest = sent(bitbucket)
    assert (caller, first, sorted(rest)) == ("GET user", "PUT Alan", ["DELETE Bob", "PUT Grace"])
    assert stack.diffs["set"].changes == {
        f'permissions["{ALAN.account_id}"]': Change.ADD,
        f'permissions["{GRACE.account_id}"]': Change.UPDATE,
        f'permissions["{BOB.account_id}"]': Change.DELETE,
    }


def test_a_raise_alone_asks_for_nobody(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up(members({GRACE.account_id: "read"}))
    sent(bitbucket)
    stack.up(members({GRACE.account_id: "write"}))
    assert sent(bitbucket) == ["PUT Grace"]


def test_a_failed_grant_keeps_the_removals_from_being_sent(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up(members({GRACE.account_id: "write"}))
    sent(bitbucket)
    bitbucket.fault(ALAN.account_id, method="PUT", status=402)
    program = members({ALAN.account_id: "read", BOB.account_id: "read"})
    with pytest.raises(PartialFailure) as failure:
        stack.up(program)
    caller, *puts = sent(bitbucket)
    assert (caller, sorted(puts)) == ("GET user", ["PUT Alan", "PUT Bob"])
    assert held(bitbucket) == {"Grace": "write", "Bob": "read"}
    done, reason, untried = failure.value.reasons
    assert done == f"acme/api: 1 of 3 changes are done (+ {BOB.account_id} read)"
    assert reason.startswith(f"not done: + {ALAN.account_id} read: PUT /repositories/acme/api/")
    assert "no seat left" in reason
    assert untried == "not tried, so that nobody loses access meanwhile (− Grace Hopper)"
    assert str(failure.value).startswith(done) and "\n" not in str(failure.value)
    assert str(failure.value).endswith(f"{untried}. The next run does what is missing.")
    state = stack.outputs("set")
    assert state["permissions"] == {BOB.account_id: "read", GRACE.account_id: "write"}
    stack.up(program)
    caller, first, second = sent(bitbucket)
    assert (caller, first, second) == ("GET user", "PUT Alan", "DELETE Grace")
    stack.preview(program)
    assert not stack.diffs["set"]


def test_a_failed_removal_is_told_and_tried_again(bitbucket: CheckedEmulator) -> None:
    for exclusive in (True, False):
        stack = Stack(bitbucket)
        stack.up(members({GRACE.account_id: "write", BOB.account_id: "read"}, exclusive=exclusive))
        bitbucket.fault(GRACE.uuid, method="DELETE", status=403)
        program = members({BOB.account_id: "read"}, exclusive=exclusive)
        with pytest.raises(PartialFailure, match="not done: − Grace Hopper: DELETE "):
            stack.up(program)
        stack.preview(program)
        assert stack.said == ["acme/api: − Grace Hopper"]
        stack.up(program)
        assert held(bitbucket) == {"Bob": "read"}
        stack.destroy()


def test_a_partial_create_keeps_what_is_true(bitbucket: CheckedEmulator) -> None:
    bitbucket.fault(BOB.account_id, method="PUT", status=400)
    stack = Stack(bitbucket)
    program = members({GRACE.account_id: "write", BOB.account_id: "read"})
    with pytest.raises(PartialFailure, match="must be a member of the workspace"):
        stack.up(program)
    assert stack.outputs("set")["permissions"] == {GRACE.account_id: "write"}
    sent(bitbucket)
    stack.up(program)
    assert sent(bitbucket) == ["PUT Bob"]
    stack.destroy()
    assert held(bitbucket) == {}


def test_a_drift_is_named_and_put_right(bitbucket: CheckedEmulator) -> None:
    program = members({GRACE.account_id: "write", BOB.account_id: "read"})
    stack = Stack(bitbucket)
    stack.up(program)
    stand(bitbucket, Grace="admin", Alan="write")
    bitbucket.revoke("acme", "api", "Bob")
    sent(bitbucket)
    stack.refresh()
    assert stack.state[KIND, "set"].inputs["permissions"] == {GRACE.account_id: "admin", ALAN.account_id: "write"}
    stack.preview(program)
    assert stack.said == [
        f"acme/api: + {BOB.account_id} read · ~ Grace Hopper admin → write · − Alan Turing",
    ]
    stack.up(program)
    assert sent(bitbucket)[:4] == ["LIST", "GET user", "GET user", "PUT Bob"]
    assert held(bitbucket) == {"Grace": "write", "Bob": "read"}


def test_what_no_refresh_has_seen_stays(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up(members({GRACE.account_id: "write"}))
    stand(bitbucket, Alan="admin")
    stack.up(members({BOB.account_id: "read"}))
    assert held(bitbucket) == {"Alan": "admin", "Bob": "read"}
    stack.destroy()
    assert held(bitbucket) == {"Alan": "admin"}


def test_a_set_that_is_not_exclusive_touches_its_own_people_alone(bitbucket: CheckedEmulator) -> None:
    stand(bitbucket, Alan="admin")
    stack = Stack(bitbucket)
    stack.up(members({GRACE.account_id: "write", BOB.account_id: "read"}, exclusive=False))
    stack.refresh()
    stack.preview(members({GRACE.account_id: "write"}, exclusive=False))
    assert stack.said == ["acme/api: − Bob Kahn"]
    stack.up(members({GRACE.account_id: "write"}, exclusive=False))
    assert held(bitbucket) == {"Alan": "admin", "Grace": "write"}
    stack.preview(members({GRACE.account_id: "write"}))
    assert stack.said == ["acme/api: − Alan Turing"]
    stack.destroy()
    assert held(bitbucket) == {"Alan": "admin"}


def test_an_empty_map_says_who_loses_what(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up(members({GRACE.account_id: "write", BOB.account_id: "read"}))
    stack.preview(members({}))
    assert stack.said == ["acme/api: − Bob Kahn · − Grace Hopper"]
    stack.up(members({}))
    assert held(bitbucket) == {}
    stack.refresh()
    assert stack.outputs("set")["grants"] == []


def test_everybody_who_loses_access_is_named_however_many(bitbucket: CheckedEmulator) -> None:
    bitbucket.populate(people=60)
    people = [bitbucket.person(f"Person {number:04}") for number in range(1, 61)]
    stack = Stack(bitbucket)
    stack.up(members({one.account_id: "read" for one in people[:30]}))
    stack.preview(members({one.account_id: "read" for one in people[30:]}))
    [line] = stack.said
    assert line.count("+ 712020:") == 20 and "· + 10 more · " in line
    assert all(f"− {one.display_name}" in line for one in people[:30])


def test_a_place_that_is_gone_takes_its_set_along(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up(members({GRACE.account_id: "write", BOB.account_id: "read"}))
    del bitbucket.world.workspaces["acme"].repositories["api"]
    stack.refresh()
    assert stack.state == {}
    assert stack.warned == [
        "acme/api answers 404: deleted, or this credential no longer sees it; 2 grants leave the state."
    ]


@pytest.mark.parametrize("at_once", [1, 16])
def test_a_destroy_in_a_place_that_is_gone_is_done(bitbucket: CheckedEmulator, at_once: int) -> None:
    stack = Stack(bitbucket)
    stack.config |= {"maxConcurrentRequests": at_once}
    stack.up(members({GRACE.account_id: "write", BOB.account_id: "read"}))
    del bitbucket.world.workspaces["acme"].repositories["api"]
    sent(bitbucket)
    stack.destroy()
    assert stack.state == {}
    assert sorted(sent(bitbucket)) == ["DELETE Bob", "DELETE Grace", "GET api", "GET permission", "LIST"]
    assert len(stack.warned) == 1 and "acme/api answers 404" in stack.warned[0]


def test_whoever_destroys_goes_last_whoever_has_created(bitbucket: CheckedEmulator) -> None:
    everybody = {one.account_id: "read" for one in (BOB, ALAN)} | {GRACE.account_id: "admin"}
    stack = Stack(bitbucket)
    stack.up(members(everybody))
    sent(bitbucket)
    stack.config |= AS_GRACE
    stack.destroy()
    assert held(bitbucket) == {} and stack.state == {}
    assert sent(bitbucket)[0] == "GET user" and bitbucket.requests == []


def test_whoever_lowers_their_own_level_goes_last(bitbucket: CheckedEmulator) -> None:
    people = {GRACE.account_id: "admin", BOB.account_id: "write", ALAN.account_id: "write"}
    stack = Stack(bitbucket)
    stack.up(members(people))
    stack.config |= AS_GRACE
    stack.up(members(dict.fromkeys(people, "read")))
    assert held(bitbucket) == {"Grace": "read", "Bob": "read", "Alan": "read"}


def test_a_place_that_is_out_of_sight_is_not_taken_for_one_without_the_person(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up(members({GRACE.account_id: "write", BOB.account_id: "read"}))
    stack.config |= {"apiToken": "ada-dev-api-token"}  # of another workspace
    with pytest.raises(PartialFailure, match="not done: − Bob Kahn"):
        stack.up(members({GRACE.account_id: "write"}))
    assert [one["displayName"] for one in stack.outputs("set")["grants"]] == ["Bob Kahn", "Grace Hopper"]
    with pytest.raises(BitbucketError, match="cannot be told apart, so nothing was removed and it stays in the state"):
        stack.destroy()
    assert len(stack.outputs("set")["grants"]) == 2
    stack.refresh()
    assert stack.state == {}
    assert stack.warned == [
        "acme/api answers 404: deleted, or this credential no longer sees it; 2 grants leave the state."
    ]


def test_a_listing_that_is_refused_leaves_the_state(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up(members({GRACE.account_id: "write"}))
    for status in (401, 403):
        bitbucket.fault("permissions-config/users", method="GET", status=status)
        with pytest.raises(BitbucketError, match=f"answered {status}"):
            stack.refresh()
        assert len(stack.state) == 1


def test_a_404_with_a_credential_that_is_refused_leaves_the_state(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up(members({GRACE.account_id: "write"}))
    bitbucket.fault("permissions-config/users", method="GET", status=404)
    bitbucket.fault("/user", status=401)
    with pytest.raises(BitbucketError, match="GET /user answered 401"):
        stack.refresh()
    assert len(stack.state) == 1


# Import and place


def test_a_set_is_imported_with_everyone_but_the_caller(bitbucket: CheckedEmulator) -> None:
    stand(bitbucket, Ada="admin", Grace="write", Bob="read")
    stack = Stack(bitbucket)
    inputs = stack.bring_in(KIND, "set", "acme/api")
    assert sent(bitbucket) == ["LIST", "GET user"]
    assert inputs == {
        "workspace": "acme",
        "repoSlug": "api",
        "permissions": {GRACE.account_id: "write", BOB.account_id: "read"},
    }
    program: Program = {"set": (KIND, inputs)}
    stack.preview(program)
    assert not stack.diffs["set"]
    stack.preview(members({GRACE.account_id: "write"}))
    assert stack.said == ["acme/api: − Bob Kahn"]


def test_an_empty_place_can_be_imported(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    assert stack.bring_in(KIND, "set", "acme/api")["permissions"] == {}
    stack.preview(members({}))
    assert not stack.diffs["set"]


# Cost


def test_five_hundred_people_are_refreshed_with_five_pages_and_changed_one_call_each(
    bitbucket: CheckedEmulator,
) -> None:
    bitbucket.populate(people=500)
    people = [bitbucket.person(f"Person {number:04}") for number in range(1, 501)]
    wanted = {one.account_id: "read" for one in people}
    repository = bitbucket.place("acme", "api")
    repository.users.update({one.uuid: "read" for one in people})
    stack = Stack(bitbucket)
    stack.up(members(wanted))
    assert sent(bitbucket) == ["LIST"] * 5
    stack.refresh()
    assert sent(bitbucket) == ["LIST"] * 5
    wanted |= {people[0].account_id: "write", people[1].account_id: "admin"}
    del wanted[people[2].account_id]
    stack.up(members(wanted))
    caller, *changes = sent(bitbucket)
    assert caller == "GET user" and sorted(changes) == ["DELETE Person", "PUT Person", "PUT Person"]


def test_what_is_not_known_yet_is_neither_granted_nor_taken_in_a_preview(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.preview(members(UNKNOWN))
    stack.preview(members({GRACE.account_id: UNKNOWN, BOB.account_id: "read"}))
    stack.up(members({GRACE.account_id: "write"}))
    shown = stack.preview(members({GRACE.account_id: UNKNOWN}))
    assert stack.diffs["set"].changes == {f'permissions["{GRACE.account_id}"]': Change.UPDATE}
    assert shown["set"]["grants"] is UNKNOWN
    stack.preview(members(UNKNOWN))
    assert stack.diffs["set"].changes == {"permissions": Change.UPDATE}
    assert stack.said == [] and stack.warned == []


def test_a_project_has_a_set_too(bitbucket: CheckedEmulator) -> None:
    inputs = {"workspace": "acme", "projectKey": "CORE", "permissions": {GRACE.account_id: "create-repo"}}
    stack = Stack(bitbucket)
    stack.up({"set": ("ProjectUserPermissions", inputs)})
    assert bitbucket.project_permissions("acme", "CORE") == {"Grace Hopper": "create-repo"}
    lower = {**inputs, "permissions": {GRACE.account_id: "write"}}
    stack.preview({"set": ("ProjectUserPermissions", lower)})
    assert stack.said == ["acme/CORE: ~ Grace Hopper create-repo → write"]
    stack.destroy()
    assert bitbucket.project_permissions("acme", "CORE") == {}


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"group": {}}, "unknown property"),
        ({"exclusive": "yes"}, "exclusive: must be true or false"),
        ({"permissions": []}, "permissions: must be a map"),
        ({"permissions": {"grace": "read"}}, r'permissions\["grace"\]: .*neither an account id nor a UUID'),
        ({"permissions": {GRACE.uuid: "none"}}, r"\]: is not allowed; it is one of read, write, admin"),
    ],
)
def test_what_no_set_can_have_is_refused_at_check(bitbucket: CheckedEmulator, more: Any, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        Stack(bitbucket).preview(members(**{"permissions": {}, **more}))
