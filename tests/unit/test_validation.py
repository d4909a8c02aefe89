"""Inputs against a model: which failures, on which property, in which words."""

from __future__ import annotations

from typing import Any

import pytest
from bitbucket_user_provider.models.model import UNKNOWN, secret_aliases
from bitbucket_user_provider.models.validation import Failure, has_unknown, path_of, prune, validate
from bitbucket_user_provider.resources import RESOURCES

VARIABLE = RESOURCES["WorkspacePipelineVariable"].ARGS
GRANT = RESOURCES["RepositoryUserPermission"].ARGS
SET = RESOURCES["RepositoryUserPermissions"].ARGS
PROPERTY = RESOURCES["UserApplicationProperty"].ARGS
SOUND: dict[str, dict[str, Any]] = {
    "RepositoryUserPermission": {"workspace": "acme", "repoSlug": "api", "userId": "557058:a1", "permission": "read"},
    "WorkspacePipelineVariable": {"workspace": "acme", "key": "TOKEN", "value": "hush"},
    "UserApplicationProperty": {"userId": "557058:a1", "appKey": "app", "propertyName": "theme", "value": {"a": 1}},
    "RepositoryUserPermissions": {"workspace": "acme", "repoSlug": "api", "permissions": {"557058:a1": "read"}},
}


@pytest.mark.parametrize("kind", SOUND)
def test_sound_inputs_have_no_failure(kind: str) -> None:
    assert validate(RESOURCES[kind].ARGS, SOUND[kind]) == []


@pytest.mark.parametrize("kind", SOUND)
def test_whatever_is_not_known_yet_passes(kind: str) -> None:
    model, inputs = RESOURCES[kind].ARGS, SOUND[kind]
    for key in inputs:
        assert validate(model, {**inputs, key: UNKNOWN}) == []
    assert validate(model, dict.fromkeys(inputs, UNKNOWN)) == []


def test_what_is_known_beside_the_unknown_is_checked_all_the_same() -> None:
    inputs = {"workspace": UNKNOWN, "repoSlug": "my repo", "userId": UNKNOWN, "permission": "own"}
    assert [failure.property for failure in validate(GRANT, inputs)] == ["repoSlug", "permission"]


def test_unknown_parts_of_a_map_or_list_pass() -> None:
    inputs = SOUND["UserApplicationProperty"] | {"value": {"a": UNKNOWN, "b": [1, UNKNOWN, {"c": UNKNOWN}]}}
    assert validate(PROPERTY, inputs) == []
    permissions = {"557058:a1": UNKNOWN, "557058:a2": "read"}
    assert validate(SET, SOUND["RepositoryUserPermissions"] | {"permissions": permissions}) == []


def test_several_failures_are_told_at_once_one_a_property() -> None:
    found = validate(GRANT, {"workspace": "", "repoSlug": "a/b", "userId": "ada@acme.example", "permission": "own"})
    assert [failure.property for failure in found] == ["workspace", "repoSlug", "userId", "permission"]
    assert found[0] == Failure("workspace", "must not be empty")
    assert found[3] == Failure("permission", "'own' is not allowed; it is one of read, write, admin")


def test_a_missing_property_is_named() -> None:
    found = validate(GRANT, {"workspace": "acme"})
    assert found == [Failure(name, "is required") for name in ("repoSlug", "userId", "permission")]


def test_an_unknown_property_is_named_with_the_nearest_known_one() -> None:
    found = validate(GRANT, SOUND["RepositoryUserPermission"] | {"permision": "read", "zzz": 1})
    assert found == [
        Failure("permision", "unknown property; did you mean 'permission'?"),
        Failure("zzz", "unknown property; there are workspace, repoSlug, userId, adoptExisting, permission"),
    ]


def test_names_are_those_of_pulumi_not_of_the_core() -> None:
    found = validate(GRANT, {"workspace": "acme", "repo_slug": "api", "userId": "557058:a1", "permission": "read"})
    assert found == [
        Failure("repoSlug", "is required"),
        Failure("repo_slug", "unknown property; did you mean 'repoSlug'?"),
    ]


@pytest.mark.parametrize(
    ("value", "reason"), [(7, "must be a string"), (None, "must be a string"), (["hush"], "must be a string")]
)
def test_a_failure_on_a_secret_names_its_path_in_the_reason_alone(value: object, reason: str) -> None:
    inputs = SOUND["WorkspacePipelineVariable"] | {"value": value}
    assert secret_aliases(VARIABLE) == {"value"}
    assert validate(VARIABLE, inputs) == [Failure("", f"value: {reason}")]


