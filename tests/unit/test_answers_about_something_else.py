"""An answer in good form that is not the one to what was asked: something in between has mixed it up, or made it."""

from __future__ import annotations

from contextlib import suppress
from itertools import product
from typing import Any

import pytest
from bitbucket_user_emulator import Emulator
from bitbucket_user_provider.errors import BitbucketError
from bitbucket_user_provider.resources import RESOURCES
from bitbucket_user_provider.resources.key import Key
from bitbucket_user_provider.resources.variable import Variable

from tests.acceptance.lives import every_life
from tests.conftest import CheckedEmulator
from tests.unit.stack import Bag, Program, Stack
from tests.unit.test_every_kind import a_stack, wanted

LIVES = every_life()
LISTED = [kind for kind, life in LIVES.items() if life.neighbour]
UPDATED = [kind for kind, life in LIVES.items() if life.updated]
SETS = [kind for kind in LIVES if kind.endswith("Permissions")]
ASKED = [kind for kind in LISTED if kind not in SETS and RESOURCES[kind].KIND.can_be_asked]
VARIABLES = [kind for kind, one in RESOURCES.items() if isinstance(one, Variable)]
MADE_BY_POST = [kind for kind, one in RESOURCES.items() if isinstance(one, Key | Variable)]


def route(kind: str, one: bool) -> str:
    """A part of the path of one thing, or of all."""
    path = RESOURCES[kind].KIND.path.template.rpartition("/{")[0].rpartition("}")[2].strip("/")
    return "properties/" if RESOURCES[kind].KIND.list_path is None else f"{path}/" if one else path


def program(kind: str, updated: bool = False) -> Program:
    return {"one": (kind, wanted(kind, updated=updated) | ({"exclusive": False} if kind in SETS else {}))}


def there(kind: str, stack: Stack) -> list[Any]:
    """What Bitbucket answers about all that is there."""
    things = stack.start().api.things(RESOURCES[kind].KIND, LIVES[kind].created.inputs)
    return [entry.data for entry in things.all().entries]


def theirs(bitbucket: Emulator, kind: str, stack: Stack) -> Any:
    """The same about a thing that somebody else makes there now."""
    before, neighbour = there(kind, stack), LIVES[kind].neighbour
    assert neighbour
    neighbour.by_hand(bitbucket, 0)
    [made] = [one for one in there(kind, stack) if one not in before]
    return made


@pytest.mark.parametrize(
    ("kind", "write"),
    [*product(LISTED, ["create"]), *product([kind for kind in LISTED if LIVES[kind].updated], ["update"])],
)
def test_a_write_that_is_answered_about_another_thing_makes_that_nobodys(
    bitbucket: CheckedEmulator, kind: str, write: str
) -> None:
    """Else a destroy would remove what no preview has named."""
    stack, life, is_update = a_stack(bitbucket), LIVES[kind], write == "update"
    answer, before = theirs(bitbucket, kind, stack), life.holds(bitbucket)
    if is_update:
        stack.up(program(kind))
    posts = kind in MADE_BY_POST and not is_update
    bitbucket.fault(route(kind, one=not posts), "POST" if posts else "PUT", body=answer)
    with suppress(BitbucketError):
        stack.up(program(kind, is_update))
    assert not bitbucket.server.faults.waiting
    stack.up(program(kind, is_update), refresh=True)
    assert life.holds(bitbucket) != before
    stack.destroy()
    assert answer in there(kind, stack)


@pytest.mark.parametrize("kind", UPDATED)
@pytest.mark.parametrize("answer", [{}, {"message": "You are signed in."}], ids=["nothing", "something"])
def test_an_update_that_something_in_between_has_answered_is_not_taken_for_done(
    bitbucket: CheckedEmulator, kind: str, answer: Bag
) -> None:
    stack, life = a_stack(bitbucket), LIVES[kind]
    stack.up({"one": (kind, wanted(kind))})
    bitbucket.fault(route(kind, one=True), "PUT", status=200, body=answer)
    with pytest.raises(BitbucketError):
        stack.up({"one": (kind, wanted(kind, updated=True))})
    stack.up({"one": (kind, wanted(kind, updated=True))})
    assert life.updated and life.holds(bitbucket) == life.updated.held


@pytest.mark.parametrize("kind", [kind for kind in UPDATED if kind not in MADE_BY_POST and "Permission" in kind])
@pytest.mark.parametrize("write", ["create", "update"])
def test_a_grant_that_is_answered_with_another_permission_is_not_taken_for_given(
    bitbucket: CheckedEmulator, kind: str, write: str
) -> None:
    stack, is_update = a_stack(bitbucket), write == "update"
    if is_update:
        stack.up(program(kind))
    bitbucket.fault(route(kind, one=True), "PUT", patch={"permission": "none"})
    with pytest.raises(BitbucketError, match="an answer with another `permission` than was sent"):
        stack.up(program(kind, is_update))


@pytest.mark.parametrize("kind", VARIABLES)
def test_a_secured_variable_that_is_answered_as_one_that_is_not_is_looked_at(
    bitbucket: CheckedEmulator, kind: str
) -> None:
    stack, inputs = a_stack(bitbucket), wanted(kind) | {"secured": True}
    bitbucket.fault(route(kind, one=False), "POST", patch={"secured": False})
    stack.up({"one": (kind, inputs)})
    assert bitbucket.count("PUT") == 1
    bitbucket.fault(route(kind, one=True), "PUT", patch={"secured": False})
    with pytest.raises(BitbucketError, match="an answer with another `secured` than was sent") as refusal:
        stack.up({"one": (kind, inputs | {"value": "another-secret"})})
    assert "another-secret" not in str(refusal.value)


@pytest.mark.parametrize("kind", ASKED)
def test_what_is_read_about_another_thing_changes_no_state(bitbucket: CheckedEmulator, kind: str) -> None:
    """The list does not show it, so it is asked for alone."""
    stack, life = a_stack(bitbucket), LIVES[kind]
    answer = theirs(bitbucket, kind, stack)
    stack.up(program(kind))
    before, held = stack.state[kind, "one"], life.holds(bitbucket)
    bitbucket.fault(route(kind, one=False), "GET", status=200, body={"values": [], "size": 1})
    bitbucket.fault(route(kind, one=True), "GET", status=200, body=answer)
    with pytest.raises(BitbucketError, match="has an answer that is about something else"):
        stack.refresh()
    assert (stack.state[kind, "one"], life.holds(bitbucket)) == (before, held)
