"""Pipeline variables: what stands there already, what a POST may have made, what a secured value lets be seen."""

from __future__ import annotations

from typing import Any

import pytest
from bitbucket_user_provider.errors import (
    ApiError,
    BitbucketError,
    Conflict,
    Exists,
    InvalidInput,
    PartialFailure,
)
from bitbucket_user_provider.models.model import UNKNOWN
from bitbucket_user_provider.models.person import bare

from tests.conftest import CheckedEmulator, Clock
from tests.unit.core import CONSUMER
from tests.unit.stack import Program, Refused, Stack, urn_of

KIND = "WorkspacePipelineVariable"
SECRET = "hunter2-hunter2"
ROUTE = "/workspaces/{workspace}/pipelines-config/variables"


def variable(key: str = "TOKEN", value: Any = SECRET, secured: Any = True, **more: Any) -> tuple[str, dict[str, Any]]:
    return KIND, {"workspace": "acme", "key": key, "value": value, "secured": secured, **more}


def sent(bitbucket: CheckedEmulator) -> list[str]:
    """The methods since the last look, LIST for a page of a listing."""
    calls = ["LIST" if (one.method, one.route) == ("GET", ROUTE) else one.method for one in bitbucket.requests]
    bitbucket.clear()
    return calls


def uuid_of(bitbucket: CheckedEmulator, key: str = "TOKEN") -> str:
    held = bitbucket.world.workspaces["acme"].variables.values()
    return bare(next(one.uuid for one in held if one.key == key))


