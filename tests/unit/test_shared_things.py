"""Two resources of one program that turn out to be about one thing, because it can be spelt in several ways."""

from __future__ import annotations

from operator import itemgetter
from typing import Any
from unittest.mock import Mock

import pytest
from bitbucket_user_provider.config import load
from bitbucket_user_provider.errors import BitbucketError, Cancelled, InvalidInput, NotKnown
from bitbucket_user_provider.invoke import Invoker
from bitbucket_user_provider.models.person import bare
from bitbucket_user_provider.operation import operation
from bitbucket_user_provider.rest.governor import Governor
from bitbucket_user_provider.run.api import Api
from bitbucket_user_provider.run.facts import UUID, Look
from bitbucket_user_provider.run.grants import REPOSITORY_USERS
from bitbucket_user_provider.run.ledger import Ledger
from bitbucket_user_provider.run.place import PROJECT, REPOSITORY, USER, WORKSPACE
from bitbucket_user_provider.run.things import Free
from pydantic.alias_generators import to_camel

from tests.acceptance.lives import every_life
from tests.conftest import CheckedEmulator
from tests.unit.core import ADA, APP, CONSUMER, connect
from tests.unit.stack import Bag, Refused, Stack, urn_of
from tests.unit.test_grant_sets import BOB, GRACE, held, members, stand
from tests.unit.test_grants import KIND as GRANT
from tests.unit.test_grants import grant, sent
from tests.unit.test_ssh_keys import ssh_key
from tests.unit.test_variables import KIND as VARIABLE
from tests.unit.test_variables import variable

LIVES = every_life()
API = {"workspace": "acme", "repo_slug": "api"}


@pytest.mark.parametrize(
    "later", [grant(BOB.account_id), members({BOB.account_id: "write"})["set"]], ids=["one", "set"]
)
def test_what_this_run_revoked_under_another_name_of_the_place_is_granted_again(
    bitbucket: CheckedEmulator, later: tuple[str, Bag]
) -> None:
    """A place that was listed, by a function, before another resource took Bob's grant away there: the old listing
    would tell the new resource that nothing is left to do."""
    stack = Stack(bitbucket)
    kind, inputs = grant(BOB.account_id)
    stack.up({"before": (kind, inputs | {"workspace": bitbucket.world.workspaces["acme"].uuid})})

    provider = stack.start()
    Invoker(provider.api).call("getRepositoryUserPermissions", {"workspace": "acme", "repoSlug": "api"})
    old = stack.state[GRANT, "before"]
    with stack.on(GRANT, "before"):
        provider.delete(GRANT, old.id, old.outputs)
    assert held(bitbucket) == {}
    with stack.on(later[0], "later"):
        assert provider.check(*later) == []
        provider.create(*later)
    assert held(bitbucket) == {"Bob": "write"}


def test_two_spellings_of_a_grant_that_stands_already_are_refused_too(bitbucket: CheckedEmulator) -> None:
    """Nothing is sent for a grant that is as it should be, and yet two resources must not both own it."""
    stand(bitbucket, Grace="read")
    stack = Stack(bitbucket)
    with pytest.raises(InvalidInput) as refusal:
        stack.up({"one": grant(GRACE.uuid, "read"), "two": grant(GRACE.account_id, "read")}, ahead=True)
    assert urn_of(GRANT, "one") in str(refusal.value) and urn_of(GRANT, "two") in str(refusal.value)
    assert len(stack.state) < 2


def test_an_update_of_what_another_resource_wants_by_another_spelling_sends_nothing(bitbucket: CheckedEmulator) -> None:
    """That the two are one person only the state of the older resource shows, after both were checked."""
    stack = Stack(bitbucket)
    stack.up({"old": grant(GRACE.account_id, "read")})
    bitbucket.clear()
    with pytest.raises(InvalidInput, match="new manages this grant too"):
        order = {"new": grant(GRACE.uuid, "admin"), "old": grant(GRACE.account_id, "write")}
        provider = stack.start()
        for name, (kind, inputs) in order.items():
            with stack.on(kind, name):
                assert provider.check(kind, inputs) == []
        old = stack.state[GRANT, "old"]
        with stack.on(GRANT, "old"):
            provider.update(GRANT, old.id, old.outputs, order["old"][1])
    assert bitbucket.requests == []
    assert held(bitbucket) == {"Grace": "read"}


