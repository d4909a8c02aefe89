"""Single grants: who is who, what stands there already, whose delete is nobody's."""

from __future__ import annotations

from typing import Any

import pytest
from bitbucket_user_emulator.seed import default_world
from bitbucket_user_provider.errors import Exists
from bitbucket_user_provider.models.model import UNKNOWN
from bitbucket_user_provider.models.person import bare

from tests.conftest import CheckedEmulator
from tests.unit.stack import Program, Refused, Stack, urn_of

ADA, GRACE, BOB = map(default_world().person, ("Ada", "Grace", "Bob"))
KIND = "RepositoryUserPermission"


def grant(user_id: str, permission: Any = "write", repo: str = "api") -> tuple[str, dict[str, Any]]:
    return KIND, {"workspace": "acme", "repoSlug": repo, "userId": user_id, "permission": permission}


def sent(bitbucket: CheckedEmulator) -> list[str]:
    """What was sent since the last look: method and person, LIST for a page of a listing."""
    calls = []
    for one in bitbucket.requests:
        last = one.path.rpartition("/")[2]
        calls.append("LIST" if last == "users" else f"{one.method} {_first_name(bitbucket, last)}")
    bitbucket.clear()
    return calls


def _first_name(bitbucket: CheckedEmulator, user_id: str) -> str:
    person = bitbucket.world.account(user_id)
    return person.display_name.split()[0] if person else user_id


@pytest.mark.parametrize(
    "spelling",
    [GRACE.account_id, GRACE.uuid, bare(GRACE.uuid), bare(GRACE.uuid).upper(), GRACE.uuid.upper()],
)
def test_a_person_written_in_any_way_is_the_same_and_costs_no_call(bitbucket: CheckedEmulator, spelling: str) -> None:
    stack = Stack(bitbucket)
    stack.up({"grace": grant(GRACE.account_id)})
    assert sent(bitbucket) == ["LIST", "PUT Grace"]
    stack.up({"grace": grant(spelling)})
    assert not stack.diffs["grace"]
    assert sent(bitbucket) == []
    assert stack.state[KIND, "grace"].id == f"acme/api/{bare(GRACE.uuid)}"
    other = Stack(bitbucket, adoptExisting=True)
    other.up({"grace": grant(spelling)})
    assert other.state[KIND, "grace"].id == f"acme/api/{bare(GRACE.uuid)}"


def test_another_person_replaces_and_deletes_first(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"one": grant(GRACE.account_id)})
    sent(bitbucket)
    stack.up({"one": grant(BOB.account_id)})
    assert stack.diffs["one"].replaces == ["userId"]
    assert sent(bitbucket) == ["DELETE Grace", "LIST", "PUT Bob"]
    assert bitbucket.repository_permissions("acme", "api") == {"Bob Kahn": "write"}


def test_the_same_grant_by_somebody_else_is_taken_over_without_a_write(bitbucket: CheckedEmulator) -> None:
    bitbucket.grant("acme", "api", "Grace", "write")
    stack = Stack(bitbucket)
    stack.up({"grace": grant(GRACE.account_id)})
    assert sent(bitbucket) == ["LIST"]
    stack.destroy()
    assert bitbucket.repository_permissions("acme", "api") == {}


def test_another_level_by_somebody_else_is_refused_with_what_stands_there(bitbucket: CheckedEmulator) -> None:
    bitbucket.grant("acme", "api", "Grace", "admin")
    with pytest.raises(Exists, match="Grace Hopper holds admin on acme/api already, not write") as refusal:
        Stack(bitbucket).up({"grace": grant(GRACE.account_id)})
    assert refusal.value.import_id == f"acme/api/{bare(GRACE.uuid)}"
    assert sent(bitbucket) == ["LIST"]
    Stack(bitbucket, adoptExisting=True).up({"grace": grant(GRACE.account_id)})
    assert sent(bitbucket) == ["PUT Grace"]
    assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "write"}


def test_fifty_creates_share_one_listing(bitbucket: CheckedEmulator) -> None:
    bitbucket.populate(people=50)
    people = [bitbucket.person(f"Person {number:04}") for number in range(1, 51)]
    program = {one.username: grant(one.account_id) for one in people}
    stack = Stack(bitbucket)
    stack.up(program)
    assert bitbucket.calls().total() == 51
    bitbucket.clear()
    stack.refresh()
    assert bitbucket.calls().total() == 1
    stack.up(program)
    assert bitbucket.calls().total() == 1
    stack.destroy()
    assert bitbucket.count("DELETE") == 50


