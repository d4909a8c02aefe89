"""What holds for a thing of one kind holds for those of every kind: each goes through the same troubles of names and
identities, and what its program wants is there afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from bitbucket_user_emulator import Emulator
from bitbucket_user_emulator.world import new_uuid
from bitbucket_user_provider.errors import ApiError, Conflict, Exists, NotFound, NotKnown
from bitbucket_user_provider.resources import RESOURCES
from bitbucket_user_provider.resources.key import Key
from bitbucket_user_provider.resources.resource import Adopting
from bitbucket_user_provider.resources.variable import Variable
from bitbucket_user_provider.run.ledger import Ledger
from pydantic.alias_generators import to_camel

from tests.acceptance.lives import PEOPLE, ed25519, every_life
from tests.conftest import CheckedEmulator
from tests.unit.core import ADA, APP, CONSUMER
from tests.unit.stack import Bag, Stack
from tests.unit.test_ledger import lost

LIVES = every_life()
IN_REPOSITORIES = [kind for kind, life in LIVES.items() if "repo_slug" in life.created.inputs]
IDENTIFIED = [kind for kind, one in RESOURCES.items() if isinstance(one, Key | Variable) and kind != "UserGpgKey"]
"""Those that have another identity when they are made anew."""
UPDATED = [kind for kind in IDENTIFIED if LIVES[kind].updated]
WORKSPACES = PEOPLE.workspaces
_SECOND = {False: {"key": "SECOND"}, True: {"key": ed25519("second"), "label": "second"}}
"""What another one of its kind is called; of keys, and of variables."""


def wanted(kind: str, *, updated: bool = False, adopted: bool = False) -> Bag:
    life = LIVES[kind]
    inputs = life.created.inputs | (life.updated.inputs if updated and life.updated else {})
    adopts = adopted and issubclass(RESOURCES[kind].ARGS, Adopting)
    return {to_camel(name): value for name, value in inputs.items()} | ({"adoptExisting": True} if adopts else {})


def a_stack(bitbucket: Emulator) -> Stack:
    return Stack(bitbucket, ADA | CONSUMER, APP)


def kept(bitbucket: Emulator, kind: str) -> dict[str, Any]:
    """Where the emulator keeps the thing."""
    neighbour = LIVES[kind].neighbour
    assert neighbour
    return neighbour.kept_in(bitbucket)


def _by_uuid(uuid: str) -> list[str]:
    return [uuid, uuid.strip("{}").upper()]


def _other_id(user_id: str) -> str:
    [person] = [one for one in PEOPLE.people.values() if user_id in (one.uuid, one.account_id)]
    return person.account_id if user_id == person.uuid else person.uuid


def _spellings() -> list[tuple[str, str, Any]]:
    """Kind, input, and another way to write what the program has written there."""
    found: list[tuple[str, str, Any]] = []
    for kind in LIVES:
        inputs = wanted(kind)
        others: dict[str, list[Any]] = {}
        if "workspace" in inputs:
            workspace = WORKSPACES[inputs["workspace"]]
            others["workspace"] = [*_by_uuid(workspace.uuid), workspace.slug.title()]
        if "repoSlug" in inputs:
            repository = workspace.repositories[inputs["repoSlug"]]
            others["repoSlug"] = [*_by_uuid(repository.uuid), repository.slug.title()]
        if "environment" in inputs:
            [environment] = [one for one in repository.environments.values() if one.name == inputs["environment"]]
            others["environment"] = [*_by_uuid(environment.uuid), environment.name.upper()]
        if "userId" in inputs:
            others["userId"] = [_other_id(inputs["userId"]), inputs["userId"].strip("{}")]
        if "permissions" in inputs:
            others["permissions"] = [{_other_id(id): level for id, level in inputs["permissions"].items()}]
        if isinstance(RESOURCES[kind], Key):
            others["key"] = [inputs["key"].replace("\n", "\r\n") + " "]
        found += [(kind, name, one) for name, ways in others.items() for one in ways if one != inputs[name]]
    return found


@pytest.mark.parametrize(("kind", "name", "other"), _spellings())
def test_what_is_written_in_another_way_is_the_same_thing(
    bitbucket: CheckedEmulator, kind: str, name: str, other: Any
) -> None:
    """Under a new name of the resource, and under the same one."""
    stack, life = a_stack(bitbucket), LIVES[kind]
    nothing = life.holds(bitbucket)
    stack.up({"old": (kind, wanted(kind))})
    before = life.holds(bitbucket)
    stack.up({"new": (kind, wanted(kind, adopted=True) | {name: other})})
    assert ([*stack.state], life.holds(bitbucket)) == ([(kind, "new")], before)
    stack.up({"new": (kind, wanted(kind))}, refresh=True)
    assert ([*stack.state], life.holds(bitbucket)) == ([(kind, "new")], before)
    stack.up({})
    assert life.holds(bitbucket) == nothing


@pytest.mark.parametrize("kind", IN_REPOSITORIES)
@pytest.mark.parametrize("status", [301, 404], ids="writes answer {}".format)
def test_a_new_name_of_the_resource_and_of_its_repository_lose_nothing(
    bitbucket: CheckedEmulator, kind: str, status: int
) -> None:
    """The delete under the old name of the repository only learns from Bitbucket's answer that it is the same one."""
    stack, life = a_stack(bitbucket), LIVES[kind]
    bitbucket.switches.renamed_writes = status
    stack.up({"old": (kind, wanted(kind))})
    workspace, slug = (str(wanted(kind)[name]) for name in ("workspace", "repoSlug"))
    bitbucket.rename_repository(workspace, slug, "moved")
    stack.up({"new": (kind, wanted(kind, updated=True, adopted=True) | {"repoSlug": "moved"})})
    bitbucket.rename_repository(workspace, "moved", slug)
    assert [*stack.state] == [(kind, "new")]
    assert life.holds(bitbucket) == (life.updated or life.created).held


