"""Application properties: written by their app alone, replaced as a whole, answered with nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from bitbucket_user_emulator.seed import default_world
from bitbucket_user_provider.errors import ApiError
from bitbucket_user_provider.models.model import UNKNOWN
from bitbucket_user_provider.models.person import bare

from tests.conftest import CheckedEmulator
from tests.unit.core import ADA as AS_ADA
from tests.unit.core import APP
from tests.unit.stack import Refused, Stack, urn_of

KIND = "UserApplicationProperty"
GRACE = default_world().person("Grace")
THEME = {"theme": "dark", "fonts": [{"size": 12}]}


def prop(value: Any = THEME, user_id: str = GRACE.account_id, name: str = "theme") -> tuple[str, dict[str, Any]]:
    return KIND, {"userId": user_id, "appKey": "acme-app", "propertyName": name, "value": value}


def sent(bitbucket: CheckedEmulator) -> list[str]:
    calls = [one.method for one in bitbucket.requests]
    bitbucket.clear()
    return calls


@pytest.fixture
def stack(bitbucket: CheckedEmulator) -> Stack:
    return Stack(bitbucket, {}, APP)


def test_a_property_costs_one_call_each_way(bitbucket: CheckedEmulator, stack: Stack) -> None:
    stack.up({"theme": prop()})
    assert (sent(bitbucket), bitbucket.properties("Grace")) == (["PUT"], {"acme-app/theme": THEME})
    assert stack.state[KIND, "theme"].id == f"{GRACE.account_id}/acme-app/theme"
    stack.up({"theme": prop()})
    assert sent(bitbucket) == []
    stack.up({"theme": prop({"theme": "light"})})
    assert (sent(bitbucket), bitbucket.properties("Grace")) == (["PUT"], {"acme-app/theme": {"theme": "light"}})
    stack.refresh()
    assert sent(bitbucket) == ["GET"]
    stack.destroy()
    assert (sent(bitbucket), bitbucket.properties("Grace")) == (["DELETE"], {})


@pytest.mark.parametrize(
    ("before", "after"), [({"on": 1}, {"on": True}), ({"all": [{"on": False}]}, {"all": [{"on": 0}]})]
)
def test_a_number_is_no_boolean(bitbucket: CheckedEmulator, stack: Stack, before: Any, after: Any) -> None:
    stack.up({"theme": prop(before)})
    stack.up({"theme": prop(after)})
    assert json.dumps(bitbucket.properties("Grace")["acme-app/theme"]) == json.dumps(after)
    sent(bitbucket)
    stack.up({"theme": prop(after)})
    assert sent(bitbucket) == []


def test_what_stands_there_is_replaced(bitbucket: CheckedEmulator, stack: Stack) -> None:
    bitbucket.set_property("Grace", "acme-app/theme", {"old": True})
    stack.up({"theme": prop()})
    assert (sent(bitbucket), bitbucket.properties("Grace")) == (["PUT"], {"acme-app/theme": THEME})


@pytest.mark.parametrize("answered", [True, False])
def test_attributes_are_kept_whether_they_are_answered_or_not(
    bitbucket: CheckedEmulator, stack: Stack, answered: bool
) -> None:
    bitbucket.world.switches.attributes_answered = answered
    value = {**THEME, "_attributes": ["public"]}
    stack.up({"theme": prop(value)})
    bitbucket.set_property("Grace", "acme-app/theme", {"theme": "pink", "_attributes": ["public"]})
    stack.refresh()
    assert stack.outputs("theme")["value"] == {"theme": "pink", "_attributes": ["public"]}
    stack.up({"theme": prop(value)})
    assert bitbucket.properties("Grace") == {"acme-app/theme": value}


def test_whole_numbers_are_sent_as_such_and_order_never_matters(bitbucket: CheckedEmulator, stack: Stack) -> None:
    stack.up({"theme": prop({"a": 1.0, "b": [2.5, {"c": 3.0}]})})
    assert bitbucket.requests[0].request_body == {"a": 1, "b": [2.5, {"c": 3}]}
    assert isinstance(bitbucket.requests[0].request_body["a"], int)
    stack.preview({"theme": prop({"b": [2.5, {"c": 3}], "a": 1})})
    assert not stack.diffs["theme"]


def test_a_property_deleted_by_hand_is_gone_and_its_delete_is_done(bitbucket: CheckedEmulator, stack: Stack) -> None:
    stack.up({"theme": prop()})
    bitbucket.set_property("Grace", "acme-app/theme", None)
    state = dict(stack.state)
    stack.refresh()
    assert stack.state == {}
    stack.state = state
    stack.destroy()
    assert stack.said == ["was gone from Bitbucket already"]


def test_a_renamed_property_is_kept_and_a_moved_one_deleted_first(bitbucket: CheckedEmulator, stack: Stack) -> None:
    stack.up({"before": prop()})
    stack.up({"after": prop()})
    assert stack.said == [f"kept in Bitbucket: {urn_of(KIND, 'after')} wants it"]
    assert (sent(bitbucket), len(stack.state)) == (["PUT", "PUT"], 1)
    stack.up({"after": prop(name="colours")})
    assert stack.diffs["after"].replaces == ["propertyName"]
    assert (sent(bitbucket), list(bitbucket.properties("Grace"))) == (["DELETE", "PUT"], ["acme-app/colours"])


def test_the_person_written_another_way_replaces_unless_only_braces_and_case_differ(
    bitbucket: CheckedEmulator, stack: Stack
) -> None:
    stack.up({"theme": prop(user_id=GRACE.uuid)})
    stack.preview({"theme": prop(user_id=bare(GRACE.uuid).upper())})
    assert not stack.diffs["theme"]
    stack.up({"theme": prop()})
    assert stack.diffs["theme"].replaces == ["userId"]
    assert bitbucket.properties("Grace") == {"acme-app/theme": THEME}


def test_two_resources_for_one_property_are_refused(stack: Stack) -> None:
    with pytest.raises(Refused, match="manages this property too") as refusal:
        stack.preview({"one": prop(user_id=GRACE.uuid), "two": prop(user_id=bare(GRACE.uuid))})
    assert urn_of(KIND, "one") in str(refusal.value) and urn_of(KIND, "two") in str(refusal.value)


@pytest.mark.parametrize("user_id", [GRACE.account_id, GRACE.uuid, bare(GRACE.uuid)])
def test_import_keeps_the_person_as_written(bitbucket: CheckedEmulator, stack: Stack, user_id: str) -> None:
    bitbucket.set_property("Grace", "acme-app/theme", THEME)
    inputs = stack.bring_in(KIND, "theme", f"{user_id}/acme-app/theme")
    assert stack.state[KIND, "theme"].id == f"{user_id}/acme-app/theme"
    assert inputs == prop(user_id=user_id)[1]


def test_without_the_apps_own_token_the_refusal_names_what_is_needed(bitbucket: CheckedEmulator) -> None:
    with pytest.raises(ApiError, match="Bitbucket accepts only a Connect app's JWT"):
        Stack(bitbucket, AS_ADA).up({"theme": prop()})
    assert bitbucket.properties("Grace") == {}


def test_a_token_that_is_refused_leaves_the_state(bitbucket: CheckedEmulator, stack: Stack) -> None:
    stack.up({"theme": prop()})
    bitbucket.expire("jwt")
    with pytest.raises(ApiError, match="answered 401"):
        stack.refresh()
    assert len(stack.state) == 1


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("dark", "value: must be a JSON object"),
        ([1], "value: must be a JSON object"),
        ({"a key": 1}, "value: the key 'a key' may hold letters, digits, - and _ only"),
        ({"fonts": [{"si/ze": 1}]}, r"value: the key 'si/ze' in fonts\[0\] may hold"),
        ({"_attributes": ["secret"]}, "value: _attributes must be a list of 'public' and 'read_only'"),
        ({"n": float("nan")}, "value: is no JSON"),
    ],
)
def test_what_no_property_can_be_is_refused_at_check(stack: Stack, value: Any, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        stack.preview({"theme": prop(value)})


def test_a_value_that_is_not_known_yet_passes(stack: Stack) -> None:
    assert stack.preview({"theme": prop({"theme": UNKNOWN})})["theme"]["value"] == {"theme": UNKNOWN}
    stack.preview({"theme": prop(UNKNOWN)})
