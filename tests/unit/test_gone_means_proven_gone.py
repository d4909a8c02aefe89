"""What is not seen is not gone: nothing leaves the state, counts as deleted or is made twice without proof."""

from __future__ import annotations

from typing import Any

import pytest
from bitbucket_user_provider.config import load
from bitbucket_user_provider.errors import (
    ApiError,
    BitbucketError,
    Exists,
    NoEnvironment,
    NotFound,
    NotKnown,
    PartialFailure,
)
from bitbucket_user_provider.invoke import Invoker
from bitbucket_user_provider.models.person import bare
from bitbucket_user_provider.operation import operation
from bitbucket_user_provider.resources import RESOURCES
from bitbucket_user_provider.rest import client
from bitbucket_user_provider.run import things
from bitbucket_user_provider.run.api import Api
from bitbucket_user_provider.run.ledger import Ledger
from bitbucket_user_provider.run.place import REPOSITORY, USER, WORKSPACE, Place, PlaceKind

from tests.acceptance.lives import ADA as ADA_LOVELACE
from tests.acceptance.lives import BOB, GRACE, LAPTOP
from tests.conftest import CheckedEmulator, Clock
from tests.matrix import LIVES, Scene
from tests.unit.core import ADA, APP, VARIABLES, connect
from tests.unit.stack import Stack

GRANTS = [kind for kind in RESOURCES if "Permission" in kind]
REPOSITORIES = [kind for kind in GRANTS if kind.startswith("Repository")]
OF_PEOPLE = [kind for kind in GRANTS if "User" in kind]
LISTED = [kind for kind, life in LIVES.items() if life.neighbour]
MADE_BY_POST = ["UserPipelineVariable", "UserSshKey"]
VARIABLE = "WorkspacePipelineVariable"


@pytest.fixture(autouse=True)
def no_waiting(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """No wait takes time, and a list of three entries has two pages."""
    monkeypatch.setattr(client, "PAGE_LENGTH", 2)
    monkeypatch.setattr(things, "QUIET_SECONDS", 0)


def standing(bitbucket: CheckedEmulator, kind: str, among_others: bool = False) -> Scene:
    """A stack with one resource, which is in Bitbucket."""
    scene = Scene(bitbucket, kind, "read", among_others)
    bitbucket.clear()
    return scene


def place(kind: str) -> tuple[str, str]:
    """Workspace and repository or project of a kind's life."""
    inputs = LIVES[kind].created.inputs
    return inputs["workspace"], inputs.get("repo_slug") or inputs["project_key"]


def keeps(scene: Scene, command: str) -> None:
    """The command fails, and neither Bitbucket nor the state has lost anything."""
    before = scene.held(), list(scene.stack.state)
    with pytest.raises(BitbucketError):
        getattr(scene.stack, command)()
    assert (scene.held(), list(scene.stack.state)) == before


def grant(name: str, permission: str = "write") -> tuple[str, dict[str, Any]]:
    uuid = {"ada": ADA_LOVELACE, "grace": GRACE, "bob": BOB}[name].uuid
    place = {"workspace": "acme", "repoSlug": "api"}
    return "RepositoryUserPermission", {**place, "userId": uuid, "permission": permission}


def variable(value: str = "x", key: str = "TOKEN", secured: bool = False) -> tuple[str, dict[str, Any]]:
    return VARIABLE, {"workspace": "acme", "key": key, "value": value, "secured": secured}


# 1. The credential's own access


def test_what_is_left_after_the_loss_of_ones_own_right_does_not_count_as_removed(bitbucket: CheckedEmulator) -> None:
    bitbucket.grant("acme", "api", "Ada", "admin")
    bitbucket.demote("Ada")
    stack = Stack(bitbucket)
    stack.up({"own": grant("ada", "admin"), "grace": grant("grace"), "bob": grant("bob")})
    with pytest.raises(BitbucketError, match="This run has taken the credential's own access to acme/api"):
        stack.destroy()
    assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "write", "Bob Kahn": "write"}
    assert [name for _, name in stack.state] == ["grace", "bob"]
    bitbucket.grant("acme", "api", "Ada", "admin")
    stack.destroy()
    assert bitbucket.repository_permissions("acme", "api") == {"Ada Lovelace": "admin"}


