"""The values that several resources share, and the words that refuse them."""

from __future__ import annotations

from typing import Any

import pytest
from bitbucket_user_provider.models import fields
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

UUID = "{d301aafa-d676-4ee0-88be-962be7417567}"
KINDS: dict[str, TypeAdapter[Any]] = {
    "workspace": TypeAdapter(fields.Workspace),
    "repo_slug": TypeAdapter(fields.RepoSlug),
    "project_key": TypeAdapter(fields.ProjectKey),
    "variable_key": TypeAdapter(fields.VariableKey),
    "property_name": TypeAdapter(fields.PropertyName),
    "value": TypeAdapter(fields.JsonObject),
}


def reason(kind: str, value: object) -> str:
    """Why a value is refused; empty when it is not."""
    try:
        KINDS[kind].validate_python(value)
    except ValidationError as error:
        (problem,) = error.errors()
        return problem["msg"].removeprefix("Value error, ")
    return ""


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("workspace", ["acme", "acme-dev_2", "ACME", UUID, UUID.strip("{}"), "x" * 62]),
        ("repo_slug", ["api", "api.v2_x-y", ".github", "...", UUID, "x" * 62]),
        ("project_key", ["CORE", "C", "CORE_2"]),
        ("variable_key", ["TOKEN", "_x", "a1", "x" * 255]),
        ("property_name", ["theme", "acme-app", "a.b_c-1"]),
    ],
)
def test_what_bitbucket_accepts_is_accepted_as_written(kind: str, values: list[str]) -> None:
    for value in values:
        assert KINDS[kind].validate_python(value) == value


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "value"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", "must not be empty"),
        (" \t", "must not be empty"),
        ("A" * 300, "is longer than "),
        (None, "must be a string"),
        (7, "must be a string"),
        (True, "must be a string"),
        ({"a": 1}, "must be a string"),
        *((f"A{sign}B", "must hold none of / % ? # and no control character") for sign in "/%?#\x00\n\x7f"),
    ],
    ids=repr,
)
def test_what_no_name_can_be_is_refused(kind: str, value: object, expected: str) -> None:
    assert reason(kind, value).startswith(expected)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("workspace", "Acme Inc", "'Acme Inc' is no workspace: give its slug, as in bitbucket.org/SLUG/, or its UUID"),
        ("workspace", "..", "must not be '..'"),
        ("repo_slug", "my repo", "'my repo' is no repository slug: give the last part of the repository's URL"),
        ("repo_slug", ".", "must not be '.'"),
        ("repo_slug", "..", "must not be '..'"),
        ("project_key", "core", "'core' is no project key; it has upper-case letters, digits and _: write 'CORE'"),
        ("project_key", "2X", "'2X' is no project key; it has upper-case letters, digits and _"),
        ("project_key", UUID, f"'{UUID}' is no project key"),
        ("variable_key", "MY TOKEN", "'MY TOKEN' is no variable key: letters, digits and _ only, and no digit first"),
        ("variable_key", "1X", "'1X' is no variable key"),
        ("variable_key", "ZOË", "'ZOË' is no variable key"),
        ("property_name", "a b", "'a b' may hold letters, digits, - _ and . only"),
        ("property_name", "..", "must not be '..'"),
    ],
)
def test_each_kind_says_what_it_looks_like(kind: str, value: str, expected: str) -> None:
    assert reason(kind, value).startswith(expected)


@given(st.text(max_size=70), st.sampled_from([kind for kind in KINDS if kind != "value"]))
def test_nothing_that_is_accepted_changes_the_path_that_it_stands_in(value: str, kind: str) -> None:
    if reason(kind, value) == "":
        assert not set(value) & set("/%?# \n") and value not in ("", ".", "..")


@pytest.mark.parametrize(
    "value",
    [{}, {"theme": "dark"}, {"a": {"b": [1, True, {"c-d_1": 2.5}]}}, {"_attributes": ["public", "read_only"]}],
    ids=str,
)
def test_a_property_is_any_json_object(value: dict[str, Any]) -> None:
    assert KINDS["value"].validate_python(value) == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", 'must be a JSON object, as in {"theme": "dark"}'),
        ([1], "must be a JSON object"),
        (None, "must be a JSON object"),
        ('{"a": 1}', "must be a JSON object"),
        ({"a": float("nan")}, "is no JSON"),
        ({"a": 1j}, "is no JSON"),
        ({"a": {"b": [1, None]}}, "null at a.b[1]: Pulumi loses it on the way"),
        ({"a b": 1}, "the key 'a b' may hold letters, digits, - and _ only"),
        ({"": 1}, "the key '' may hold letters"),
        ({"a": {"b.c": 1}}, "the key 'b.c' in a may hold letters"),
        ({"a": [{}, {"b": {"$": 1}}]}, "the key '$' in a[1].b may hold letters"),
        ({"_attributes": ["secret"]}, "_attributes must be a list of 'public' and 'read_only'"),
        ({"_attributes": "public"}, "_attributes must be a list"),
    ],
    ids=str,
)
def test_what_no_property_can_hold_is_refused(value: object, expected: str) -> None:
    assert reason("value", value).startswith(expected)


@pytest.mark.parametrize(
    ("kind", "ranks"),
    [
        (fields.RepositoryPermission, {"read": 0, "write": 1, "admin": 2, "none": -1, None: -1}),
        (fields.ProjectPermission, {"read": 0, "write": 1, "create-repo": 2, "admin": 3, "x": -1}),
    ],
)
def test_permissions_have_an_order(kind: Any, ranks: dict[Any, int]) -> None:
    assert {value: fields.level(kind, value) for value in ranks} == ranks
