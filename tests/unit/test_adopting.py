"""`adoptExisting` of one resource: an input and nothing else, above the provider's."""

from __future__ import annotations

from typing import Any

import pytest
from bitbucket_user_provider.errors import Exists
from bitbucket_user_provider.resources import RESOURCES
from bitbucket_user_provider.resources.resource import Adopting
from pydantic.alias_generators import to_camel

from tests.conftest import CheckedEmulator
from tests.matrix import LIVES
from tests.unit.core import ADA, CONSUMER
from tests.unit.stack import Program, Refused, Stack

ADOPTING = [kind for kind, one in RESOURCES.items() if issubclass(one.ARGS, Adopting)]
each = pytest.mark.parametrize("kind", ADOPTING)


def program(kind: str, **more: Any) -> Program:
    inputs = {to_camel(name): value for name, value in LIVES[kind].created.inputs.items()}
    return {"it": (kind, {**inputs, **more})}


def test_every_resource_that_can_meet_what_stands_there_has_it() -> None:
    refusing = {kind for kind, life in LIVES.items() if life.standing.refusal}
    assert refusing - {"UserSshKey"} <= {*ADOPTING}, "what is refused as it stands can be taken over"


@each
def test_it_counts_more_than_that_of_the_provider(bitbucket: CheckedEmulator, kind: str) -> None:
    life = LIVES[kind]
    life.standing.by_hand(bitbucket)
    standing = life.holds(bitbucket)
    with pytest.raises(Exists):
        Stack(bitbucket, ADA | CONSUMER, adoptExisting=True).up(program(kind, adoptExisting=False))
    assert life.holds(bitbucket) == standing
    stack = Stack(bitbucket, ADA | CONSUMER)
    stack.up(program(kind, adoptExisting=True))
    assert stack.state and life.holds(bitbucket) != standing


@each
def test_it_is_no_output_no_input_that_is_read_and_no_difference(bitbucket: CheckedEmulator, kind: str) -> None:
    stack = Stack(bitbucket, ADA | CONSUMER)
    shown = stack.preview(program(kind, adoptExisting=True))
    assert "adoptExisting" not in shown["it"]
    stack.up(program(kind, adoptExisting=True))
    assert "adoptExisting" not in stack.outputs("it")
    for changed in ({}, {"adoptExisting": False}, {"adoptExisting": True}):
        stack.preview(program(kind, **changed))
        assert not stack.diffs["it"]
    stack.refresh()
    assert "adoptExisting" not in stack.state[kind, "it"].inputs
    stack.preview(program(kind, adoptExisting=True))
    assert not stack.diffs["it"]


@each
def test_it_is_true_or_false(bitbucket: CheckedEmulator, kind: str) -> None:
    with pytest.raises(Refused, match="adoptExisting: must be true or false"):
        Stack(bitbucket, ADA | CONSUMER).preview(program(kind, adoptExisting="yes"))