def test_a_variable_costs_one_call_and_a_look_to_create_one_to_update_and_delete(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    shown = stack.preview({"token": variable()})
    assert shown["token"]["uuid"] is UNKNOWN
    stack.up({"token": variable()})
    assert sent(bitbucket) == ["LIST", "POST"]
    state = stack.state[KIND, "token"]
    assert state.id == f"acme/{uuid_of(bitbucket)}"
    assert state.outputs == {**variable()[1], "uuid": uuid_of(bitbucket)}
    stack.up({"token": variable()})
    assert sent(bitbucket) == []
    stack.up({"token": variable("RENAMED", "other value")})
    assert sent(bitbucket) == ["PUT"]
    assert bitbucket.workspace_variables("acme") == {"RENAMED": {"value": "other value", "secured": True}}
    stack.destroy()
    assert sent(bitbucket) == ["DELETE"]
    assert bitbucket.workspace_variables("acme") == {}


def test_fifty_variables_are_refreshed_with_one_call(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    program = {f"v{number}": variable(f"KEY_{number}") for number in range(50)}
    stack.up(program)
    sent(bitbucket)
    stack.refresh()
    assert sent(bitbucket) == ["LIST"]
    stack.preview(program)
    assert not any(stack.diffs.values())


def test_an_existing_key_is_refused_with_its_import_id(bitbucket: CheckedEmulator) -> None:
    bitbucket.set_variable("acme", "TOKEN", "theirs", secured=True)
    with pytest.raises(Exists) as refusal:
        Stack(bitbucket).up({"token": variable()})
    assert str(refusal.value).startswith("a variable TOKEN (secured) stands in acme already; nothing was changed. ")
    assert all(way in str(refusal.value) for way in ("`aliases`", "`deleteBeforeReplace`", "`ignoreChanges`"))
    assert refusal.value.import_id == f"acme/{uuid_of(bitbucket)}"
    assert sent(bitbucket) == ["LIST"]
    assert bitbucket.workspace_variables("acme")["TOKEN"]["value"] == "theirs"


def test_an_existing_key_is_taken_over_where_that_is_wanted(bitbucket: CheckedEmulator) -> None:
    bitbucket.set_variable("acme", "TOKEN", "theirs")
    stack = Stack(bitbucket, adoptExisting=True)
    stack.up({"token": variable()})
    assert sent(bitbucket) == ["POST", "LIST", "PUT"]
    assert bitbucket.workspace_variables("acme") == {"TOKEN": {"value": SECRET, "secured": True}}
    assert stack.state[KIND, "token"].id == f"acme/{uuid_of(bitbucket)}"


def test_a_value_that_was_not_written_when_its_variable_was_taken_over_is_written_later(
    bitbucket: CheckedEmulator,
) -> None:
    """Pulumi forgets that a create has failed half-way as soon as a refresh finds the variable."""
    bitbucket.set_variable("acme", "TOKEN", "theirs", secured=True)
    stack = Stack(bitbucket, adoptExisting=True)
    bitbucket.fault("pipelines-config/variables/", "PUT", status=403)
    with pytest.raises(PartialFailure):
        stack.up({"token": variable()})
    stack.refresh()
    assert not stack.state[KIND, "token"].unfinished
    stack.up({"token": variable()})
    assert bitbucket.workspace_variables("acme") == {"TOKEN": {"value": SECRET, "secured": True}}


def test_a_renamed_variable_that_was_taken_over_is_not_deleted(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket, adoptExisting=True)
    stack.up({"before": variable()})
    stack.up({"after": variable()})
    assert bitbucket.count("DELETE") == 0
    assert stack.said == [f"kept in Bitbucket: {urn_of(KIND, 'after')} wants it"]
    assert list(stack.state) == [(KIND, "after")]
    stack.destroy()
    assert bitbucket.workspace_variables("acme") == {}


def test_a_renamed_variable_is_refused_and_kept_without_adoption(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"before": variable()})
    with pytest.raises(Exists):
        stack.up({"after": variable()})
    assert list(stack.state) == [(KIND, "before")]
    assert list(bitbucket.workspace_variables("acme")) == ["TOKEN"]


@pytest.mark.parametrize("drop", ["before", "after", "during"])
@pytest.mark.parametrize("secured", [True, False])
def test_a_post_whose_answer_is_lost_makes_one_variable(
    bitbucket: CheckedEmulator, clock: Clock, drop: str, secured: bool
) -> None:
    bitbucket.fault(ROUTE, method="POST", drop=drop)
    stack = Stack(bitbucket)
    stack.up({"token": variable(secured=secured)})
    assert bitbucket.workspace_variables("acme") == {"TOKEN": {"value": SECRET, "secured": secured}}
    assert stack.state[KIND, "token"].id == f"acme/{uuid_of(bitbucket)}"
    assert bitbucket.count("POST") == (2 if drop == "before" else 1)


@pytest.mark.parametrize("how", [{"status": 503}, {"status": 500, "work": True}, {"truncate": True}, {"html": True}])
def test_a_post_with_a_useless_answer_makes_one_variable(
    bitbucket: CheckedEmulator, clock: Clock, how: dict[str, Any]
) -> None:
    bitbucket.fault(ROUTE, method="POST", **how)
    stack = Stack(bitbucket)
    stack.up({"token": variable()})
    assert list(bitbucket.workspace_variables("acme")) == ["TOKEN"]
    assert stack.state[KIND, "token"].id == f"acme/{uuid_of(bitbucket)}"


def test_a_lost_post_does_not_take_what_was_there_before(bitbucket: CheckedEmulator, clock: Clock) -> None:
    bitbucket.set_variable("acme", "TOKEN", "theirs", secured=False)
    bitbucket.fault(ROUTE, method="POST", drop="before")
    with pytest.raises(Exists):
        Stack(bitbucket).up({"token": variable(secured=False)})
    assert bitbucket.workspace_variables("acme")["TOKEN"]["value"] == "theirs"


def test_no_lost_post_overwrites_what_is_secured_and_cannot_be_compared(bitbucket: CheckedEmulator) -> None:
    bitbucket.set_variable("acme", "TOKEN", "theirs", secured=True)
    with pytest.raises(Exists):
        Stack(bitbucket).up({"token": variable()})
    assert bitbucket.workspace_variables("acme")["TOKEN"]["value"] == "theirs"
    assert sent(bitbucket) == ["LIST"], "no POST, of whose answer, once lost, nobody could tell anything"


def test_the_advice_to_import_under_another_name_deletes_nothing(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"before": variable()})
    stack.bring_in(KIND, "after", "acme/TOKEN")
    stack.up({"after": variable()})
    assert list(stack.state) == [(KIND, "after")]
    assert bitbucket.workspace_variables("acme") == {"TOKEN": {"value": SECRET, "secured": True}}


def test_two_resources_never_share_one_variable(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket, adoptExisting=True)
    stack.up({"first": variable("ONE")})
    with pytest.raises(InvalidInput, match="first's in this run; nothing was changed"):
        stack.up({"second": variable("ONE"), "first": variable("TWO")}, ahead=True, parallel=1)
    assert list(stack.state) == [(KIND, "first")]
    assert list(bitbucket.workspace_variables("acme")) == ["ONE"]


def test_a_value_that_only_bitbucket_knows_survives_another_key(bitbucket: CheckedEmulator) -> None:
    bitbucket.set_variable("acme", "TOKEN", "theirs", secured=True)
    stack = Stack(bitbucket)
    kind, inputs = KIND, stack.bring_in(KIND, "token", "acme/TOKEN")
    stack.up({"token": (kind, inputs | {"key": "RENAMED"})})
    assert bitbucket.workspace_variables("acme") == {"RENAMED": {"value": "theirs", "secured": True}}