def test_a_set_does_not_take_its_own_right_before_that_of_others(bitbucket: CheckedEmulator) -> None:
    bitbucket.grant("acme", "api", "Ada", "admin")
    bitbucket.demote("Ada")
    permissions = {ADA_LOVELACE.uuid: "admin", GRACE.uuid: "write", BOB.uuid: "read"}
    stack = Stack(bitbucket)
    inputs = {"workspace": "acme", "repoSlug": "api", "permissions": permissions}
    stack.up({"all": ("RepositoryUserPermissions", inputs)})
    stack.destroy()
    assert bitbucket.repository_permissions("acme", "api") == {}


# 2. An endpoint that is switched off


@pytest.mark.parametrize("command", ["refresh", "destroy"])
@pytest.mark.parametrize("kind", RESOURCES)
def test_a_410_empties_no_state_and_counts_as_no_delete(bitbucket: CheckedEmulator, kind: str, command: str) -> None:
    scene = standing(bitbucket, kind)
    bitbucket.brownout("/")
    keeps(scene, command)
    bitbucket.brownout(None)
    scene.stack.destroy()
    assert not LIVES[kind].holds(bitbucket)


# 3. A credential that sees no more


@pytest.mark.parametrize("lost_sight", [404, 403])
@pytest.mark.parametrize("kind", GRANTS)
def test_a_demoted_credential_reports_nothing_as_removed(
    bitbucket: CheckedEmulator, kind: str, lost_sight: int
) -> None:
    scene = standing(bitbucket, kind)
    bitbucket.switches.lost_sight = lost_sight
    bitbucket.demote("Ada", place(kind)[0])
    keeps(scene, "destroy")


# 4. A list that is cut short


@pytest.mark.parametrize("kind", LISTED)
def test_a_list_without_its_end_drops_nothing_from_the_state(bitbucket: CheckedEmulator, kind: str) -> None:
    scene = standing(bitbucket, kind, among_others=True)
    bitbucket.switches.no_next = True
    try:
        scene.stack.refresh()
    except NotKnown:
        pass
    assert len(scene.stack.state) == 1


def test_an_import_by_key_from_a_list_without_its_end_does_not_say_that_there_is_none(
    bitbucket: CheckedEmulator,
) -> None:
    for key in ("A", "B", "TOKEN"):
        bitbucket.set_variable("acme", key, "x")
    bitbucket.switches.no_next = True
    with pytest.raises(NotKnown) as refusal:
        Stack(bitbucket).bring_in(VARIABLE, "it", "acme/TOKEN")
    assert str(refusal.value).startswith(
        "The list of acme (GET /workspaces/acme/pipelines-config/variables) cannot be trusted: it says that it has 3 "
        "entries, and 2 came."
    )


def test_a_conflict_with_what_a_list_does_not_show_names_the_way_out(bitbucket: CheckedEmulator) -> None:
    for key in ("A", "B", "TOKEN"):
        bitbucket.set_variable("acme", key, "theirs")
    bitbucket.switches.no_next = True
    with pytest.raises(BitbucketError, match="import it by its UUID"):
        Stack(bitbucket).up({"it": variable()})


def test_a_function_does_not_return_a_part_of_a_list(bitbucket: CheckedEmulator) -> None:
    for key in ("A", "B", "C"):
        bitbucket.set_variable("acme", key, "x")
    bitbucket.switches.no_next = True
    with pytest.raises(NotKnown):
        Invoker(Stack(bitbucket).provider.api).call("getWorkspacePipelineVariables", {"workspace": "acme"})


@pytest.mark.parametrize("switch", ["no_next", "odd_entry", "repeated_entries"])
@pytest.mark.parametrize("kind", [kind for kind in GRANTS if kind.endswith("s")])
def test_a_set_is_not_created_over_people_whom_a_list_does_not_show(
    bitbucket: CheckedEmulator, kind: str, switch: str
) -> None:
    """Also the sixth: an entry that cannot be read is somebody all the same."""
    for number in range(3):
        neighbour = LIVES[kind].neighbour
        assert neighbour
        neighbour.by_hand(bitbucket, number)
    setattr(bitbucket.switches, switch, True)
    place, inputs = LIVES[kind], Scene(bitbucket, kind, "create", False).goal["it"][1]
    before = place.holds(bitbucket)
    bitbucket.clear()
    with pytest.raises(BitbucketError):
        Stack(bitbucket, adoptExisting=True).up({"it": (kind, inputs)})
    assert place.holds(bitbucket) == before
    assert {one.method for one in bitbucket.requests} == {"GET"}