def test_a_misspelt_property_may_hold_a_secret_and_is_not_shown_either() -> None:
    inputs = {"workspace": "acme", "key": "TOKEN", "vaule": "hush"}
    assert validate(VARIABLE, inputs) == [
        Failure("", "value: is required"),
        Failure("", "vaule: unknown property; did you mean 'value'?"),
    ]


def test_a_failure_in_a_map_names_its_path_in_the_reason_alone() -> None:
    inputs = SOUND["RepositoryUserPermissions"] | {
        "permissions": {"557058:a1": "own", "ada@acme.example": "read", "557058:a2": 7}
    }
    found = validate(SET, inputs)
    assert {failure.property for failure in found} == {""}
    assert [failure.reason.partition(": ")[0] for failure in found] == [
        'permissions["557058:a1"]',
        'permissions["ada@acme.example"]',
        'permissions["557058:a2"]',
    ]
    assert found[0].reason.endswith("is not allowed; it is one of read, write, admin")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("Wirte", "is not allowed; did you mean 'write'? it is one of read, write, admin"),
        ("Admin", "is not allowed; did you mean 'admin'? it is one of read, write, admin"),
        ("hush-hush-hush", "is not allowed; it is one of read, write, admin"),
        ("admin" * 100, "is not allowed; it is one of read, write, admin"),
        (["hush"], "is not allowed; it is one of read, write, admin"),
    ],
)
def test_a_level_that_is_none_is_never_quoted_for_it_may_be_a_secret(value: object, words: str) -> None:
    inputs = SOUND["RepositoryUserPermissions"] | {"permissions": {"557058:a1": value}}
    assert validate(SET, inputs) == [Failure("", f'permissions["557058:a1"]: {words}')]
    shown = Failure("permission", words) if "mean" in words else Failure("", f"permission: {words}")
    assert validate(GRANT, SOUND["RepositoryUserPermission"] | {"permission": value}) == [shown]


def test_a_short_word_in_the_place_of_one_level_is_quoted_and_within_a_map_it_is_not() -> None:
    single = SOUND["RepositoryUserPermission"] | {"permission": "boss"}
    words = "is not allowed; it is one of read, write, admin"
    assert validate(GRANT, single) == [Failure("permission", f"'boss' {words}")]
    of_a_set = SOUND["RepositoryUserPermissions"] | {"permissions": {"557058:a1": "boss"}}
    assert validate(SET, of_a_set) == [Failure("", f'permissions["557058:a1"]: {words}')]


def test_what_is_too_long_for_a_name_may_be_a_token_and_is_not_quoted() -> None:
    token = "ATATT3x" + "hush" * 40
    (user,) = validate(GRANT, SOUND["RepositoryUserPermission"] | {"userId": token})
    assert user.property == "" and user.reason.startswith("userId: what is there is neither an account id nor a UUID; ")
    (key,) = validate(SET, SOUND["RepositoryUserPermissions"] | {"permissions": {token: "read"}})
    assert key.reason.startswith('permissions["…"]: what is there is neither')


@pytest.mark.parametrize("value", ["true", 1, None])
def test_a_value_of_another_type_is_refused(value: object) -> None:
    found = validate(VARIABLE, SOUND["WorkspacePipelineVariable"] | {"secured": value})
    assert found == [Failure("secured", "must be true or false")]


def test_a_map_that_is_none_is_refused() -> None:
    found = validate(SET, SOUND["RepositoryUserPermissions"] | {"permissions": ["557058:a1"]})
    assert found == [Failure("permissions", "must be a map")]


@pytest.mark.parametrize(
    ("location", "path"),
    [
        (("value",), "value"),
        (("permissions", "557058:a1"), 'permissions["557058:a1"]'),
        (("permissions", "ada", "[key]"), 'permissions["ada"]'),
        (("grants", 2, "permission"), 'grants[2]["permission"]'),
        ((), ""),
    ],
)
def test_a_path_is_written_as_pulumi_writes_it(location: tuple[int | str, ...], path: str) -> None:
    assert path_of(location) == path


def test_pruning_leaves_what_is_known() -> None:
    value = {"a": UNKNOWN, "b": [1, UNKNOWN, {"c": UNKNOWN, "d": None}], "e": {}}
    assert prune(value) == {"b": [1, {"d": None}], "e": {}}
    assert [has_unknown(one) for one in (value, value["b"], prune(value), UNKNOWN, None)] == [
        True,
        True,
        False,
        True,
        False,
    ]