@pytest.mark.parametrize("kind", IN_REPOSITORIES)
@pytest.mark.parametrize("old", ["former name", "name", "UUID"])
def test_a_resource_that_takes_over_under_a_former_name_of_the_repository_loses_nothing(
    bitbucket: CheckedEmulator, kind: str, old: str
) -> None:
    """Nothing says that a former name belongs to the repository, except Bitbucket's answer to who uses it."""
    stack, life = a_stack(bitbucket), LIVES[kind]
    former, by_uuid = str(wanted(kind)["repoSlug"]), WORKSPACES[wanted(kind)["workspace"]].uuid
    repository = WORKSPACES[wanted(kind)["workspace"]].repositories[former].uuid
    if old == "name":
        bitbucket.rename_repository(wanted(kind)["workspace"], former, "moved")
    slug = {"former name": former, "name": "moved", "UUID": repository}[old]
    stack.up({"old": (kind, wanted(kind) | {"repoSlug": slug})})
    if old != "name":
        bitbucket.rename_repository(wanted(kind)["workspace"], former, "moved")
    stack.up({"new": (kind, wanted(kind, adopted=True) | {"workspace": by_uuid, "repoSlug": former})})
    bitbucket.rename_repository(wanted(kind)["workspace"], "moved", former)
    assert ([*stack.state], life.holds(bitbucket)) == ([(kind, "new")], life.created.held)


@pytest.mark.parametrize("kind", IDENTIFIED)
def test_all_things_of_a_place_that_is_written_in_another_way_stay(bitbucket: CheckedEmulator, kind: str) -> None:
    """A replacement deletes a variable under one name of the place and makes it anew under the other, where the list of
    all may have been read before."""
    stack, first, second = a_stack(bitbucket), wanted(kind), wanted(kind) | _SECOND[isinstance(RESOURCES[kind], Key)]
    secured = {"secured": True} if isinstance(RESOURCES[kind], Variable) else {}
    place = "workspace" if "workspace" in first else "userId"
    other = WORKSPACES[first[place]].uuid if place == "workspace" else _other_id(first[place])
    stack.up({"one": (kind, first | secured), "two": (kind, second | secured)})
    before = LIVES[kind].holds(bitbucket)
    stack.up({"one": (kind, first | secured | {place: other}), "two": (kind, second | secured | {place: other})})
    assert LIVES[kind].holds(bitbucket) == before


@pytest.mark.parametrize("kind", IN_REPOSITORIES)
def test_a_repository_whose_answer_leaves_its_workspace_out_is_known_all_the_same(
    bitbucket: CheckedEmulator, kind: str
) -> None:
    """It is no published part of it."""
    stack, life = a_stack(bitbucket), LIVES[kind]
    bitbucket.fault("/repositories/{workspace}/{repo_slug}", "GET", drop_fields=["workspace"], times=None)
    stack.up({"old": (kind, wanted(kind))})
    before, by_uuid = life.holds(bitbucket), WORKSPACES[wanted(kind)["workspace"]].uuid
    stack.up({"new": (kind, wanted(kind, adopted=True) | {"workspace": by_uuid})})
    assert ([*stack.state], life.holds(bitbucket)) == ([(kind, "new")], before)
    bitbucket.clear_faults()


@pytest.mark.parametrize("kind", IDENTIFIED)
def test_a_destroy_leaves_what_was_made_anew_by_hand(bitbucket: CheckedEmulator, kind: str) -> None:
    stack, life = a_stack(bitbucket), LIVES[kind]
    stack.up({"one": (kind, wanted(kind))})
    before, there = life.holds(bitbucket), kept(bitbucket, kind)
    [made] = there.values()
    anew: Mapping[str, Any] = {"id": made.id + 1} if hasattr(made, "id") else {"uuid": new_uuid()}
    there.clear()
    there.update({str(id): replace(made, **anew) for id in anew.values()})
    stack.destroy()
    assert ([*stack.state], life.holds(bitbucket)) == ([], before)


