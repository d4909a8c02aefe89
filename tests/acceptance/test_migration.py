"""From dynamic resources to the plugin and back by one import line, without a difference or a call to Bitbucket."""

from __future__ import annotations

from types import FunctionType
from typing import Any

import pulumi_bitbucket_user as native
import pulumi_bitbucket_user.dynamic as dynamic

from tests.acceptance.conftest import EVERY_CREDENTIAL, Stacks
from tests.acceptance.lives import every_life
from tests.conftest import CheckedEmulator


def test_whatever_a_program_takes_from_the_package_is_in_its_dynamic_twin() -> None:
    defined = {name for name, value in vars(native).items() if isinstance(value, type | FunctionType)}
    assert {*every_life(), "RepositoryPermission", "UserSshKeyArgs", "get_user", "get_user_output"} <= defined
    assert defined - vars(dynamic).keys() == {"Provider"}


def test_one_import_line_moves_a_stack_of_everything_there_and_back(stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    sdk: Any = dynamic
    lives = every_life()

    def program() -> None:
        for kind, life in lives.items():
            getattr(sdk, kind)(kind, **life.created.inputs)

    def held() -> dict[str, Any]:
        return {kind: life.holds(bitbucket) for kind, life in lives.items()}

    without = held()
    stack = stacks(program, EVERY_CREDENTIAL)
    assert stack.up()
    before, ids = held(), {name: one["id"] for name, one in stack.state.items()}

    for sdk, token in ((native, "bitbucket-user:index:"), (dynamic, "pulumi-python:dynamic/bitbucket-user:")):
        bitbucket.clear()
        preview = stack.preview()
        assert preview and not {name for name, steps in preview.changes.items() if steps != ["update"]}
        if sdk is native:
            assert not preview.changes
        assert stack.up()
        assert not bitbucket.requests
        assert {name: one["id"] for name, one in stack.state.items()} == ids
        assert {one["type"] for one in stack.state.values()} == {token + kind for kind in lives}

        run = stack.refresh()
        assert run and not run.found
        again = stack.up()
        assert again and not again.changes
        assert held() == before
        assert bitbucket.count("PUT") == bitbucket.count("DELETE") == 0
        assert "plain-secret" not in stack.state_text

    assert stack.destroy()
    assert held() == without
