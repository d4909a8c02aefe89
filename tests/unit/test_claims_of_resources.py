"""What becomes of grants when resources are renamed, swapped, split and joined: no delete takes what another grants."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
from bitbucket_user_emulator.seed import default_world
from bitbucket_user_provider.errors import BitbucketError
from bitbucket_user_provider.models.person import bare
from bitbucket_user_provider.rest.governor import Governor
from bitbucket_user_provider.run import facts, things
from bitbucket_user_provider.run.grants import REPOSITORY_USERS
from bitbucket_user_provider.run.kinds import REPOSITORY_VARIABLES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import CheckedEmulator
from tests.unit.core import GRACE as AS_GRACE
from tests.unit.stack import Program, Refused, Stack, urn_of
from tests.unit.test_grant_sets import ALAN, BOB, GRACE, KIND, held, members
from tests.unit.test_grants import KIND as GRANT
from tests.unit.test_grants import grant, sent
from tests.unit.test_variables import KIND as VARIABLE

PEOPLE = {name: default_world().person(name) for name in ("Grace", "Bob", "Alan", "Margaret")}
PLACES = ("api", "web")
LEVELS = ("read", "write", "admin")


def test_a_set_and_a_single_grant_of_one_place_are_refused_in_either_order(bitbucket: CheckedEmulator) -> None:
    both = {**members({BOB.account_id: "read"}), "one": grant(GRACE.account_id)}
    for program in (both, dict(reversed(both.items()))):
        with pytest.raises(Refused) as refusal:
            Stack(bitbucket).preview(program)
        assert urn_of(KIND, "set") in str(refusal.value)
        assert urn_of("RepositoryUserPermission", "one") in str(refusal.value)


def test_two_sets_of_one_place_are_refused(bitbucket: CheckedEmulator) -> None:
    [first] = members({BOB.account_id: "read"}).values()
    second = (KIND, {**first[1], "repoSlug": "API", "permissions": {}})
    with pytest.raises(Refused) as refusal:
        Stack(bitbucket).preview({"one": first, "two": second})
    assert urn_of(KIND, "one") in str(refusal.value) and urn_of(KIND, "two") in str(refusal.value)
    Stack(bitbucket).preview({"one": first, "two": (KIND, {**second[1], "repoSlug": "web"})})


def test_fifty_singles_become_a_set_and_singles_again_without_a_removal(bitbucket: CheckedEmulator) -> None:
    bitbucket.populate(people=50)
    people = [bitbucket.person(f"Person {number:04}") for number in range(1, 51)]
    singles = {one.username: grant(one.account_id, "read") for one in people}
    stack = Stack(bitbucket)
    stack.up(singles)
    sent(bitbucket)
    stack.up(members({one.uuid: "read" for one in people}))
    assert sent(bitbucket) == ["LIST"]
    assert len(stack.state) == 1
    stack.up(singles)
    assert sent(bitbucket) == ["LIST"]
    assert len(stack.state) == 50
    stack.destroy()
    assert held(bitbucket) == {}


def test_a_renamed_set_keeps_its_people_and_drops_those_whom_it_names_no_more(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket, adoptExisting=True)
    [old] = members({GRACE.account_id: "write", BOB.account_id: "read"}).values()
    [new] = members({GRACE.uuid: "write"}).values()
    stack.up({"before": old})
    sent(bitbucket)
    stack.up({"after": new})
    assert [call for call in sent(bitbucket) if call not in ("LIST", "GET user")] == ["DELETE Bob"]
    assert stack.said == ["kept in Bitbucket, because resources of this run want them: Grace Hopper"]


def test_whom_the_old_name_of_a_set_has_taken_and_the_new_one_names_later_is_granted(
    bitbucket: CheckedEmulator,
) -> None:
    """The new one has seen the grant before it went, and no refresh has come between."""
    stack, both = Stack(bitbucket, adoptExisting=True), members({GRACE.uuid: "read", BOB.uuid: "read"})["set"]
    stack.up({"before": both})
    stack.up({"after": members({GRACE.uuid: "read"})["set"]})
    assert held(bitbucket) == {"Grace": "read"}
    stack.up({"after": both})
    assert held(bitbucket) == {"Grace": "read", "Bob": "read"}


def test_a_repository_that_is_spelled_anew_keeps_its_people(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    for slug in ("api", bitbucket.world.workspaces["acme"].repositories["api"].uuid, "api"):
        singles = {name: grant(person.account_id, "read", slug) for name, person in PEOPLE.items()}
        stack.up(singles)
        assert held(bitbucket).keys() == PEOPLE.keys()


def test_a_grant_that_is_renamed_and_spelled_anew_at_once_is_kept(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"before": grant(GRACE.account_id, "read")})
    uuid = bitbucket.world.workspaces["acme"].repositories["api"].uuid
    stack.up({"after": grant(GRACE.account_id, "read", uuid)})
    assert held(bitbucket) == {"Grace": "read"}


def test_a_set_moves_to_another_place_whole(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up(members({GRACE.account_id: "write"}))
    program = members({GRACE.account_id: "write"}, repoSlug="web")
    stack.preview(program)
    assert stack.diffs["set"].replaces == ["repoSlug"]
    assert stack.said == ["acme/web: + Grace Hopper write; acme/api: − Grace Hopper"]
    stack.up(program)
    assert held(bitbucket) == {}
    assert bitbucket.repository_permissions("acme", "web") == {"Grace Hopper": "write"}


@pytest.mark.parametrize("at_work", [True, False])
def test_a_delete_waits_for_a_new_name_that_queues_as_long_as_others_are_at_work(
    bitbucket: CheckedEmulator, monkeypatch: pytest.MonkeyPatch, at_work: bool
) -> None:
    """Pulumi's dynamic server has four threads: of 160 creates the last may begin long after the first delete."""
    stack = Stack(bitbucket)
    stack.up({"old": grant(GRACE.account_id, "write")})
    core, time = stack.start(), [1_000.0]
    old = stack.state[GRANT, "old"]
    with stack.on(GRANT, "new"):
        core.check(GRANT, old.inputs, {})
    slow = core.api.things(REPOSITORY_USERS, {"workspace": "acme", "repo_slug": "web"})
    if at_work:
        with stack.on(GRANT, "slow"):
            slow.begin([BOB.uuid])

    def poll(_: Governor, seconds: float) -> None:
        time[0] += 10
        if at_work and time[0] == 1_500:
            with stack.on(GRANT, "slow"):
                slow.done([BOB.uuid])
            with stack.on(GRANT, "new"):
                core.create(GRANT, old.inputs)

    monkeypatch.setattr(Governor, "_wait", poll)
    monkeypatch.setattr(facts, "moment", lambda: time[0])
    monkeypatch.setattr(things, "moment", lambda: time[0])
    with stack.on(GRANT, "old"), nullcontext() if at_work else pytest.raises(BitbucketError, match="was not created"):
        core.delete(GRANT, old.id, old.outputs)
    assert held(bitbucket) == {"Grace": "write"}
    assert time[0] == (1_500 if at_work else 1_010)