# 5. A list that changes while it is read


@pytest.mark.parametrize("kind", LISTED)
def test_what_slides_to_a_page_that_was_read_already_does_not_leave_the_state(
    bitbucket: CheckedEmulator, kind: str
) -> None:
    scene = standing(bitbucket, kind, among_others=True)
    bitbucket.between_pages("", scene.shift)
    try:
        scene.stack.refresh()
    except NotKnown:
        pass
    bitbucket.server.between_pages.clear()
    assert len(scene.stack.state) == 1


@pytest.mark.parametrize("kind", LISTED)
def test_a_404_of_the_second_page_does_not_make_the_place_gone(bitbucket: CheckedEmulator, kind: str) -> None:
    scene = standing(bitbucket, kind, among_others=True)
    bitbucket.fault("", "GET", status=404, page=2, times=None)
    try:
        scene.stack.refresh()
    except NotKnown:
        pass
    assert len(scene.stack.state) == 1


# 6. An entry that cannot be read


@pytest.mark.parametrize("kind", LISTED)
def test_an_entry_that_cannot_be_read_takes_no_other_out_of_the_state(bitbucket: CheckedEmulator, kind: str) -> None:
    scene = standing(bitbucket, kind, among_others=True)
    bitbucket.switches.odd_entry = True
    try:
        scene.stack.refresh()
    except BitbucketError:
        pass
    assert len(scene.stack.state) == 1


# 7. A create that failed after Bitbucket had made the thing


@pytest.mark.parametrize(
    "lost",
    [{"drop_fields": ["uuid"]}, {"drop_fields": ["key", "uuid"]}, {"patch": {"uuid": None}}, {"drop": "after"}],
    ids=str,
)
@pytest.mark.parametrize("kind", MADE_BY_POST)
def test_what_a_failed_create_has_made_is_not_in_the_way_of_the_next_run(
    bitbucket: CheckedEmulator, kind: str, lost: dict[str, Any]
) -> None:
    scene = Scene(bitbucket, kind, "create", False)
    bitbucket.fault("{selected_user}/", "POST", **lost)
    bitbucket.fault("{selected_user}/", "GET", status=403, times=None)
    with pytest.raises(BitbucketError):
        scene.stack.up(scene.goal)
    bitbucket.clear_faults()
    assert LIVES[kind].holds(bitbucket) == LIVES[kind].created.held
    scene.stack.up(scene.goal)
    assert LIVES[kind].holds(bitbucket) == LIVES[kind].created.held
    scene.stack.destroy()
    assert not LIVES[kind].holds(bitbucket)


def test_a_secured_variable_that_a_failed_create_has_made_is_refused_with_its_import_id(
    bitbucket: CheckedEmulator,
) -> None:
    """Its value cannot be compared, so it may be somebody else's."""
    bitbucket.fault("pipelines-config", "GET")
    bitbucket.fault("pipelines-config", "POST", drop="after")
    bitbucket.fault("pipelines-config", "GET", status=403, times=None)
    stack = Stack(bitbucket)
    with pytest.raises(BitbucketError):
        stack.up({"it": variable(secured=True)})
    bitbucket.clear_faults()
    with pytest.raises(Exists) as refusal:
        stack.up({"it": variable(secured=True)})
    [made] = bitbucket.world.workspaces["acme"].variables.values()
    assert refusal.value.import_id == f"acme/{bare(made.uuid)}"


# 8. What is somebody else's


def test_an_equal_variable_of_somebody_else_is_not_taken_over_in_silence_after_a_lost_answer(
    bitbucket: CheckedEmulator,
) -> None:
    bitbucket.set_variable("acme", "TOKEN", "x")
    bitbucket.fault("pipelines-config", "POST", drop="after")
    stack = Stack(bitbucket)
    stack.up({"it": variable()})
    assert any("was there already" in remark for remark in stack.said), stack.said


