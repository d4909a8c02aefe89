"""The rules of examples/guard-rails, over plans made by hand. What a real preview hands them: test_outputs.py."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from typing import Any

import pytest

from tests.stacks import EXAMPLES

RULES = runpy.run_path(str(EXAMPLES / "guard-rails" / "rules.py"))
NOT_KNOWN = RULES["NOT_KNOWN"]


def plan(kind: str, **inputs: Any) -> list[Any]:
    return [RULES["Planned"]("api", kind, inputs)]


def single(user_id: str, permission: str) -> list[Any]:
    return plan("RepositoryUserPermission", userId=user_id, permission=permission)


def whole(permissions: Any) -> list[Any]:
    return plan("RepositoryUserPermissions", permissions=permissions)


GROUP = plan("RepositoryGroupPermission", groupSlug="admins", permission="admin")
KEY = plan("UserSshKey", userId="eve", key="ssh-ed25519 AAAA")


def sentences(rule: str, plan: list[Any]) -> list[str]:
    found: Iterator[str] = RULES["nobody_outside"](["grace"])(plan) if rule == "nobody_outside" else RULES[rule](plan)
    return list(found)


@pytest.mark.parametrize("plan", [single("grace", "admin"), whole({"bob": "read", "grace": "admin"})])
def test_a_direct_administrator_is_named(plan: list[Any]) -> None:
    assert sentences("no_direct_administrators", plan) == ["api: grace would be a direct administrator"]


@pytest.mark.parametrize("plan", [single("grace", "write"), whole({"grace": "read"}), whole({}), GROUP, KEY])
def test_others_and_groups_of_administrators_are_none(plan: list[Any]) -> None:
    assert sentences("no_direct_administrators", plan) == []


@pytest.mark.parametrize("plan", [single("eve", "read"), whole({"grace": "read", "eve": "read"})])
def test_somebody_who_is_not_in_the_list_is_named(plan: list[Any]) -> None:
    assert sentences("nobody_outside", plan) == ["api: eve is not one of the people in the list"]


@pytest.mark.parametrize("plan", [GROUP, plan("RepositoryUserPermissions", permissions={}, groups={"admins": "read"})])
def test_a_group_that_is_not_in_the_list_is_named(plan: list[Any]) -> None:
    assert sentences("nobody_outside", plan) == ["api: the group admins is not in the list"]
    assert [*RULES["nobody_outside"](["group:admins"])(plan)] == []


UNKNOWN_GROUPS = plan("RepositoryUserPermissions", permissions={}, groups=NOT_KNOWN)


@pytest.mark.parametrize(
    "plan",
    [
        single(NOT_KNOWN, "read"),
        single("grace", NOT_KNOWN),
        single("grace", RULES["SECRET"]),
        whole(NOT_KNOWN),
        UNKNOWN_GROUPS,
        plan("RepositoryGroupPermission", groupSlug=NOT_KNOWN, permission="read"),
    ],
)
def test_what_a_preview_does_not_know_passes_not_all_rules(plan: list[Any]) -> None:
    found = [one for rule in ("no_direct_administrators", "nobody_outside") for one in sentences(rule, plan)]
    assert found and all("not known before the update" in one for one in found)


@pytest.mark.parametrize("secured", [{}, {"secured": False}, {"secured": NOT_KNOWN}])
def test_a_variable_that_is_not_surely_secured_is_named(secured: dict[str, Any]) -> None:
    found = plan("WorkspacePipelineVariable", key="TOKEN", value="[secret]", **secured)
    assert sentences("variables_are_secured", found) == ["api: the variable TOKEN is not secured"]


def test_a_secured_variable_is_not() -> None:
    found = plan("WorkspacePipelineVariable", key="TOKEN", value="[secret]", secured=True)
    assert sentences("variables_are_secured", found) == []