@pytest.mark.parametrize("shared", [{"permissions": {BOB.uuid: "read"}}, {"groups": {"developers": "read"}}], ids=str)
def test_a_delete_that_waits_for_whoever_wants_one_grant_lets_nobody_wait_for_the_others(
    bitbucket: CheckedEmulator, monkeypatch: pytest.MonkeyPatch, shared: dict[str, dict[str, str]]
) -> None:
    """A new set takes over one of two grants, and names somebody by account id, who may be the other one: it would wait
    for the old set, which waits for it."""
    bitbucket.switches.account_ids = False
    stack, polls = Stack(bitbucket, adoptExisting=True), list[float]()
    groups = {"groups": shared.get("groups", {})}
    old, new = (
        members(shared.get("permissions", {}) | more, **groups)["set"]
        for more in ({GRACE.uuid: "read"}, {ALAN.account_id: "read"})
    )
    stack.up({"old": old})
    core = stack.start()
    with stack.on(KIND, "new"):
        assert core.check(KIND, new[1], {}) == []

    def poll(_: Governor, seconds: float) -> None:
        polls.append(seconds)
        assert len(polls) == 1, "they wait for each other"
        with stack.on(KIND, "new"):
            core.create(*new)

    monkeypatch.setattr(Governor, "_wait", poll)
    with stack.on(KIND, "old"):
        core.delete(KIND, stack.state[KIND, "old"].id, stack.state[KIND, "old"].outputs)
    assert len(polls) == 1
    assert held(bitbucket).keys() == {"Alan"} | ({"Bob"} if "permissions" in shared else set())