def test_an_equal_key_is_not_taken_over_in_silence_after_a_lost_answer(bitbucket: CheckedEmulator) -> None:
    bitbucket.add_ssh_key("Ada", LAPTOP, "laptop")
    bitbucket.fault("ssh-keys", "POST", drop="after")
    stack = Stack(bitbucket)
    stack.up({"it": ("UserSshKey", {"userId": ADA_LOVELACE.uuid, "key": LAPTOP, "label": "laptop"})})
    assert any("was there already" in remark for remark in stack.said), stack.said


# 9. A place that was made a moment ago


@pytest.mark.parametrize("calls", [1, 2])
@pytest.mark.parametrize("kind", REPOSITORIES)
def test_one_404_of_a_repository_made_a_moment_ago_does_not_fail_a_create(
    bitbucket: CheckedEmulator, kind: str, calls: int
) -> None:
    scene = Scene(bitbucket, kind, "create", False)
    bitbucket.appears_after(*place(kind), calls)
    scene.stack.up(scene.goal)
    assert LIVES[kind].holds(bitbucket) == LIVES[kind].created.held


@pytest.mark.parametrize("kind", REPOSITORIES)
def test_a_repository_that_does_not_come_may_be_spelt_wrong(bitbucket: CheckedEmulator, kind: str) -> None:
    scene = Scene(bitbucket, kind, "create", False)
    bitbucket.delete_repository(*place(kind))
    with pytest.raises(BitbucketError, match="Is the repository acme[a-z/-]+ spelt right, and does this credential"):
        scene.stack.up(scene.goal)
    assert not scene.stack.state


# 10. The wording of a refusal


@pytest.mark.parametrize("wording", ["registered", "added"])
def test_no_wording_hides_that_a_key_is_there_already(bitbucket: CheckedEmulator, wording: str) -> None:
    bitbucket.switches.taken_key = wording
    bitbucket.add_ssh_key("Ada", LAPTOP, "laptop")
    program = {"it": ("UserSshKey", {"userId": ADA_LOVELACE.uuid, "key": LAPTOP, "label": "laptop"})}
    stack = Stack(bitbucket)
    stack.up(program)
    [key] = bitbucket.ssh_keys("Ada")
    assert stack.outputs("it")["uuid"] == bare(key.uuid)
    bitbucket.delete_ssh_key("Ada", key.uuid)
    bitbucket.world.deleted_ssh_keys.clear()
    bitbucket.add_ssh_key("Grace", LAPTOP)
    with pytest.raises(ApiError, match="another account, workspace or repository has it"):
        Stack(bitbucket).up(program)


# 11. One odd answer inside a set


@pytest.mark.parametrize("kind", [kind for kind in GRANTS if kind.endswith("s")])
def test_one_odd_answer_does_not_lose_what_the_rest_of_a_set_has_done(bitbucket: CheckedEmulator, kind: str) -> None:
    scene = Scene(bitbucket, kind, "create", False)
    bitbucket.fault("permissions-config/users/", "PUT", body={"permission": 3})
    with pytest.raises(PartialFailure, match=r"PUT /.*2 of 3 changes are done|2 of 3 changes are done.*PUT /"):
        scene.stack.up(scene.goal)
    assert len(scene.stack.outputs("it")["grants"]) == 1
    scene.stack.up(scene.goal)
    assert LIVES[kind].holds(bitbucket) == LIVES[kind].created.held
    scene.stack.destroy()
    assert not LIVES[kind].holds(bitbucket)


# No false alarm: what is really gone


@pytest.mark.parametrize("kind", REPOSITORIES)
def test_a_deleted_repository_does_not_keep_an_administrator_from_a_destroy_or_refresh(
    bitbucket: CheckedEmulator, kind: str
) -> None:
    scene = standing(bitbucket, kind)
    bitbucket.delete_repository(*place(kind))
    scene.stack.destroy()
    assert scene.stack.state == {}
    assert len(scene.stack.warned) == 1