def test_a_renamed_grant_is_not_revoked(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"before": grant(GRACE.account_id)})
    sent(bitbucket)
    stack.up({"after": grant(GRACE.uuid)})
    assert sent(bitbucket) == ["LIST"]
    assert stack.said == [
        "was there already: another stack may hold it too, and its destroy would end it",
        f"kept in Bitbucket: {urn_of(KIND, 'after')} wants it",
    ]
    assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "write"}
    assert list(stack.state) == [(KIND, "after")]
    stack.destroy()
    assert bitbucket.repository_permissions("acme", "api") == {}


def test_two_grants_that_swap_their_people_both_stand_afterwards(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"one": grant(GRACE.account_id), "two": grant(BOB.account_id)})
    stack.up({"one": grant(BOB.account_id), "two": grant(GRACE.account_id)})
    both = {"Grace Hopper": "write", "Bob Kahn": "write"}
    assert bitbucket.repository_permissions("acme", "api") == both
    stack.refresh()
    assert len(stack.state) == 2


def test_two_grants_that_swap_their_people_keep_their_levels(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"one": grant(GRACE.account_id, "read"), "two": grant(BOB.account_id, "write")})
    stack.up({"one": grant(BOB.account_id, "read"), "two": grant(GRACE.account_id, "write")}, ahead=True)
    assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "write", "Bob Kahn": "read"}


def test_a_grant_that_moves_within_a_ring_is_never_revoked_after_it_was_granted(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"one": grant(GRACE.uuid), "two": grant(BOB.uuid)})
    sent(bitbucket)
    stack.up({"two": grant(GRACE.account_id), "three": grant(BOB.account_id)})
    assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "write", "Bob Kahn": "write"}
    assert len(stack.state) == 2


def test_a_destroy_claims_nothing(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    program: Program = {"grace": grant(GRACE.account_id), "bob": grant(BOB.account_id)}
    stack.up(program)
    sent(bitbucket)
    stack.destroy()
    assert sent(bitbucket) == ["DELETE Grace", "DELETE Bob"]


def test_two_resources_for_one_grant_are_refused_with_both_urns(bitbucket: CheckedEmulator) -> None:
    with pytest.raises(Refused) as refusal:
        Stack(bitbucket).preview({"one": grant(GRACE.uuid), "two": grant(bare(GRACE.uuid).upper())})
    [(name, reason)] = refusal.value.failures
    assert name == "userId"
    assert urn_of(KIND, "one") in reason and urn_of(KIND, "two") in reason


def test_two_spellings_of_one_grant_are_refused_as_soon_as_an_answer_shows_them(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    with pytest.raises(Exception, match="keep one of the two"):
        stack.up({"one": grant(GRACE.uuid), "two": grant(GRACE.account_id)})
    assert list(stack.state) == [(KIND, "one")]
    assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "write"}


def test_two_kinds_of_spellings_at_one_place_are_asked_for_before_anything_is_written(
    bitbucket: CheckedEmulator,
) -> None:
    """Bitbucket answers the same to both of them, and the last one to write would win."""
    with pytest.raises(Exception, match="keep one of the two"):
        Stack(bitbucket).up({"one": grant(GRACE.uuid), "two": grant(GRACE.account_id, "admin")}, ahead=True)
    assert bitbucket.repository_permissions("acme", "api") == {} and bitbucket.count("GET", "/users/")
    bitbucket.clear()
    Stack(bitbucket).up({"bob": grant(BOB.account_id), "grace": grant(GRACE.account_id)}, ahead=True)
    assert bitbucket.count("PUT") == 2 and not bitbucket.count("GET", "/users/")


def test_namesakes_are_two_people(bitbucket: CheckedEmulator) -> None:
    for person in (bitbucket.person("Grace"), bitbucket.person("Bob")):
        person.display_name = "Kim Lee"
    stack = Stack(bitbucket)
    stack.up({"one": grant(GRACE.account_id), "two": grant(BOB.account_id)})
    stack.up({"one": grant(GRACE.account_id)})
    assert sent(bitbucket)[-1] == "DELETE Kim"
    assert list(bitbucket.place("acme", "api").users) == [GRACE.uuid]


def test_a_lower_grant_warns_in_the_preview(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"grace": grant(GRACE.account_id, "admin")})
    stack.preview({"grace": grant(GRACE.account_id, "read")})
    assert stack.warned == ["Grace Hopper holds admin on acme/api; this lowers it to read."]
    stack.up({"grace": grant(GRACE.account_id, "read")})
    stack.preview({"grace": grant(GRACE.account_id, "write")})
    assert stack.warned == []


