"""A delete that did not happen is an error: the engine must not forget what Bitbucket still holds."""

from __future__ import annotations

import pytest
from bitbucket_user_provider.errors import BitbucketError, NotFound

from tests.conftest import CheckedEmulator
from tests.unit.stack import Program, Stack
from tests.unit.test_grant_sets import BOB, GRACE, held, members
from tests.unit.test_grants import grant
from tests.unit.test_variables import variable


@pytest.mark.parametrize(
    ("permissions", "left"), [({GRACE.uuid: "read"}, 1), ({GRACE.uuid: "read", BOB.uuid: "read"}, 2)]
)
def test_a_set_whose_people_could_not_be_removed_stays_in_the_state_and_says_whom(
    bitbucket: CheckedEmulator, permissions: dict[str, str], left: int
) -> None:
    stack = Stack(bitbucket)
    stack.up(members(permissions))
    bitbucket.fault("permissions-config/users", "DELETE", status=403, times=left)
    with pytest.raises(BitbucketError, match="acme/api.*Grace Hopper"):
        stack.destroy()
    assert len(stack.state) == 1
    assert len(held(bitbucket)) == left


@pytest.mark.parametrize("program", [{"one": grant(GRACE.uuid)}, {"one": variable()}])
def test_a_404_to_a_delete_of_what_still_stands_is_an_error(bitbucket: CheckedEmulator, program: Program) -> None:
    """A proxy, or an outage, answers 404 too: only a thing that cannot be read any more is gone."""
    stack = Stack(bitbucket)
    stack.up(program)
    before = held(bitbucket), bitbucket.workspace_variables("acme")
    bitbucket.fault(
        "permissions-config/users/" if "Permission" in program["one"][0] else "variables/", "DELETE", status=404
    )
    with pytest.raises(NotFound):
        stack.destroy()
    assert len(stack.state) == 1
    assert (held(bitbucket), bitbucket.workspace_variables("acme")) == before