@pytest.mark.parametrize("kind", REPOSITORIES)
@pytest.mark.parametrize("is_administrator", [True, False])
def test_a_deleted_repository_leaves_the_state_by_a_refresh_of_anybody(
    bitbucket: CheckedEmulator, kind: str, is_administrator: bool
) -> None:
    scene = standing(bitbucket, kind)
    if not is_administrator:
        bitbucket.demote("Ada", place(kind)[0])
    bitbucket.delete_repository(*place(kind))
    scene.stack.refresh()
    assert scene.stack.state == {}
    assert len(scene.stack.warned) == 1


@pytest.mark.parametrize("kind", REPOSITORIES)
def test_a_deleted_repository_names_to_a_mere_repository_administrator_the_line_to_type(
    bitbucket: CheckedEmulator, kind: str
) -> None:
    scene = standing(bitbucket, kind)
    bitbucket.demote("Ada", place(kind)[0])
    bitbucket.delete_repository(*place(kind))
    with pytest.raises(BitbucketError, match="`pulumi refresh` lets it leave the state"):
        scene.stack.destroy()
    scene.stack.refresh()
    scene.stack.destroy()
    assert scene.stack.state == {}


@pytest.mark.parametrize("absent", ["none", "404"])
@pytest.mark.parametrize("command", ["refresh", "destroy"])
@pytest.mark.parametrize("kind", OF_PEOPLE)
def test_a_person_who_left_the_workspace_is_in_nobodys_way(
    bitbucket: CheckedEmulator, kind: str, command: str, absent: str
) -> None:
    scene = standing(bitbucket, kind)
    bitbucket.switches.absent_grant = absent
    bitbucket.switches.delete_absent_grant = 404 if absent == "404" else 204
    bitbucket.place(*place(kind)).users.pop(GRACE.uuid)
    del bitbucket.world.workspaces["acme"].members[GRACE.uuid]
    getattr(scene.stack, command)()
    if command == "destroy":
        assert scene.stack.state == {}


@pytest.mark.parametrize("command", ["refresh", "destroy"])
def test_a_property_that_somebody_deleted_is_gone_to_the_apps_token_alone(
    bitbucket: CheckedEmulator, command: str
) -> None:
    kind, inputs = Scene(bitbucket, "UserApplicationProperty", "create", False).goal["it"]
    stack = Stack(bitbucket, {}, APP)
    stack.up({"it": (kind, inputs)})
    bitbucket.set_property("Grace", "acme-app/look", None)
    getattr(stack, command)()
    assert stack.state == {}


# What a place makes of a 404, and what it says

API, WEB = {"workspace": "acme", "repo_slug": "api"}, {"workspace": "acme", "repo_slug": "web"}
CALL = "GET /repositories answered 404."
MISSING = NotFound(CALL, 404, told="No such repository")
MISSING.scopes = {"required": ("repository",)}
OUT_OF_SIGHT = (
    f"{CALL} acme/api was deleted, or this credential no longer sees it; that cannot be told apart, so nothing was "
    "removed and it stays in the state. If it was deleted, `pulumi refresh` lets it leave the state. If the repository "
    "is a resource of this program, set `deletedWith` to it. If it is there, run again with a credential that "
    "administers it."
)
LOST = (
    f"{CALL} This run has taken the credential's own access to acme/api, so what is left there cannot be seen and "
    "stays in the state. Finish with the credential of another administrator, and let the other resources of this "
    "place depend on that of the own access (`dependsOn`): it then goes last."
)


def test_a_place_is_said_to_be_gone_once_a_run_by_whoever_finds_out_first(bitbucket: CheckedEmulator) -> None:
    api, warned = connect(bitbucket), list[str]()
    read_first, deleted_first = api.place(REPOSITORY, API), api.place(REPOSITORY, WEB)
    with operation(warn=warned.append):
        read_first.gone_for_a_read(MISSING, VARIABLES, "2 grants leave")
        read_first.gone_for_a_delete(MISSING)
        deleted_first.gone_for_a_delete(MISSING)
        deleted_first.gone_for_a_read(MISSING, VARIABLES, "2 grants leave")
    assert warned == [
        "acme/api answers 404: deleted, or this credential no longer sees it; 2 grants leave the state.",
        "acme/web answers 404 to an administrator of the workspace: it is gone.",
    ]


