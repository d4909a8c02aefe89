"""Groups in sets: managed where the program names them, with all that a set promises of people."""

from __future__ import annotations

from typing import Any

import pytest
from bitbucket_user_emulator.seed import default_world
from bitbucket_user_provider.errors import BitbucketError, Cancelled, Exists, InvalidInput, PartialFailure
from bitbucket_user_provider.models.model import UNKNOWN, Change
from bitbucket_user_provider.models.person import bare
from bitbucket_user_provider.rest.governor import Governor
from bitbucket_user_provider.run.grants import REPOSITORY_GROUPS, REPOSITORY_USERS

from tests.conftest import CheckedEmulator
from tests.unit.stack import Program, Refused, Stack, urn_of

GRACE, BOB = map(default_world().person, ("Grace", "Bob"))
KIND = "RepositoryUserPermissions"
SINGLE = "RepositoryGroupPermission"
WEB = {"workspace": "acme", "repo_slug": "web"}


def team(permissions: Any = None, groups: Any = None, **more: Any) -> Program:
    """A program of one set on acme/web, without groups where `groups` is None."""
    inputs = {"workspace": "acme", "repoSlug": "web", "permissions": permissions or {}, **more}
    return {"set": (KIND, inputs if groups is None else {**inputs, "groups": groups})}


def single(slug: str, permission: str = "write") -> tuple[str, dict[str, Any]]:
    return SINGLE, {"workspace": "acme", "repoSlug": "web", "groupSlug": slug, "permission": permission}


def groups(bitbucket: CheckedEmulator) -> dict[str, str]:
    return bitbucket.group_permissions("acme", "web")


def people(bitbucket: CheckedEmulator) -> dict[str, str]:
    return bitbucket.repository_permissions("acme", "web")


def stand(bitbucket: CheckedEmulator, **grants: str) -> None:
    for slug, permission in grants.items():
        bitbucket.grant_group("acme", "web", slug, permission)


def sent(bitbucket: CheckedEmulator) -> list[str]:
    """What was sent since the last look; LIST and what is listed, writes by the group's slug or as of a person."""
    calls = []
    for one in bitbucket.requests:
        kind, _, last = one.path.partition("/permissions-config/")[2].partition("/")
        calls.append(f"LIST {kind}" if kind and not last else f"{one.method} {last if kind == 'groups' else kind}")
    bitbucket.clear()
    return calls


# What is not managed


def test_a_set_without_groups_never_asks_for_them(bitbucket: CheckedEmulator) -> None:
    stand(bitbucket, developers="admin")
    stack = Stack(bitbucket)
    shown = stack.preview(team({GRACE.uuid: "write"}))
    assert "groupGrants" not in shown["set"]
    stack.up(team({GRACE.uuid: "write"}))
    stack.refresh()
    stack.up(team({BOB.uuid: "read"}))
    stack.destroy()
    assert bitbucket.count(route_contains="/groups") == 0
    assert groups(bitbucket) == {"developers": "admin"}