@pytest.mark.parametrize("body", [None, [], {"key": "TOKEN"}])
def test_an_answer_that_does_not_say_what_was_made_is_looked_up(bitbucket: CheckedEmulator, body: Any) -> None:
    bitbucket.fault(ROUTE, method="POST", status=201, body=body, work=True)
    stack = Stack(bitbucket)
    stack.up({"token": variable()})
    assert stack.outputs("token")["uuid"] == uuid_of(bitbucket)


def test_one_entry_of_another_form_takes_no_other_out_of_the_state(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({name: variable(name.upper()) for name in ("one", "two", "three")})
    bitbucket.fault(ROUTE, method="GET", body={"values": [{"key": "ONE"}]})
    stack.start()
    for name in ("one", "two", "three"):
        known = stack.state[KIND, name]
        with stack.on(KIND, name):
            found = stack.provider.read(KIND, known.id, known.outputs, known.inputs)
        assert found and found.outputs == known.outputs, "asked for alone, because the list proves nothing"


def test_a_secured_value_is_kept_from_state_and_drift_of_the_rest_is_seen(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"token": variable()})
    bitbucket.set_variable("acme", "TOKEN", "changed by hand", secured=True)
    stack.refresh()
    assert stack.outputs("token")["value"] == SECRET
    bitbucket.set_variable("acme", "TOKEN", "for all to read", secured=False)
    stack.refresh()
    assert (stack.outputs("token")["value"], stack.outputs("token")["secured"]) == ("for all to read", False)
    stack.up({"token": variable()})
    assert [*stack.diffs["token"].changes] == ["value", "secured"] and not stack.diffs["token"].replaces
    assert bitbucket.workspace_variables("acme") == {"TOKEN": {"value": SECRET, "secured": True}}


def test_a_key_changed_by_hand_is_put_right(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"token": variable()})
    next(iter(bitbucket.world.workspaces["acme"].variables.values())).key = "OTHER"
    stack.refresh()
    stack.up({"token": variable()})
    assert [*stack.diffs["token"].changes] == ["key"]
    assert list(bitbucket.workspace_variables("acme")) == ["TOKEN"]


def test_turning_secured_off_replaces_and_turning_it_on_does_not(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"token": variable(secured=False)})
    stack.up({"token": variable(secured=True)})
    assert (stack.diffs["token"].replaces, sent(bitbucket)) == ([], ["POST", "PUT"])
    stack.up({"token": variable(secured=False)})
    assert (stack.diffs["token"].replaces, sent(bitbucket)) == (["secured"], ["DELETE", "POST"])
    stack.up({"token": (KIND, {"workspace": "acme", "key": "TOKEN", "value": SECRET})})
    assert not stack.diffs["token"]


def test_an_unsecured_variable_warns_once_and_only_when_something_changes(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"token": variable(secured=False)})
    warning = "TOKEN is not secured: whoever may see these variables in Bitbucket can read its value."
    assert stack.warned == [warning]
    stack.preview({"token": variable(secured=False)})
    assert stack.warned == []
    stack.preview({"token": variable(value="another", secured=False)})
    assert stack.warned == [warning]
    for secured in (True, UNKNOWN):
        stack.preview({"token": variable(value="another", secured=secured)})
        assert stack.warned == []


def test_a_variable_deleted_by_hand_is_gone_and_its_delete_is_done(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"token": variable(), "other": variable("OTHER")})
    bitbucket.delete_variable("acme", "TOKEN")
    stack.destroy()
    assert stack.said == ["was gone from Bitbucket already"]
    stack.up({"token": variable(), "other": variable("OTHER")})
    bitbucket.delete_variable("acme", "TOKEN")
    stack.refresh()
    assert [name for _, name in stack.state] == ["other"]


def test_an_update_of_what_is_gone_says_so_and_keeps_the_state(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"token": variable()})
    bitbucket.delete_variable("acme", "TOKEN")
    with pytest.raises(ApiError, match="answered 404: its words are not shown"):
        stack.up({"token": variable(value="new")})
    assert len(stack.state) == 1


@pytest.mark.parametrize("form", ["{uuid}", "{{{uuid}}}", "TOKEN"])
def test_import_accepts_the_uuid_in_either_form_and_the_key(bitbucket: CheckedEmulator, form: str) -> None:
    bitbucket.set_variable("acme", "TOKEN", "plain")
    stack = Stack(bitbucket)
    inputs = stack.bring_in(KIND, "token", "acme/" + form.format(uuid=uuid_of(bitbucket)))
    assert stack.state[KIND, "token"].id == f"acme/{uuid_of(bitbucket)}"
    assert inputs == {"workspace": "acme", "key": "TOKEN", "value": "plain"}
    stack.preview({"token": (KIND, inputs)})
    assert not stack.diffs["token"]