def test_a_person_is_held_by_every_known_spelling_and_not_by_the_first_alone(bitbucket: CheckedEmulator) -> None:
    """Many people, because the spellings of one stand in no order."""
    bitbucket.populate(people=12)
    people = [bitbucket.person(f"Person {number:04}") for number in range(1, 13)]
    singles = {one.username: grant(one.account_id, "read") for one in people}
    stack = Stack(bitbucket)
    stack.up(singles)
    for one in people:
        with pytest.raises(Refused, match=f"{one.username} manages this grant too"):
            stack.preview({**singles, "twin": grant(bare(one.uuid), "read")})


def test_a_variable_that_another_resource_took_over_is_not_changed_by_its_former_owner(
    bitbucket: CheckedEmulator,
) -> None:
    stack = Stack(bitbucket, adoptExisting=True)
    stack.up({"former": variable("ONE", "first-value", secured=False)})
    with pytest.raises(BitbucketError, match="new's in this run; nothing was changed"):
        stack.up({"new": variable("ONE", "new-value", secured=False), "former": variable("TWO", "x-value")})
    assert bitbucket.workspace_variables("acme") == {"ONE": {"value": "new-value", "secured": False}}
    assert {name for kind, name in stack.state if kind == VARIABLE} == {"former", "new"}


@pytest.mark.parametrize(
    "wanted",
    [grant(GRACE.uuid), members({GRACE.uuid: "write"})["set"], variable(secured=False), ssh_key()],
    ids=itemgetter(0),
)
def test_an_old_name_that_a_refresh_has_read_keeps_nothing_from_the_new_one(
    bitbucket: CheckedEmulator, wanted: tuple[str, Bag]
) -> None:
    stack = Stack(bitbucket)
    stack.up({"old": wanted})
    bitbucket.clear()
    stack.up({"new": wanted}, refresh=True)
    assert [*stack.state] == [(wanted[0], "new")]
    assert bitbucket.count("DELETE") == 0
    stack.up({}, refresh=True)
    assert not held(bitbucket) and not bitbucket.workspace_variables("acme") and not bitbucket.ssh_keys("Ada")


@pytest.mark.parametrize("kind", LIVES)
def test_an_old_name_beside_the_new_one_in_the_state_leaves_it_and_nothing_is_lost(
    bitbucket: CheckedEmulator, kind: str
) -> None:
    """A run was killed between the create under a new name and the delete of the old one; the next has nothing to do
    for the new one."""
    stack, life = Stack(bitbucket, ADA | CONSUMER, APP), LIVES[kind]
    program = {"new": (kind, {to_camel(name): value for name, value in life.created.inputs.items()})}
    stack.up(program)
    before = life.holds(bitbucket)
    stack.state[kind, "old"] = stack.state[kind, "new"]
    sent(bitbucket)
    stack.up(program)
    assert [*stack.state] == [(kind, "new")]
    assert life.holds(bitbucket) == before
    assert not [call for call in sent(bitbucket) if not call.startswith(("GET", "LIST"))]


# Persons whose account id no answer says


@pytest.mark.parametrize("by_uuid", [False, True], ids=["place by name", "place by uuid"])
def test_nobody_is_taken_away_while_the_same_person_may_be_granted_by_the_other_id(
    bitbucket: CheckedEmulator, monkeypatch: pytest.MonkeyPatch, by_uuid: bool
) -> None:
    """One resource names Bob by UUID and changes to Grace, another one begins to name him by account id: only the
    answer to its PUT shows that he is the one whom the first takes away."""
    repository = bitbucket.world.workspaces["acme"].repositories["api"].uuid if by_uuid else "api"
    stack, new, polls = _one_by_uuid(bitbucket, repository=repository), grant(BOB.account_id)[1], list[float]()
    with stack.on(GRANT, "new"):
        stack.provider.api.things(REPOSITORY_USERS, API).begin([BOB.account_id])

    def poll(_: Governor, seconds: float) -> None:
        polls.append(seconds)
        with stack.on(GRANT, "new"):
            stack.provider.create(GRANT, new)

    monkeypatch.setattr(Governor, "_wait", poll)
    with stack.on(GRANT, "old"):
        stack.provider.delete(GRANT, stack.state[GRANT, "old"].id, stack.state[GRANT, "old"].outputs)
    assert (len(polls), held(bitbucket), bitbucket.count("DELETE")) == (1, {"Bob": "write"}, 0)


