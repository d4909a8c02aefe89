"""From dynamic resources to the plugin, and back, by one import line: no difference, no call, nothing lost."""

from __future__ import annotations

from typing import Any

import pulumi_bitbucket_user as native
import pulumi_bitbucket_user.dynamic as dynamic

from tests.acceptance.conftest import EVERY_CREDENTIAL, Stacks
from tests.acceptance.lives import LIVES
from tests.conftest import CheckedEmulator


def test_whatever_a_program_takes_from_the_package_is_in_its_dynamic_twin() -> None:
    classes = {name for name, value in vars(native).items() if isinstance(value, type)}
    kinds = {life.kind for life in LIVES}
    wanted = kinds | {f"{kind}Args" for kind in kinds} | {"RepositoryPermission", "ProjectPermission"}
    assert wanted <= classes
    assert wanted <= vars(dynamic).keys()


def test_one_import_line_moves_a_stack_of_everything_there_and_back(stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    sdk: Any = dynamic

    def program() -> None:
        for life in LIVES:
            getattr(sdk, life.kind)(life.kind, **life.created.inputs)

    def held() -> dict[str, Any]:
        return {life.kind: life.holds(bitbucket) for life in LIVES}

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
        assert {one["type"] for one in stack.state.values()} == {token + life.kind for life in LIVES}

        run = stack.refresh()
        assert run and not run.found
        again = stack.up()
        assert again and not again.changes
        assert held() == before
        assert bitbucket.count("PUT") == bitbucket.count("DELETE") == 0
        assert "plain-secret" not in stack.state_text

    assert stack.destroy()
    assert held() == {life.kind: life.nothing for life in LIVES}