def test_an_imported_secured_variable_takes_the_value_of_the_next_update(bitbucket: CheckedEmulator) -> None:
    bitbucket.set_variable("acme", "TOKEN", "theirs", secured=True)
    stack = Stack(bitbucket)
    inputs = stack.bring_in(KIND, "token", "acme/TOKEN")
    assert inputs == {"workspace": "acme", "key": "TOKEN", "value": "", "secured": True}
    stack.preview({"token": (KIND, inputs)})
    assert not stack.diffs["token"]
    stack.up({"token": variable()})
    assert bitbucket.workspace_variables("acme")["TOKEN"]["value"] == SECRET


def test_two_variables_of_one_key_are_refused(bitbucket: CheckedEmulator) -> None:
    with pytest.raises(Refused, match="manages this variable too") as refusal:
        Stack(bitbucket).preview({"one": variable(), "two": variable()})
    assert urn_of(KIND, "one") in str(refusal.value) and urn_of(KIND, "two") in str(refusal.value)
    Stack(bitbucket).preview({"one": variable(), "two": variable("OTHER")})


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"key": "MY TOKEN"}, "key: 'MY TOKEN' is no variable key: letters, digits and _ only, and no digit first"),
        ({"key": "9TOKEN"}, "is no variable key"),
        ({"key": ""}, "key: must not be empty"),
        ({"key": "K" * 256}, "key: is longer than 255 characters"),
        ({"secured": "yes"}, "secured: must be true or false"),
        ({"workspace": "a/b"}, "workspace: must hold none of /"),
        ({"valeu": SECRET}, "^valeu: unknown property; did you mean 'value'"),
        ({"value": 4711_4711}, "^value: must be a string"),
        ({"value": {"token": SECRET}}, "^value: must be a string"),
    ],
)
def test_what_no_variable_can_have_is_refused_at_check_without_its_value(
    bitbucket: CheckedEmulator, wrong: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Refused, match=reason) as refusal:
        Stack(bitbucket).preview({"token": variable(**wrong)})
    assert SECRET not in str(refusal.value) and "4711" not in str(refusal.value)
    if "value" in wrong or "valeu" in wrong:
        assert refusal.value.failures[0].property == ""


@pytest.mark.parametrize("status", [400, 403, 409, 500])
@pytest.mark.parametrize("value", [SECRET, "pw1", "two\nlines of it", "x" * 400])
def test_a_value_that_bitbucket_repeats_is_in_no_message(
    bitbucket: CheckedEmulator, clock: Clock, status: int, value: str
) -> None:
    words = {"type": "error", "error": {"message": f"Bad value '{value}'", "detail": f"{value} is wrong"}}
    bitbucket.fault(ROUTE, method="POST", status=status, body=words, times=None)
    stack = Stack(bitbucket)
    with pytest.raises(BitbucketError) as refusal:
        stack.up({"token": variable(value=value)})
    told = " ".join([str(refusal.value), *stack.said, *stack.warned])
    assert value not in told and " ".join(value.split()) not in told and "x" * 50 not in told
    assert "\n" not in str(refusal.value)


def test_a_conflict_with_nothing_to_be_seen_is_told_as_it_is(bitbucket: CheckedEmulator) -> None:
    bitbucket.fault(ROUTE, method="POST", status=409)
    with pytest.raises(Conflict, match="answered 409: its words are not shown"):
        Stack(bitbucket).up({"token": variable()})


# Variables of users


def of_user(user_id: str) -> Program:
    return {"mine": ("UserPipelineVariable", {"userId": user_id, "key": "TOKEN", "value": SECRET, "secured": True})}


def test_a_user_variable_goes_by_the_oauth_consumer(bitbucket: CheckedEmulator) -> None:
    grace = bitbucket.person("Grace")
    stack = Stack(bitbucket, {**CONSUMER})
    stack.up(of_user(grace.uuid))
    assert bitbucket.user_variables("Grace") == {"TOKEN": {"value": SECRET, "secured": True}}
    [made] = grace.variables
    assert stack.state["UserPipelineVariable", "mine"].id == f"{bare(grace.uuid)}/{bare(made)}"
    stack.preview(of_user(bare(grace.uuid).upper()))
    assert not stack.diffs["mine"]
    stack.preview(of_user(grace.account_id))
    assert stack.diffs["mine"].replaces == ["userId"] and stack.diffs["mine"].delete_first
    stack.refresh()
    stack.destroy()
    assert bitbucket.user_variables("Grace") == {}


def test_an_api_token_is_told_that_user_variables_do_not_take_it(bitbucket: CheckedEmulator) -> None:
    with pytest.raises(ApiError, match="Bitbucket accepts only an OAuth consumer"):
        Stack(bitbucket).up(of_user(bitbucket.person("Ada").uuid))