@pytest.mark.parametrize("kind", [*LIVES])
def test_a_destroy_needs_no_folder_to_share_the_ledger_in(
    bitbucket: CheckedEmulator, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    stack, life = a_stack(bitbucket), LIVES[kind]
    nothing = life.holds(bitbucket)
    stack.up({"one": (kind, wanted(kind))})
    monkeypatch.setattr("bitbucket_user_provider.run.api.Ledger", lambda: Ledger(lost))
    stack.destroy()
    assert life.holds(bitbucket) == nothing


@pytest.mark.parametrize("kind", UPDATED)
def test_an_update_of_what_was_deleted_by_hand_says_what_to_do(bitbucket: CheckedEmulator, kind: str) -> None:
    stack, life = a_stack(bitbucket), LIVES[kind]
    stack.up({"one": (kind, wanted(kind))})
    kept(bitbucket, kind).clear()
    program = {"one": (kind, wanted(kind, updated=True))}
    with pytest.raises(NotFound, match="`pulumi refresh` lets it leave the state, and the next `pulumi up` makes it"):
        stack.up(program)
    stack.up(program, refresh=True)
    assert life.updated
    assert life.holds(bitbucket) == life.updated.held


@pytest.mark.parametrize("kind", [kind for kind in IDENTIFIED if isinstance(RESOURCES[kind], Variable)])
def test_a_variable_that_takes_the_key_of_another_says_what_to_do(bitbucket: CheckedEmulator, kind: str) -> None:
    stack, one = a_stack(bitbucket), (kind, wanted(kind))
    second = kind, wanted(kind) | {"key": "SECOND"}
    stack.up({"one": one, "two": second})
    with pytest.raises(Conflict, match="SECOND stands in .* already, let that one go first, in a run of its own, or"):
        stack.up({"one": second})
    stack.up({"one": one})
    stack.up({"one": second})
    assert [variable.key for variable in kept(bitbucket, kind).values()] == ["SECOND"]


@pytest.mark.parametrize("kind", [kind for kind in IDENTIFIED if isinstance(RESOURCES[kind], Variable)])
def test_a_list_that_did_not_add_up_makes_nothing_ones_own_that_is_found_after_a_lost_post(
    bitbucket: CheckedEmulator, kind: str
) -> None:
    """Somebody's secured variable, which the first look did not show, cannot be told from what the POST has made."""
    stack, inputs = a_stack(bitbucket), wanted(kind) | {"secured": True}
    stack.up({"theirs": (kind, inputs | {"value": "theirs"})})
    stack.state.clear()
    path = RESOURCES[kind].KIND.path.template.rpartition("/{")[0].rpartition("}")[2].strip("/")
    bitbucket.fault(path, "GET", status=200, body={"values": [], "size": 1})
    bitbucket.fault(path, "POST", drop="before")
    with pytest.raises(Exists, match="stands in .* already; nothing was changed"):
        stack.up({"ours": (kind, inputs | {"value": "ours"})})
    assert [variable.value for variable in kept(bitbucket, kind).values()] == ["theirs"]


@pytest.mark.parametrize("kind", [kind for kind in LIVES if "userId" in wanted(kind)])
def test_a_person_whose_account_id_no_answer_says_loses_nothing_by_being_written_by_it(
    bitbucket: CheckedEmulator, kind: str
) -> None:
    """It is no published part of an account. Where it cannot be told who is who, nothing is removed."""
    bitbucket.switches.account_ids = False
    stack, life = a_stack(bitbucket), LIVES[kind]
    stack.up({"old": (kind, wanted(kind))})
    before, by_id = life.holds(bitbucket), {"userId": _other_id(wanted(kind)["userId"])}
    with suppress(NotKnown):
        stack.up({"new": (kind, wanted(kind, adopted=True) | by_id)})
    assert life.holds(bitbucket) == before
    stack.up({"new": (kind, wanted(kind))})
    assert ([*stack.state], life.holds(bitbucket)) == ([(kind, "new")], before)


@pytest.mark.parametrize("kind", ["UserSshKey", "UserGpgKey"])
def test_an_account_that_cannot_be_recognised_keeps_its_key(bitbucket: CheckedEmulator, kind: str) -> None:
    """No published part of a key says its owner's account id."""
    bitbucket.switches.account_ids = False
    stack, life = a_stack(bitbucket), LIVES[kind]
    stack.up({"one": (kind, wanted(kind))})
    before, by_id = life.holds(bitbucket), {"userId": _other_id(wanted(kind)["userId"])}
    with pytest.raises(ApiError, match="If only the account is written in another way than before, write it as before"):
        stack.up({"one": (kind, wanted(kind) | by_id)})
    stack.up({"one": (kind, wanted(kind))})
    assert life.holds(bitbucket) == before