def test_a_lower_grant_of_somebody_else_does_not_warn_of_the_one_before(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"one": grant(GRACE.account_id, "admin")})
    for other in (grant(BOB.account_id, "read"), grant(GRACE.account_id, "read", repo="web")):
        stack.preview({"one": other})
        assert stack.warned == []


def test_a_level_that_is_not_known_yet_is_a_change_without_a_warning(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"grace": grant(GRACE.account_id, "admin")})
    shown = stack.preview({"grace": grant(GRACE.account_id, UNKNOWN)})
    assert [*stack.diffs["grace"].changes] == ["permission"]
    assert shown["grace"]["userUuid"] == bare(GRACE.uuid)
    assert stack.warned == []


def test_a_person_who_is_not_known_yet_replaces_in_the_preview(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"grace": grant(GRACE.account_id)})
    stack.preview({"grace": grant(UNKNOWN)})  # type: ignore[arg-type]
    assert stack.diffs["grace"].replaces == ["userId"]


def test_what_was_revoked_by_hand_is_gone_and_comes_back(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"grace": grant(GRACE.account_id)})
    bitbucket.revoke("acme", "api", "Grace")
    sent(bitbucket)
    stack.refresh()
    assert (stack.state, sent(bitbucket)) == ({}, ["LIST"])
    stack.up({"grace": grant(GRACE.account_id)})
    assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "write"}


def test_a_drift_is_seen_and_put_right_without_replacement(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"grace": grant(GRACE.uuid)})
    bitbucket.grant("acme", "api", "Grace", "admin")
    stack.refresh()
    assert stack.state[KIND, "grace"].inputs == grant(GRACE.uuid, "admin")[1]
    sent(bitbucket)
    stack.up({"grace": grant(GRACE.account_id)})
    assert sent(bitbucket) == ["GET user", "PUT Grace"]
    assert stack.warned == ["Grace Hopper holds admin on acme/api; this lowers it to write."]


@pytest.mark.parametrize("spelling", [GRACE.account_id, GRACE.uuid, bare(GRACE.uuid).upper()])
def test_import_accepts_every_spelling_and_gives_the_canonical_id(bitbucket: CheckedEmulator, spelling: str) -> None:
    bitbucket.grant("acme", "api", "Grace", "admin")
    stack = Stack(bitbucket)
    inputs = stack.bring_in(KIND, "grace", f"acme/api/{spelling}")
    assert stack.state[KIND, "grace"].id == f"acme/api/{bare(GRACE.uuid)}"
    stack.preview({"grace": (KIND, inputs)})
    assert not stack.diffs["grace"]


@pytest.mark.parametrize("absent", [204, 404])
def test_a_delete_of_what_is_gone_is_done(bitbucket: CheckedEmulator, absent: int) -> None:
    bitbucket.world.switches.delete_absent_grant = absent
    stack = Stack(bitbucket)
    stack.up({"grace": grant(GRACE.account_id)})
    bitbucket.revoke("acme", "api", "Grace")
    stack.destroy()
    assert stack.state == {}
    assert stack.said == (["was gone from Bitbucket already"] if absent == 404 else [])


def test_a_place_that_is_gone_takes_its_grants_along_with_one_warning(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"grace": grant(GRACE.account_id), "bob": grant(BOB.account_id), "web": grant(BOB.account_id, repo="web")})
    del bitbucket.world.workspaces["acme"].repositories["api"]
    bitbucket.clear()
    stack.refresh()
    assert [name for _, name in stack.state] == ["web"]
    assert stack.warned == [
        "acme/api answers 404: deleted, or this credential no longer sees it; "
        "what this stack holds there leaves the state."
    ]
    assert bitbucket.count("GET", "/user") == 1 + 2  # who asks, and one listing a place


def test_a_project_knows_its_own_levels(bitbucket: CheckedEmulator) -> None:
    inputs = {"workspace": "acme", "projectKey": "CORE", "userId": GRACE.account_id, "permission": "create-repo"}
    stack = Stack(bitbucket)
    stack.up({"grace": ("ProjectUserPermission", inputs)})
    assert bitbucket.project_permissions("acme", "CORE") == {"Grace Hopper": "create-repo"}
    stack.preview({"grace": ("ProjectUserPermission", {**inputs, "permission": "write"})})
    assert stack.warned == ["Grace Hopper holds create-repo on acme/CORE; this lowers it to write."]
    with pytest.raises(Refused, match="permission: 'create-repo' is not allowed; it is one of read, write, admin"):
        stack.preview({"grace": grant(GRACE.account_id, "create-repo")})