@pytest.mark.parametrize("looks", [True, False])
def test_nobody_is_granted_while_the_same_person_may_be_taken_away_by_the_other_id(
    bitbucket: CheckedEmulator, monkeypatch: pytest.MonkeyPatch, looks: bool
) -> None:
    """Whether or not it is looked what stands there."""
    stack, polls = _one_by_uuid(bitbucket, adopt=not looks), list[float]()
    things, uuid = stack.provider.api.things(REPOSITORY_USERS, API), bare(BOB.uuid)

    def remove() -> None:
        with stack.on(GRANT, "old"):
            things.remove({"user_id": uuid}, [uuid])
            things.taken([uuid], True)

    def poll(_: Governor, seconds: float) -> None:
        polls.append(seconds)
        assert len(polls) == 1, "they wait for each other"
        remove()

    monkeypatch.setattr(Governor, "_wait", poll)
    with stack.on(GRANT, "old"):
        assert things.take([uuid], own=True) == Free()
    with stack.on(GRANT, "new"):
        stack.provider.create(*grant(BOB.account_id))
    if not polls:
        remove()
    assert (len(polls), held(bitbucket)) == (1, {"Bob": "write"})


def test_nobody_is_taken_away_between_the_wait_for_another_delete_and_the_grant(
    bitbucket: CheckedEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Grace goes, and Bob, who is named by account id at the same time. Who may be one of them waits for the first
    delete, and must not find itself before the second one then."""
    stack, looks, told = _one_by_uuid(bitbucket), list[Look](), Ledger.taker
    things, uuid = stack.provider.api.things(REPOSITORY_USERS, API), bare(BOB.uuid)

    def taker(ledger: Ledger, *args: Any) -> str | None:
        found = told(ledger, *args)
        if found is None and not looks:
            with stack.on(GRANT, "old"):
                looks.extend(ledger.take([things.key], True, [[uuid]], True, {uuid: UUID}))
        return found

    def poll(_: Governor, seconds: float) -> None:
        with stack.on(GRANT, "first"):
            things.taken([bare(GRACE.uuid)], True)

    monkeypatch.setattr(Ledger, "taker", taker)
    monkeypatch.setattr(Governor, "_wait", poll)
    with stack.on(GRANT, "first"):
        assert things.take([bare(GRACE.uuid)], own=True) == Free()
    with stack.on(GRANT, "new"):
        stack.provider.create(GRANT, grant(BOB.account_id)[1] | {"adoptExisting": True})
    if looks == [None]:
        things.remove({"user_id": uuid}, [uuid])
    assert (len(looks), held(bitbucket)) == (1, {"Bob": "write"})


def _one_by_uuid(bitbucket: CheckedEmulator, adopt: bool = False, repository: str = "api") -> Stack:
    """Bob's grant is in the state by UUID alone, and all has been checked."""
    bitbucket.switches.account_ids = False
    stack = Stack(bitbucket, adoptExisting=adopt)
    stack.up({"old": grant(BOB.uuid, repo=repository)})
    stack.start()
    for name, (kind, inputs) in {"old": grant(GRACE.account_id), "new": grant(BOB.account_id)}.items():
        with stack.on(kind, name):
            assert stack.provider.check(kind, inputs, {}) == []
    return stack


# Places with several names


def test_a_project_is_called_by_its_key_in_a_workspace_of_two_names(bitbucket: CheckedEmulator) -> None:
    """Bitbucket does not say in which workspace a project is: that is asked, once for all projects of it."""
    api, uuid = connect(bitbucket), bare(bitbucket.world.workspaces["acme"].uuid)
    for key in ("OPS", "ops"):
        place = api.place(PROJECT, {"workspace": "acme", "project_key": key})
        assert place.identified() == (("acme", "ops"), (uuid, "ops"))
        assert not place.has_another_name()
    assert [one.route for one in bitbucket.requests] == ["/workspaces/{workspace}"]


def test_what_else_a_place_is_called_is_asked_once_a_run(bitbucket: CheckedEmulator) -> None:
    """Whichever of the run's provider processes asks."""
    ledger, environ = Ledger(), {"BITBUCKET_BASE_URL": bitbucket.url}
    places = [Api(load(ADA), environ, ledger=ledger).place(REPOSITORY, API) for _ in range(2)]
    acme = bitbucket.world.workspaces["acme"]
    workspaces, slugs = ("acme", bare(acme.uuid)), ("api", bare(acme.repositories["api"].uuid))
    for place in places:
        assert place.identified() == tuple((workspace, slug) for slug in slugs for workspace in workspaces)
    assert len(bitbucket.requests) == 1


def test_a_workspace_and_an_account_are_called_by_name_and_by_uuid(bitbucket: CheckedEmulator) -> None:
    api, uuid = connect(bitbucket), bare(bitbucket.world.workspaces["acme"].uuid)
    assert api.place(WORKSPACE, API).identified() == (("acme",), (uuid,))
    assert api.place(USER, {"user_id": GRACE.uuid}).identified() == ((GRACE.account_id,), (bare(GRACE.uuid),))


def test_the_ledger_knows_a_place_by_each_of_its_names_as_soon_as_they_are_known(bitbucket: CheckedEmulator) -> None:
    """Which of the names are UUIDs is a part of it."""
    place, acme = connect(bitbucket).place(REPOSITORY, API), bitbucket.world.workspaces["acme"]
    assert place.keys("things") == ["things ss acme/api"]
    place.identify()
    workspace, slug = bare(acme.uuid), bare(acme.repositories["api"].uuid)
    assert place.keys("things") == [
        "things ss acme/api",
        f"things us {workspace}/api",
        f"things su acme/{slug}",
        f"things uu {workspace}/{slug}",
    ]


def test_a_place_under_a_former_name_is_written_by_its_uuids_and_said_to_have_another_one_once(
    bitbucket: CheckedEmulator,
) -> None:
    acme = bitbucket.world.workspaces["acme"]
    bitbucket.rename_repository("acme", "api", "service")
    api, warned = connect(bitbucket), list[str]()
    place, other = api.place(REPOSITORY, API), api.place(REPOSITORY, API | {"repo_slug": "web"})
    with operation(warn=warned.append):
        assert place.has_another_name() and place.has_another_name() and not other.has_another_name()
    assert place.where_to_write == {
        "workspace": bare(acme.uuid),
        "repo_slug": bare(acme.repositories["service"].uuid),
    }
    assert place.is_renamed and not other.is_renamed and other.where_to_write == other.fields
    assert warned == ["acme/api is called acme/service in Bitbucket now: write that name."]


def test_a_project_of_a_workspace_with_a_new_name_is_written_by_its_own_key(bitbucket: CheckedEmulator) -> None:
    """Keys are written in upper case, and compared without."""
    bitbucket.fault("/workspaces/{workspace}", "GET", patch={"slug": "apex"})
    place, warned = connect(bitbucket).place(PROJECT, {"workspace": "acme", "project_key": "OPS"}), list[str]()
    with operation(warn=warned.append):
        assert place.has_another_name()
    uuid = bare(bitbucket.world.workspaces["acme"].uuid)
    assert place.where_to_write == {"workspace": uuid, "project_key": "OPS"}
    assert warned == ["acme/OPS is called apex/ops in Bitbucket now: write that name."]


def test_a_repository_that_has_moved_is_known_by_the_workspace_that_it_is_in_now(bitbucket: CheckedEmulator) -> None:
    """The answer says its name alone: the workspace's UUID is no published part of it."""
    there = bitbucket.world.workspaces["acme-dev"]
    moved = {"patch": {"full_name": "acme-dev/api"}, "drop_fields": ["workspace"]}
    bitbucket.fault("/repositories/{workspace}/{repo_slug}", "GET", **moved)
    names = connect(bitbucket).place(REPOSITORY, API).identified()
    assert isinstance(names, tuple) and {workspace for workspace, _ in names} == {"acme-dev", bare(there.uuid)}


def test_who_is_cancelled_while_a_place_is_asked_for_its_names_answers_for_itself_alone(
    bitbucket: CheckedEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time that one resource's `customTimeouts` gives is over; the others of the place ask again."""
    api = connect(bitbucket)
    place, get = api.place(WORKSPACE, API), api.get
    monkeypatch.setattr(api, "get", Mock(side_effect=Cancelled("over")))
    with pytest.raises(Cancelled):
        place.identify()
    monkeypatch.setattr(api, "get", get)
    place.identify()
    assert place.is_certain


@pytest.mark.parametrize("status", [403, 404])
def test_nothing_is_removed_where_bitbucket_does_not_tell_what_else_a_place_is_called(
    bitbucket: CheckedEmulator, status: int
) -> None:
    bitbucket.fault("/repositories/{workspace}/{repo_slug}", "GET", status=status)
    place = connect(bitbucket).place(REPOSITORY, API)
    if status == 404:  # then it has no other name
        place.identify()
        assert place.is_certain
        return
    with pytest.raises(NotKnown) as refusal:
        place.identify()
    assert str(refusal.value) == (
        "Whether acme/api is the same repository as one that this run writes in another way cannot be told, so nothing "
        f"was removed there: {place.identified()}"
    )