def test_a_place_that_may_be_out_of_sight_is_not_gone_for_a_delete_and_the_ways_out_are_named(
    bitbucket: CheckedEmulator,
) -> None:
    bitbucket.demote("Ada")
    with pytest.raises(NotKnown) as refusal:
        connect(bitbucket).place(REPOSITORY, API).gone_for_a_delete(MISSING)
    assert str(refusal.value) == OUT_OF_SIGHT


def test_nothing_is_gone_from_the_place_where_the_run_has_taken_its_own_access(bitbucket: CheckedEmulator) -> None:
    api = connect(bitbucket)
    place = api.place(REPOSITORY, API)
    place.lost()
    with pytest.raises(NotKnown) as of_a_read:
        place.gone_for_a_read(MISSING, VARIABLES, "it leaves")
    with pytest.raises(NotKnown) as of_a_delete:
        place.gone_for_a_delete(MISSING)
    assert str(of_a_read.value) == str(of_a_delete.value) == LOST
    api.place(REPOSITORY, WEB).gone_for_a_read(MISSING, VARIABLES, "it leaves")


@pytest.mark.parametrize(
    ("kind", "fields", "faults", "gone"),
    [
        (WORKSPACE, {"workspace": "acme"}, [], False),
        (USER, {"user_id": GRACE.uuid}, [], False),
        (USER, {"user_id": GRACE.uuid}, [("/users/{selected_user}", 404)], True),
        (USER, {"user_id": GRACE.uuid}, [("/users/{selected_user}", 404), ("/user", 401)], False),
    ],
    ids=["a workspace", "an account that is there", "an account that is not", "a credential that is not accepted"],
)
def test_an_account_is_proven_gone_by_its_own_404_and_a_workspace_by_nobody(
    bitbucket: CheckedEmulator, kind: PlaceKind, fields: dict[str, str], faults: list[tuple[str, int]], gone: bool
) -> None:
    for route, status in faults:
        bitbucket.fault(route, "GET", status=status)
    place = connect(bitbucket).place(kind, fields)
    if gone:
        place.gone_for_a_delete(MISSING)
    else:
        with pytest.raises(NotKnown, match="cannot be told apart"):
            place.gone_for_a_delete(MISSING)


def of_one_run(bitbucket: CheckedEmulator, processes: int) -> list[Place]:
    """The same repository, as several provider processes of one run have it."""
    ledger = Ledger()
    return [
        Api(load(ADA), {"BITBUCKET_BASE_URL": bitbucket.url}, ledger=ledger).place(REPOSITORY, API)
        for _ in range(processes)
    ]


def test_a_place_that_may_be_new_is_waited_for_once_a_run(bitbucket: CheckedEmulator, clock: Clock) -> None:
    began, asked, said = clock.time, list[float](), list[str]()

    def missing() -> None:
        asked.append(clock.time - began)
        raise MISSING

    first, other = of_one_run(bitbucket, 2)
    for place in (first, first, other):
        with operation(say=said.append), pytest.raises(NotFound) as refusal:
            place.asked_again(missing)
    assert asked == [0, 1, 4, 4, 4, 4, 4]
    assert [one.partition(";")[0] for one in said] == ["acme/api was not found, and may be new", ""] * 2
    assert str(refusal.value) == f"{CALL} Is the repository acme/api spelt right, and does this credential see it?"
    assert (refusal.value.status, refusal.value.told) == (404, "No such repository")
    assert refusal.value.scopes == MISSING.scopes


@pytest.mark.parametrize("error", [MISSING, NoEnvironment("no such environment", 404)], ids=["seen", "no environment"])
def test_a_404_of_what_is_known_to_be_there_or_says_itself_what_is_is_not_explained(
    bitbucket: CheckedEmulator, error: NotFound
) -> None:
    def missing() -> None:
        raise error

    place = connect(bitbucket).place(REPOSITORY, API)
    place.exists = error is MISSING
    with pytest.raises(NotFound) as refusal:
        place.asked_again(missing)
    assert refusal.value is error
