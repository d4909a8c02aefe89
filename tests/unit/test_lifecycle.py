"""check, diff, create, read, update and delete over HTTP: what each costs, and what it leaves behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from bitbucket_user_emulator.seed import default_world
from bitbucket_user_provider.config import load
from bitbucket_user_provider.errors import (
    ApiError,
    BitbucketError,
    Exists,
    InvalidInput,
    NotFound,
    NotKnown,
    Unanswered,
    Unauthorized,
)
from bitbucket_user_provider.lifecycle import Lifecycle, public
from bitbucket_user_provider.models.model import UNKNOWN
from bitbucket_user_provider.models.person import bare
from bitbucket_user_provider.operation import operation
from bitbucket_user_provider.rest.credentials import Origin
from bitbucket_user_provider.run.api import Api

from tests.conftest import CheckedEmulator, Clock

from .core import ADA, APP, CONSUMER, serve

PEOPLE = default_world()
GRACE, BOB = PEOPLE.person("Grace"), PEOPLE.person("Bob")
SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKqP3Cr632C2dNhhgKVcon4ldUSAeKiku2yP9O9/bDtY ada@host"
GRANT, PROJECT, VARIABLE = "RepositoryUserPermission", "ProjectUserPermission", "WorkspacePipelineVariable"
USER_VARIABLE, PROPERTY, KEY = "UserPipelineVariable", "UserApplicationProperty", "UserSshKey"
TOKEN = {"workspace": "acme", "key": "TOKEN", "value": "hush-hush", "secured": True}
OPEN = {"workspace": "acme", "key": "REGION", "value": "eu", "secured": False}
THEME = {"userId": GRACE.account_id, "appKey": "acme-app", "propertyName": "theme", "value": {"dark": True}}
ACCESS = {"workspace": "acme", "repoSlug": "api", "userId": GRACE.account_id, "permission": "read"}


@pytest.fixture(autouse=True)
def clock(clock: Clock) -> Clock:
    return clock


@dataclass(frozen=True)
class Life:
    inputs: dict[str, Any]
    change: dict[str, Any]
    id: str
    """`UUID` for what Bitbucket assigns."""


LIVES = {
    GRANT: Life(ACCESS, {"permission": "write"}, f"acme/api/{bare(GRACE.uuid)}"),
    PROJECT: Life(
        {"workspace": "acme", "projectKey": "CORE", "userId": GRACE.uuid, "permission": "create-repo"},
        {"permission": "admin"},
        f"acme/CORE/{bare(GRACE.uuid)}",
    ),
    VARIABLE: Life(TOKEN, {"key": "OTHER"}, "acme/UUID"),
    USER_VARIABLE: Life(
        {"userId": GRACE.account_id, "key": "TOKEN", "value": "hush-hush"}, {"value": "x"}, f"{GRACE.account_id}/UUID"
    ),
    PROPERTY: Life(THEME, {"value": {"dark": False}}, f"{GRACE.account_id}/acme-app/theme"),
    KEY: Life(
        {"userId": PEOPLE.person("Ada").account_id, "key": SSH_KEY},
        {"label": "laptop"},
        f"{bare(PEOPLE.person('Ada').uuid)}/UUID",
    ),
}


def here(bitbucket: CheckedEmulator, **config: Any) -> Lifecycle:
    """One run, with every credential."""
    return serve(bitbucket, {**ADA, **CONSUMER, **config}, APP)


def calls(bitbucket: CheckedEmulator) -> list[str]:
    """The methods since the last time, tokens not counted."""
    methods = [one.method for one in bitbucket.requests if "oauth2" not in one.route]
    bitbucket.clear()
    return methods


@pytest.mark.parametrize("kind", LIVES)
def test_create_read_update_and_delete_cost_one_call_each_and_the_rest_none(
    bitbucket: CheckedEmulator, kind: str
) -> None:
    life = LIVES[kind]
    changed = life.inputs | life.change
    run = here(bitbucket, adoptExisting=True)
    run.ready()
    assert run.check(kind, life.inputs) == []
    run.preview(kind, life.inputs)
    assert calls(bitbucket) == []

    id, state = run.create(kind, life.inputs)
    assert calls(bitbucket) == ["PUT" if kind in (GRANT, PROJECT, PROPERTY) else "POST"]
    assert id == life.id.replace("UUID", state.get("uuid", ""))
    assert not run.diff(kind, id, state, life.inputs)
    assert run.diff(kind, id, state, changed).changes.keys() == life.change.keys()
    assert run.diff(kind, id, state, changed).replaces == []
    run.preview(kind, changed, state)
    assert calls(bitbucket) == []

    found = here(bitbucket).read(kind, id, state, life.inputs)
    assert found and (found.id, found.inputs) == (id, life.inputs)
    assert found.outputs == state
    assert calls(bitbucket) == ["GET"]

    after = run.update(kind, id, state, changed)
    assert calls(bitbucket) == ["PUT"]
    assert {key: after[key] for key in life.change} == life.change
    assert not run.diff(kind, id, after, changed)

    here(bitbucket).delete(kind, id, after)  # a destroy is a run of its own, which wants nothing
    asked = ["GET"] if after.get("permission") == "admin" else []  # is this the credential's own right?
    assert calls(bitbucket) == [*asked, "DELETE"]
    assert here(bitbucket).read(kind, id, after) is None


@pytest.mark.parametrize("kind", LIVES)
def test_what_a_preview_shows_is_what_create_gives_but_for_the_unknown(bitbucket: CheckedEmulator, kind: str) -> None:
    run = here(bitbucket)
    shown = run.preview(kind, LIVES[kind].inputs)
    _, state = run.create(kind, LIVES[kind].inputs)
    assert {key: value for key, value in shown.items() if value is not UNKNOWN}.items() <= state.items()
    assert public(state).keys() <= shown.keys()


@pytest.mark.parametrize("kind", LIVES)
def test_inputs_of_an_import_preview_without_changes(bitbucket: CheckedEmulator, kind: str) -> None:
    id, _ = here(bitbucket).create(kind, LIVES[kind].inputs)
    run = here(bitbucket)
    found = run.read(kind, id)
    assert found and found.id == id
    assert run.check(kind, found.inputs, found.inputs) == []
    assert not run.diff(kind, id, found.outputs, found.inputs)


@pytest.mark.parametrize("kind", LIVES)
@pytest.mark.parametrize("id", ["", "acme", "a/b/c/d/e", "acme//x", "acme/a?b/c", "../../.."], ids=repr)
def test_a_malformed_id_prints_two_examples(bitbucket: CheckedEmulator, kind: str, id: str) -> None:
    with pytest.raises(BitbucketError) as caught:
        here(bitbucket).read(kind, id)
    assert isinstance(caught.value, InvalidInput)
    assert str(caught.value).count("'") >= 2
    assert calls(bitbucket) == []


def test_a_resource_that_is_none_is_told_the_others(bitbucket: CheckedEmulator) -> None:
    with pytest.raises(InvalidInput, match="There is no resource 'Grant'; there are RepositoryUserPermission, "):
        here(bitbucket).check("Grant", {})


# Listings


def test_without_adoption_grants_of_one_place_share_one_listing(bitbucket: CheckedEmulator) -> None:
    run = here(bitbucket)
    for person in ("Grace", "Bob", "Alan"):
        run.create(GRANT, ACCESS | {"userId": bitbucket.person(person).account_id})
    run.create(GRANT, ACCESS | {"repoSlug": "web"})
    assert sorted(calls(bitbucket)) == ["GET"] * 2 + ["PUT"] * 4


def test_reading_many_things_of_one_place_costs_one_call(bitbucket: CheckedEmulator) -> None:
    made = [here(bitbucket).create(VARIABLE, OPEN | {"key": f"V{number}"}) for number in range(5)]
    calls(bitbucket)
    run = here(bitbucket)
    assert [found.outputs["key"] for id, state in made if (found := run.read(VARIABLE, id, state))] == [
        f"V{number}" for number in range(5)
    ]
    assert calls(bitbucket) == ["GET"]


def test_a_lone_variable_among_two_thousand_costs_two_calls(bitbucket: CheckedEmulator) -> None:
    for number in range(2_000):
        bitbucket.set_variable("acme", f"V{number}", "x")
    last = bitbucket.set_variable("acme", "REGION", "eu")
    state = OPEN | {"uuid": bare(last.uuid)}
    found = here(bitbucket).read(VARIABLE, "", state)
    assert found and found.outputs == state
    assert calls(bitbucket) == ["GET", "GET"]
    bitbucket.delete_variable("acme", "REGION")
    warned: list[str] = []
    with operation(warn=warned.append):
        assert here(bitbucket).read(VARIABLE, "", state) is None
    assert (calls(bitbucket), warned) == (["GET", "GET"], [])


# Adoption


@pytest.mark.parametrize(("kind", "owner"), [(VARIABLE, "acme"), (USER_VARIABLE, "Grace")])
@pytest.mark.parametrize("secured", [True, False], ids=["secured", "open"])
def test_a_variable_that_stands_there_is_refused_or_taken_over(
    bitbucket: CheckedEmulator, kind: str, owner: str, secured: bool
) -> None:
    held = bitbucket.set_variable(owner, "TOKEN", "theirs", secured)
    inputs = LIVES[kind].inputs
    with pytest.raises(Exists) as caught:
        here(bitbucket).create(kind, inputs)
    how = "secured" if secured else "not secured"
    assert f"a variable TOKEN ({how}) stands in " in str(caught.value)
    assert caught.value.import_id == LIVES[kind].id.replace("UUID", bare(held.uuid))
    assert held.value == "theirs"
    assert calls(bitbucket) == (["GET"] if inputs.get("secured") else ["POST", "GET"])

    id, state = here(bitbucket, adoptExisting=True).create(kind, inputs)
    assert (id, state["uuid"]) == (caught.value.import_id, bare(held.uuid))
    assert (held.value, held.secured) == ("hush-hush", inputs.get("secured", False))
    assert calls(bitbucket) == ["POST", "GET", "PUT"]


def test_a_grant_that_stands_there_is_refused_or_taken_over(bitbucket: CheckedEmulator) -> None:
    bitbucket.grant("acme", "api", "Grace", "admin")
    with pytest.raises(Exists, match="Grace Hopper holds admin on acme/api already, not read") as caught:
        here(bitbucket).create(GRANT, ACCESS)
    assert caught.value.import_id == LIVES[GRANT].id
    assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "admin"}
    calls(bitbucket)
    assert here(bitbucket).create(GRANT, ACCESS | {"permission": "admin"})[0] == LIVES[GRANT].id
    assert calls(bitbucket) == ["GET"], "the same level needs no write"
    here(bitbucket, adoptExisting=True).create(GRANT, ACCESS)
    assert calls(bitbucket) == ["PUT"]
    assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "read"}


def test_a_property_that_stands_there_is_replaced(bitbucket: CheckedEmulator) -> None:
    bitbucket.set_property("Grace", "acme-app/theme", {"dark": False, "more": 1})
    here(bitbucket).create(PROPERTY, THEME)
    assert bitbucket.properties("Grace") == {"acme-app/theme": {"dark": True}}


# Drift


def test_drift_of_a_secured_variable_is_seen_in_key_and_securedness_and_its_value_is_kept(
    bitbucket: CheckedEmulator,
) -> None:
    run = here(bitbucket)
    id, state = run.create(VARIABLE, TOKEN)
    (held,) = bitbucket.world.workspaces["acme"].variables.values()
    held.key, held.value = "RENAMED", "changed by hand"
    found = here(bitbucket).read(VARIABLE, id, state, TOKEN)
    assert found and found.outputs == state | {"key": "RENAMED"}
    assert run.diff(VARIABLE, id, found.outputs, TOKEN).changes.keys() == {"key"}
    held.secured = False
    found = here(bitbucket).read(VARIABLE, id, state, TOKEN)
    assert found and (found.outputs["secured"], found.outputs["value"]) == (False, "changed by hand")
    assert run.diff(VARIABLE, id, found.outputs, TOKEN).replaces == [], "turning it on needs no replacement"
    run.update(VARIABLE, id, found.outputs, TOKEN)
    assert bitbucket.workspace_variables("acme") == {"TOKEN": {"value": "hush-hush", "secured": True}}


def test_drift_of_an_open_value_is_seen(bitbucket: CheckedEmulator) -> None:
    run = here(bitbucket)
    id, state = run.create(VARIABLE, OPEN)
    bitbucket.set_variable("acme", "REGION", "us")
    found = here(bitbucket).read(VARIABLE, id, state, OPEN)
    assert found and found.inputs == OPEN | {"value": "us"}
    assert run.diff(VARIABLE, id, found.outputs, OPEN).changes.keys() == {"value"}


def test_turning_secured_off_replaces_and_deletes_first(bitbucket: CheckedEmulator) -> None:
    run = here(bitbucket)
    id, state = run.create(VARIABLE, TOKEN)
    for off in (TOKEN | {"secured": False}, {key: value for key, value in TOKEN.items() if key != "secured"}):
        found = run.diff(VARIABLE, id, state, off)
        assert (found.replaces, found.delete_first) == (["secured"], True)
    assert run.diff(VARIABLE, id, state, TOKEN | {"secured": UNKNOWN}).changes.keys() == {"secured"}


def test_an_open_variable_warns_that_it_can_be_read(bitbucket: CheckedEmulator) -> None:
    warned: list[str] = []
    with operation(warn=warned.append):
        here(bitbucket).check(VARIABLE, TOKEN)
        assert warned == []
        here(bitbucket).check(VARIABLE, OPEN)
    assert warned == ["REGION is not secured: whoever may see these variables in Bitbucket can read its value."]


def test_a_variable_is_imported_by_its_key_too_and_a_secured_value_takes_the_next_update(
    bitbucket: CheckedEmulator,
) -> None:
    held = bitbucket.set_variable("acme", "TOKEN", "theirs", secured=True)
    run = here(bitbucket)
    for name in ("TOKEN", held.uuid, bare(held.uuid)):
        found = run.read(VARIABLE, f"acme/{name}")
        assert found and found.id == f"acme/{bare(held.uuid)}"
        assert found.inputs == TOKEN | {"value": ""}
    assert found and run.diff(VARIABLE, found.id, found.outputs, TOKEN).changes.keys() == {"value"}


@pytest.mark.parametrize("echoed", [True, False])
def test_a_property_keeps_its_attributes_whether_bitbucket_repeats_them_or_not(
    bitbucket: CheckedEmulator, echoed: bool
) -> None:
    bitbucket.world.switches.attributes_answered = echoed
    inputs = THEME | {"value": {"dark": True, "_attributes": ["public"]}}
    run = here(bitbucket)
    id, state = run.create(PROPERTY, inputs)
    found = here(bitbucket).read(PROPERTY, id, state, inputs)
    assert found and found.outputs == state
    bitbucket.set_property("Grace", "acme-app/theme", {"dark": False, "_attributes": ["public"]})
    found = here(bitbucket).read(PROPERTY, id, state, inputs)
    assert found and found.outputs["value"] == {"dark": False, "_attributes": ["public"]}


# Gone


@pytest.mark.parametrize("kind", LIVES)
def test_what_was_deleted_by_hand_is_gone_and_its_delete_is_done(bitbucket: CheckedEmulator, kind: str) -> None:
    bitbucket.world.switches.delete_absent_grant = 404
    id, state = here(bitbucket).create(kind, LIVES[kind].inputs)
    here(bitbucket).delete(kind, id, state)
    assert here(bitbucket).read(kind, id, state) is None
    said: list[str] = []
    with operation(say=said.append):
        here(bitbucket).delete(kind, id, state)
    assert said == ["was gone from Bitbucket already"]


@pytest.mark.parametrize("absent", ["none", "404"])
def test_a_grant_that_is_asked_for_alone_is_gone_as_none_or_404(bitbucket: CheckedEmulator, absent: str) -> None:
    bitbucket.world.switches.absent_grant = absent
    bitbucket.populate(people=101)
    for number in range(1, 102):
        bitbucket.grant("acme", "api", f"Person {number:04}", "read")
    _, state = here(bitbucket).create(GRANT, ACCESS | {"repoSlug": "web"})
    calls(bitbucket)
    assert here(bitbucket).read(GRANT, "", state | {"repoSlug": "api"}) is None
    assert calls(bitbucket) == ["GET", "GET", "GET"], "two pages do not prove it: it is asked for alone"


def vanish(bitbucket: CheckedEmulator) -> tuple[list[tuple[str, dict[str, Any]]], Lifecycle]:
    """Two grants and two variables whose places are gone, and the run that reads them."""
    run = here(bitbucket)
    made = [(GRANT, run.create(GRANT, ACCESS | {"userId": one.account_id})[1]) for one in (GRACE, BOB)]
    made += [(VARIABLE, run.create(VARIABLE, OPEN | {"key": key})[1]) for key in ("A", "B")]
    del bitbucket.world.workspaces["acme"]
    calls(bitbucket)
    return made, here(bitbucket)


def test_a_place_that_is_gone_is_asked_once_and_the_credential_too(bitbucket: CheckedEmulator) -> None:
    made, run = vanish(bitbucket)
    warned: list[str] = []
    with operation(warn=warned.append):
        assert [run.read(kind, "", state) for kind, state in made] == [None] * 4
    assert [one.route.rpartition("/")[2] for one in bitbucket.requests if "oauth2" not in one.route] == [
        "users",
        "user",
        "variables",
        "user",
    ], "one listing a place, and one probe a kind of credential that reads"
    assert [text.partition(" answers 404: ")[0] for text in warned] == ["acme/api", "acme"]


def test_an_expired_credential_changes_no_state(bitbucket: CheckedEmulator) -> None:
    made, run = vanish(bitbucket)
    bitbucket.expire("api-token")
    for kind, state in made:
        with pytest.raises(Unauthorized, match="e-mail from stack configuration, token from stack configuration"):
            run.read(kind, "", state)


def test_a_credential_that_is_refused_is_told_by_where_its_configuration_stands(bitbucket: CheckedEmulator) -> None:
    bitbucket.expire("api-token")
    api = Api(load(ADA), {"BITBUCKET_BASE_URL": bitbucket.url}, Origin("provider production"))
    with pytest.raises(Unauthorized, match="e-mail from provider production, token from provider production"):
        api.caller()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 401}, Unauthorized),
        ({"status": 404}, NotFound),
        ({"status": 500}, ApiError),
        ({"html": True}, BitbucketError),
        ({"drop": "before"}, Unanswered),
    ],
    ids=str,
)
def test_a_404_counts_only_when_the_credential_is_proved_sound(
    bitbucket: CheckedEmulator, fault: dict[str, Any], error: type[BitbucketError]
) -> None:
    made, run = vanish(bitbucket)
    bitbucket.fault("/user", times=None, **fault)
    for kind, state in made:
        with pytest.raises(error):
            run.read(kind, "", state)
        with pytest.raises(NotKnown, match="nothing was removed and it stays in the state"):
            run.delete(kind, "", state)


def test_a_credential_that_may_not_ask_who_it_is_is_sound_all_the_same(bitbucket: CheckedEmulator) -> None:
    made, run = vanish(bitbucket)
    bitbucket.fault("/user", status=403, times=None)
    assert [run.read(kind, "", state) for kind, state in made] == [None] * 4


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_listing_that_is_refused_is_an_error_for_every_reader_at_one_call(
    bitbucket: CheckedEmulator, status: int
) -> None:
    made = [here(bitbucket).create(GRANT, ACCESS | {"userId": one.account_id})[1] for one in (GRACE, BOB)]
    calls(bitbucket)
    run = here(bitbucket)
    bitbucket.fault("permissions-config", status=status, times=None)
    for state in made:
        with pytest.raises(ApiError, match=f"answered {status}"):
            run.read(GRANT, "", state)
    assert calls(bitbucket) == ["GET"]


def test_an_expired_jwt_leaves_a_property_in_state(bitbucket: CheckedEmulator) -> None:
    id, state = here(bitbucket).create(PROPERTY, THEME)
    bitbucket.expire("jwt")
    run = here(bitbucket)
    for act in (run.read, run.delete):
        with pytest.raises(Unauthorized, match="a Connect app's JWT .BITBUCKET_JWT.: token from BITBUCKET_JWT"):
            act(PROPERTY, id, state)
    assert bitbucket.properties("Grace") == {"acme-app/theme": {"dark": True}}


# Before anything is sent


@pytest.mark.parametrize(
    ("allowed", "workspace", "fine"),
    [
        (["acme"], "acme", True),
        (["ACME"], "acme", True),
        (["acme"], UNKNOWN, True),
        ([], "acme-dev", True),
        (["acme"], "acme-dev", False),
        (["acme-dev"], PEOPLE.workspaces["acme"].uuid, False),
    ],
)
def test_a_workspace_that_is_not_allowed_is_refused(
    bitbucket: CheckedEmulator, allowed: list[str], workspace: Any, fine: bool
) -> None:
    found = here(bitbucket, allowedWorkspaces=allowed).check(VARIABLE, TOKEN | {"workspace": workspace})
    assert [failure.property for failure in found] == ([] if fine else ["workspace"])
    assert fine or "is not one of allowedWorkspaces: " in found[0].reason


def test_failures_are_told_all_at_once_and_nothing_is_sent(bitbucket: CheckedEmulator) -> None:
    found = here(bitbucket, allowedWorkspaces=["acme-dev"]).check(
        GRANT, ACCESS | {"permission": "own", "userId": "ada"}
    )
    assert [failure.property for failure in found] == ["userId", "permission", "workspace"]
    assert calls(bitbucket) == []


def test_two_variables_of_one_key_in_one_place_are_refused_with_both_urns(bitbucket: CheckedEmulator) -> None:
    run = here(bitbucket)
    with operation("urn:one"):
        assert run.check(VARIABLE, TOKEN) == []
    with operation("urn:two"):
        (failure,) = run.check(VARIABLE, TOKEN)
        assert failure.property == "key"
        assert "urn:one" in failure.reason and "urn:two" in failure.reason
        assert run.check(VARIABLE, TOKEN | {"workspace": "acme-dev"}) == []


def test_a_variable_that_another_urn_has_taken_over_is_not_deleted(bitbucket: CheckedEmulator) -> None:
    with operation("urn:old"):
        id, state = here(bitbucket).create(VARIABLE, TOKEN)
    run = here(bitbucket, adoptExisting=True)
    with operation("urn:new"):
        assert run.create(VARIABLE, TOKEN)[0] == id
    said: list[str] = []
    with operation("urn:old", say=said.append):
        run.delete(VARIABLE, id, state)
    assert said == ["kept in Bitbucket: urn:new wants it"]
    assert list(bitbucket.workspace_variables("acme")) == ["TOKEN"]
    with operation("urn:new"):
        here(bitbucket).delete(VARIABLE, id, state)
    assert bitbucket.workspace_variables("acme") == {}


def test_a_key_that_its_own_replacement_has_taken_over_is_not_deleted(bitbucket: CheckedEmulator) -> None:
    key = {"userId": bitbucket.person("Ada").account_id, "key": SSH_KEY, "label": "laptop"}
    with operation("urn:key"):
        id, state = here(bitbucket).create(KEY, key)
        run = here(bitbucket, adoptExisting=True)
        assert run.create(KEY, key)[0] == id
        run.delete(KEY, id, state)
    assert [held.label for held in bitbucket.ssh_keys("Ada")] == ["laptop"]