def test_two_sets_of_one_place_in_two_spellings_do_not_wait_for_each_other(
    bitbucket: CheckedEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No check shows that they are of one place. Each removes whom the other one keeps."""
    stack, polls, names = Stack(bitbucket), list[float](), {"workspace": "acme", "repo_slug": "api"}
    slugs = {"one": "api", "two": bitbucket.world.workspaces["acme"].repositories["api"].uuid}

    def program(**people: list[str]) -> Program:
        return {name: members(dict.fromkeys(ids, "read"), repoSlug=slugs[name])["set"] for name, ids in people.items()}

    stack.up(program(one=[BOB.account_id, GRACE.account_id], two=[BOB.account_id, GRACE.account_id]))
    core, wanted = stack.start(), program(one=[BOB.account_id], two=[GRACE.account_id])
    for name, (kind, inputs) in wanted.items():
        stack._checked(kind, name, inputs)

    def update(name: str) -> None:
        with stack.on(KIND, name):
            core.update(KIND, stack.state[KIND, name].id, stack.state[KIND, name].outputs, wanted[name][1])

    def poll(_: Governor, seconds: float) -> None:
        polls.append(seconds)
        assert len(polls) == 1, "they wait for each other"
        update("two")

    monkeypatch.setattr(Governor, "_wait", poll)
    with stack.on(KIND, "two"):
        core.api.things(REPOSITORY_USERS, names | {"repo_slug": slugs["two"]}).begin([GRACE.account_id])
    update("one")
    assert (len(polls), held(bitbucket)) == (1, {"Bob": "read", "Grace": "read"})


def test_the_own_right_does_not_wait_for_ever_for_a_delete_that_took_nothing(
    bitbucket: CheckedEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack, time = Stack(bitbucket), [1_000.0]
    stack.up({"own": grant(GRACE.account_id, "admin"), "before": grant(BOB.account_id, "write")})
    stack.config |= AS_GRACE
    core = stack.start()
    monkeypatch.setattr(facts, "moment", lambda: time[0])
    monkeypatch.setattr(things, "moment", lambda: time[0])
    with stack.on(GRANT, "after"):
        core.check(GRANT, grant(BOB.account_id, "write")[1], {})
        core.create(GRANT, grant(BOB.account_id, "write")[1])

    def poll(_: Governor, seconds: float) -> None:
        time[0] += 1
        assert time[0] < 1_100, "it waits for ever"

    monkeypatch.setattr(Governor, "_wait", poll)
    for name in ("before", "own"):
        with stack.on(GRANT, name):
            core.delete(GRANT, stack.state[GRANT, name].id, stack.state[GRANT, name].outputs)
    assert held(bitbucket) == {"Bob": "write"}


@pytest.mark.parametrize("ends", ["deletes", "lowers"])
@pytest.mark.parametrize("as_set", [False, True], ids=["single", "set"])
def test_what_ends_the_own_right_waits_for_all_else_at_the_place_and_lets_no_delete_wait_for_it(
    bitbucket: CheckedEmulator, monkeypatch: pytest.MonkeyPatch, as_set: bool, ends: str
) -> None:
    """Without the right nothing else can be changed there, be it in a resource of another kind."""
    stack, time = Stack(bitbucket), [1_000.0]
    bob = {BOB.account_id: "read"} if as_set else {}
    (kind, admin), (_, lowered) = (
        members({**bob, GRACE.account_id: level})["set"] if as_set else grant(GRACE.account_id, level)
        for level in ("admin", "write")
    )
    stack.up({"own": (kind, admin)})
    stack.config |= AS_GRACE
    core, old = stack.start(), stack.state[kind, "own"]
    former = grant(BOB.uuid, "read")[1] | {"userUuid": bare(BOB.uuid)} if as_set else old.outputs
    slow = core.api.things(REPOSITORY_VARIABLES, {"workspace": "acme", "repo_slug": "api"})
    with stack.on(VARIABLE, "slow"):
        slow.begin(["TOKEN"])

    def poll(_: Governor, seconds: float) -> None:
        time[0] += 1
        assert held(bitbucket)["Grace"] == "admin"
        assert time[0] < 1_100, "they wait for each other"
        if time[0] == 1_010 and ends == "lowers":
            with stack.on(GRANT, "former"):
                core.delete(GRANT, "", former)
        if time[0] == 1_050:
            with stack.on(VARIABLE, "slow"):
                slow.done(["TOKEN"])

    monkeypatch.setattr(Governor, "_wait", poll)
    monkeypatch.setattr(facts, "moment", lambda: time[0])
    monkeypatch.setattr(things, "moment", lambda: time[0])
    with stack.on(kind, "own"):
        if ends == "deletes":
            core.delete(kind, old.id, old.outputs)
        else:
            core.check(kind, lowered, old.inputs)
            core.update(kind, old.id, old.outputs, lowered)
    assert time[0] > 1_050
    assert held(bitbucket) == ({} if ends == "deletes" else {"Grace": "write", **({"Bob": "read"} if as_set else {})})


@st.composite
def programs(draw: st.DrawFn, levels: tuple[str, ...], sets: bool) -> tuple[Program, dict[str, dict[str, str]]]:
    """Sets and singles under any names, and what Bitbucket holds when they are up."""
    grants_of_a_place = st.dictionaries(st.sampled_from([*PEOPLE]), st.sampled_from(levels))
    wanted = {place: draw(grants_of_a_place) for place in PLACES}
    names = draw(st.permutations([f"name{number}" for number in range(len(PLACES) * len(PEOPLE))]))
    program: dict[str, tuple[str, dict[str, Any]]] = {}
    for place, grants in wanted.items():
        spelled = {name: draw(st.sampled_from([PEOPLE[name].uuid, PEOPLE[name].account_id])) for name in grants}
        as_set = draw(st.booleans()) if sets else False
        if grants and as_set:
            permissions = {spelled[name]: level for name, level in grants.items()}
            [made] = members(permissions, repoSlug=place).values()
            program[names.pop()] = made
        else:
            program |= {names.pop(): grant(spelled[name], level, place) for name, level in grants.items()}
    order = draw(st.permutations([*program]))
    return {name: program[name] for name in order}, wanted


ANYTHING = st.tuples(st.just(True), st.lists(programs(LEVELS, sets=True), min_size=2, max_size=4))
SINGLES = st.tuples(st.just(False), st.lists(programs(("read",), sets=False), min_size=2, max_size=4))


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=ANYTHING | SINGLES, ahead=st.booleans())
def test_whatever_is_renamed_swapped_split_or_joined_bitbucket_holds_what_the_program_says(
    bitbucket: CheckedEmulator, case: tuple[bool, list[tuple[Program, dict[str, dict[str, str]]]]], ahead: bool
) -> None:
    adopt, life = case
    bitbucket.server.world = default_world()
    stack = Stack(bitbucket, adoptExisting=adopt)
    for program, wanted in life:
        stack.up(program, ahead)
        for place in PLACES:
            found = bitbucket.repository_permissions("acme", place)
            assert {name.split()[0]: level for name, level in found.items()} == wanted[place]
        stack.refresh()
        stack.preview(program)
        assert not any(stack.diffs.values())
    stack.destroy()
    assert [bitbucket.repository_permissions("acme", place) for place in PLACES] == [{}, {}]