def test_groups_that_a_program_names_no_more_are_left_as_they_are_without_a_call(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up(team(groups={"backend": "write"}))
    sent(bitbucket)
    stack.preview(team())
    assert stack.diffs["set"].changes == {"groups": Change.DELETE}
    stack.up(team())
    assert sent(bitbucket) == []
    assert groups(bitbucket) == {"backend": "write"}
    assert {"groups", "groupGrants"}.isdisjoint(stack.outputs("set"))
    stack.destroy()
    assert groups(bitbucket) == {"backend": "write"}


# What it costs and says


def test_a_set_with_groups_costs_two_listings_and_one_call_a_difference(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    program = team({GRACE.uuid: "write"}, {"backend": "write", "developers": "read"})
    stack.preview(program)
    assert stack.said == [
        f"acme/web: + group backend write · + group developers read · + {GRACE.uuid} write",
    ]
    stack.up(program)
    assert sorted(sent(bitbucket)) == [
        "GET ",
        "LIST groups",
        "LIST users",
        "PUT backend",
        "PUT developers",
        "PUT users",
    ]
    assert stack.outputs("set")["groupGrants"] == [
        {"groupSlug": "backend", "groupName": "Backend", "permission": "write", "managed": True},
        {"groupSlug": "developers", "groupName": "Developers", "permission": "read", "managed": True},
    ]
    stack.refresh()
    assert sorted(sent(bitbucket)) == ["LIST groups", "LIST users"]
    stack.up(program)
    assert not stack.diffs["set"] and sent(bitbucket) == []
    stack.destroy()
    assert groups(bitbucket) == people(bitbucket) == {}


def test_one_line_names_people_and_groups_and_each_path_changes(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up(team({BOB.uuid: "read"}, {"backend": "read", "frontend": "write"}))
    changed = team({GRACE.uuid: "read"}, {"backend": "write", "developers": "read"})
    stack.preview(changed)
    assert stack.said == [
        f"acme/web: + group developers read · + {GRACE.uuid} read · ~ group backend read → write · − Bob Kahn · "
        "− group frontend"
    ]
    assert stack.diffs["set"].changes == {
        f'permissions["{GRACE.uuid}"]': Change.ADD,
        f'permissions["{BOB.uuid}"]': Change.DELETE,
        'groups["backend"]': Change.UPDATE,
        'groups["developers"]': Change.ADD,
        'groups["frontend"]': Change.DELETE,
    }
    stack.up(changed)
    assert groups(bitbucket) == {"backend": "write", "developers": "read"}
    assert people(bitbucket) == {"Grace Hopper": "read"}


def test_a_group_loses_its_administrators_right_after_the_others_and_before_the_caller(
    bitbucket: CheckedEmulator,
) -> None:
    """The caller may administer the place by that group alone, which nothing tells."""
    stack = Stack(bitbucket)
    for slug in ("developers", "frontend"):
        bitbucket.create_group("acme", slug)
    stack.up(team({GRACE.uuid: "write"}, {"backend": "admin", "developers": "write", "frontend": "write"}))
    sent(bitbucket)
    stack.up(team({}, {}))
    *others, last = sent(bitbucket)
    assert last == "DELETE backend" and sorted(others) == [
        "DELETE developers",
        "DELETE frontend",
        "DELETE users",
        "GET ",
    ]


def test_groups_that_are_not_known_yet_are_neither_granted_nor_taken_in_a_preview(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up(team({GRACE.uuid: "write"}, {"backend": "write"}))
    stack.preview(team({GRACE.uuid: "write"}, UNKNOWN))
    assert stack.diffs["set"].changes == {"groups": Change.UPDATE}
    stack.preview(team({GRACE.uuid: "write"}, {"backend": UNKNOWN}))
    assert stack.diffs["set"].changes == {'groups["backend"]': Change.UPDATE}
    stack.preview(team(UNKNOWN, {"backend": "write"}))
    assert stack.diffs["set"].changes == {"permissions": Change.UPDATE}
    assert stack.said == []


# Nobody loses access unnamed


def test_a_create_names_strange_groups_with_the_map_to_paste_and_writes_nothing(bitbucket: CheckedEmulator) -> None:
    stand(bitbucket, administrators="admin", backend="read")
    with pytest.raises(Exists) as refusal:
        Stack(bitbucket).up(team({GRACE.uuid: "read"}, {"backend": "write", "frontend": "read"}))
    assert str(refusal.value) == (
        "acme/web has grants that the map does not name: group backend read instead of write, group administrators "
        'admin; nothing was changed. To keep the groups as they are, write groups: {"administrators": "admin", '
        '"backend": "read", "frontend": "read"}'
    )
    assert sorted(sent(bitbucket)) == ["GET ", "LIST groups", "LIST users"]


@pytest.mark.parametrize("imported", [False, True])
def test_groups_that_are_added_later_are_listed_first_and_strangers_named(
    bitbucket: CheckedEmulator, imported: bool
) -> None:
    stack = Stack(bitbucket)
    if imported:
        bitbucket.grant("acme", "web", "Grace", "write")
        inputs = stack.bring_in(KIND, "set", "acme/web")
        assert "groups" not in inputs and bitbucket.count(route_contains="/groups") == 0
    else:
        stack.up(team({GRACE.uuid: "write"}))
    stand(bitbucket, administrators="admin")
    sent(bitbucket)
    program = team({GRACE.uuid: "admin"}, {"backend": "write"})
    stack.preview(program)
    assert stack.diffs["set"].changes["groups"] is Change.ADD
    with pytest.raises(Exists, match="group administrators admin; nothing was changed. To keep") as refusal:
        stack.up(program)
    assert refusal.value.import_id is None
    assert sorted(sent(bitbucket)) == ["GET ", "LIST groups"]
    assert (people(bitbucket), groups(bitbucket)) == ({"Grace Hopper": "write"}, {"administrators": "admin"})

    pasted = team({GRACE.uuid: "admin"}, {"backend": "write", "administrators": "admin"})
    stack.up(pasted)
    assert sorted(sent(bitbucket)) == ["GET ", "LIST groups", "PUT backend", "PUT users"]
    stack.preview(pasted)
    assert not stack.diffs["set"]
    assert groups(bitbucket) == {"backend": "write", "administrators": "admin"}


def test_an_empty_map_of_groups_that_is_added_later_takes_nothing_unnamed(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up(team({GRACE.uuid: "write"}))
    stand(bitbucket, developers="read")
    with pytest.raises(Exists, match="group developers read"):
        stack.up(team({GRACE.uuid: "write"}, {}))
    stack.up(team({GRACE.uuid: "write"}, {}, adoptExisting=True))
    assert groups(bitbucket) == {"developers": "read"}
    stack.preview(team({GRACE.uuid: "write"}, {}))
    assert stack.said == ["acme/web: − group developers"]
    stack.up(team({GRACE.uuid: "write"}, {}))
    assert groups(bitbucket) == {}


def test_a_set_that_is_not_exclusive_leaves_other_groups_alone(bitbucket: CheckedEmulator) -> None:
    stand(bitbucket, administrators="admin")
    stack = Stack(bitbucket)
    stack.up(team({}, {"backend": "write", "frontend": "read"}, exclusive=False))
    stack.refresh()
    stack.up(team({}, {"backend": "write"}, exclusive=False))
    assert groups(bitbucket) == {"administrators": "admin", "backend": "write"}


def test_a_drift_of_groups_is_named_and_put_right(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    program = team({GRACE.uuid: "read"}, {"backend": "write", "frontend": "read"})
    stack.up(program)
    stand(bitbucket, backend="admin", developers="admin")
    bitbucket.revoke_group("acme", "web", "frontend")
    stack.refresh()
    assert stack.state[KIND, "set"].inputs["groups"] == {"backend": "admin", "developers": "admin"}
    stack.preview(program)
    assert stack.said == ["acme/web: + group frontend read · ~ group backend admin → write · − group developers"]
    stack.up(program)
    assert groups(bitbucket) == {"backend": "write", "frontend": "read"}


def test_a_group_that_cannot_be_granted_keeps_people_from_losing_access(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up(team({GRACE.uuid: "write"}, {"backend": "write"}))
    bitbucket.fault("groups/frontend", method="PUT", status=402)
    program = team({}, {"frontend": "read", "developers": "read"})
    with pytest.raises(PartialFailure) as failure:
        stack.up(program)
    done, reason, untried = failure.value.reasons
    assert done == "acme/web: 1 of 4 changes are done (+ group developers read)"
    assert reason.startswith("not done: + group frontend read: PUT /repositories/acme/web/permissions-config/groups/")
    assert "− Grace Hopper" in untried and "− group backend" in untried
    assert stack.outputs("set")["groups"] == {"developers": "read", "backend": "write"}
    sent(bitbucket)
    stack.up(program)
    assert sorted(sent(bitbucket)) == ["DELETE backend", "DELETE users", "GET ", "PUT frontend"]


# Singles and sets


def test_single_grants_become_a_set_and_back_without_a_write(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    singles: Program = {"backend": single("backend"), "frontend": single("frontend", "read")}
    as_set = team({}, {"backend": "write", "frontend": "read"})
    stack.up(singles)
    for program in (as_set, singles, as_set):
        sent(bitbucket)
        stack.up(program, ahead=True)
        assert not [call for call in sent(bitbucket) if not call.startswith("LIST")]
        assert groups(bitbucket) == {"backend": "write", "frontend": "read"}
    stack.destroy()
    assert groups(bitbucket) == {}


def test_a_set_with_groups_and_a_single_grant_of_a_group_are_refused_in_either_order(
    bitbucket: CheckedEmulator,
) -> None:
    both = {**team({}, {"backend": "read"}), "one": single("frontend")}
    for program in (both, dict(reversed(both.items()))):
        with pytest.raises(Refused) as refusal:
            Stack(bitbucket).preview(program)
        assert urn_of(KIND, "set") in str(refusal.value) and urn_of(SINGLE, "one") in str(refusal.value)


def test_a_set_without_groups_and_single_grants_of_groups_stand_side_by_side(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    program = {**team({GRACE.uuid: "read"}), "one": single("frontend")}
    stack.up(program)
    stack.refresh()
    stack.up(program)
    assert not stack.diffs["set"] and not stack.diffs["one"]
    assert groups(bitbucket) == {"frontend": "write"}


# What Bitbucket does not let go


@pytest.mark.parametrize(
    ("status", "words"),
    [(400, "Bad request"), (403, "This permission is managed by your organization."), (403, "Olga is the owner")],
)
def test_whom_bitbucket_refuses_to_remove_is_said_once_and_no_difference_any_more(
    bitbucket: CheckedEmulator, status: int, words: str
) -> None:
    stand(bitbucket, administrators="admin")
    bitbucket.grant("acme", "web", "Olga", "admin")
    for route in ("groups/administrators", f"users/{bitbucket.person('Olga').uuid}"):
        body = {"type": "error", "error": {"message": words}}
        bitbucket.fault(route, method="DELETE", status=status, body=body, times=None)
    program = team({GRACE.uuid: "write"}, {"backend": "write"})
    stack = Stack(bitbucket, adoptExisting=True)
    stack.up(program)
    stack.preview(program)
    assert stack.said == ["acme/web: − Olga Owner · − group administrators"]
    stack.up(program)
    assert sorted(stack.warned) == [
        f"acme/web: Bitbucket refuses to remove {who} ({words.rstrip('.')}). The grant stays as it is, not managed, "
        "and is left alone from now on."
        for who in ("Olga Owner", "group administrators")
    ]
    sent(bitbucket)
    for refreshed in (False, True):
        if refreshed:
            stack.refresh()
        stack.up(program)
        assert not stack.diffs["set"] and stack.warned == []
    assert not [call for call in sent(bitbucket) if not call.startswith("LIST")]
    state = stack.outputs("set")
    assert {one["displayName"]: one["managed"] for one in state["grants"]} == {
        "Grace Hopper": True,
        "Olga Owner": False,
    }
    assert {one["groupSlug"]: one["managed"] for one in state["groupGrants"]} == {
        "administrators": False,
        "backend": True,
    }
    stack.up(team({GRACE.uuid: "write"}, {"backend": "write", "administrators": "admin"}))
    assert stack.outputs("set")["groups"] == {"administrators": "admin", "backend": "write"}
    assert groups(bitbucket) == {"administrators": "admin", "backend": "write"}


def test_a_refusal_that_may_be_over_tomorrow_is_an_error_and_tried_again(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up(team({}, {"backend": "write"}))
    bitbucket.fault("groups/backend", method="DELETE", status=403)
    with pytest.raises(PartialFailure, match="not done: − group backend: DELETE "):
        stack.up(team({}, {}))
    stack.up(team({}, {}))
    assert groups(bitbucket) == {}


# maxRemovals


def test_more_removals_than_allowed_are_refused_in_the_preview_with_names_and_the_way_out(
    bitbucket: CheckedEmulator,
) -> None:
    stack = Stack(bitbucket, maxRemovals="1")
    stack.up(team({GRACE.uuid: "write", BOB.uuid: "read"}, {"backend": "admin"}))
    sent(bitbucket)
    program = team({GRACE.uuid: "read"}, {"backend": "write"})
    with pytest.raises(InvalidInput) as refusal:
        stack.preview(program)
    assert str(refusal.value) == (
        "acme/web: 3 would lose access or part of it, and maxRemovals allows 1: ~ Grace Hopper write → read · − Bob "
        "Kahn · ~ group backend admin → write; nothing was changed. If all of them shall, set "
        "bitbucket-user:maxRemovals to 3 or more for this run."
    )
    assert sent(bitbucket) == []
    stack.config["maxRemovals"] = 3
    stack.up(program)
    assert (people(bitbucket), groups(bitbucket)) == ({"Grace Hopper": "read"}, {"backend": "write"})


def test_as_many_removals_as_allowed_and_any_number_of_grants_go_through(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket, maxRemovals=1)
    stack.up(team({GRACE.uuid: "write"}, {"backend": "read"}))
    stack.up(team({BOB.uuid: "read"}, {"backend": "write", "frontend": "read"}))
    assert people(bitbucket) == {"Bob Kahn": "read"}


def test_a_create_that_takes_over_lowers_no_more_than_allowed(bitbucket: CheckedEmulator) -> None:
    stand(bitbucket, backend="admin", frontend="write")
    stack = Stack(bitbucket, maxRemovals=1, adoptExisting=True)
    with pytest.raises(InvalidInput, match="2 would lose access or part of it"):
        stack.up(team({GRACE.uuid: "write"}, {"backend": "read", "frontend": "read"}))
    assert groups(bitbucket) == {"backend": "admin", "frontend": "write"} and people(bitbucket) == {}


def test_none_at_all_may_be_allowed_and_a_destroy_or_a_move_counts_nobody(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket, maxRemovals=0)
    stack.up(team({GRACE.uuid: "write", BOB.uuid: "read"}))
    with pytest.raises(InvalidInput, match="1 would lose"):
        stack.preview(team({GRACE.uuid: "write"}))
    stack.up(team({GRACE.uuid: "write"}, repoSlug="infra"))
    assert people(bitbucket) == {}
    stack.destroy()
    assert bitbucket.repository_permissions("acme", "infra") == {}


def test_what_a_preview_could_not_know_is_refused_before_any_write(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket, maxRemovals=0)
    stack.up(team({GRACE.uuid: "write"}))
    stack.preview(team({GRACE.uuid: UNKNOWN, BOB.uuid: "read"}))
    old = stack.state[KIND, "set"]
    inputs = team({GRACE.uuid: "read", BOB.uuid: "read"})["set"][1]
    with stack.on(KIND, "set"), pytest.raises(InvalidInput, match="1 would lose"):
        stack.provider.update(KIND, old.id, old.outputs, inputs)
    assert people(bitbucket) == {"Grace Hopper": "write"}


def test_a_set_that_is_cancelled_while_it_waits_for_a_group_leaves_its_people_to_others(
    bitbucket: CheckedEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process lives on, and whoever wants Bob next would wait for a delete that never comes."""
    stack = Stack(bitbucket)
    stack.up(team({BOB.uuid: "read"}, {"developers": "write"}))
    core, old = stack.start(), stack.state[KIND, "set"]
    of_people, of_groups = (core.api.things(one, WEB) for one in (REPOSITORY_USERS, REPOSITORY_GROUPS))
    with stack.on(SINGLE, "other"):
        of_groups.begin(["group developers"])

    def cancel(_: Governor, seconds: float) -> None:
        raise Cancelled("over")

    monkeypatch.setattr(Governor, "_wait", cancel)
    with stack.on(KIND, "set"), pytest.raises(BitbucketError, match="over"):
        core.delete(KIND, old.id, old.outputs)
    with stack.on(SINGLE, "later"):
        assert of_people.begin([bare(BOB.uuid)]).taker is None
    assert people(bitbucket) == {"Bob Kahn": "read"}
