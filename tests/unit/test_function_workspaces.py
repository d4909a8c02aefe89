"""Functions about the caller's workspaces and repositories, and the endpoints that Bitbucket has removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from bitbucket_user_emulator import Emulator
from bitbucket_user_emulator.world import Workspace, stable_uuid
from bitbucket_user_provider.errors import BitbucketError
from bitbucket_user_provider.invoke import Invoker

from tests.unit.function_calls import api_of, ask, emulator

LIST = "/user/workspaces"
PERMISSION = "/user/workspaces/{workspace}/permission"
REPOSITORIES = "/user/workspaces/{workspace}/permissions/repositories"
OLD_WORKSPACES = "/user/permissions/workspaces"
OLD_REPOSITORIES = "/user/permissions/repositories"


@pytest.fixture
def bitbucket() -> Iterator[Emulator]:
    yield from emulator()


def without_successors(bitbucket: Emulator, status: int) -> None:
    """A server from before the successors: the old paths are alive."""
    bitbucket.world.switches.gone = {LIST: status, PERMISSION: status, REPOSITORIES: status}


def add_workspaces(bitbucket: Emulator, count: int) -> None:
    ada = bitbucket.person("Ada").uuid
    for number in range(count, 0, -1):
        slug = f"team-{number:03}"
        workspace = Workspace(stable_uuid(f"workspaces/{slug}"), slug, slug.title(), members={ada: "member"})
        bitbucket.world.workspaces[slug] = workspace


def test_workspaces_of_all_pages_are_listed_by_slug(bitbucket: Emulator) -> None:
    add_workspaces(bitbucket, 120)
    workspaces = ask(bitbucket, "getCurrentUserWorkspaces")["workspaces"]
    assert [one["slug"] for one in workspaces] == ["acme", "acme-dev"] + [f"team-{n:03}" for n in range(1, 121)]
    acme = bitbucket.world.workspaces["acme"]
    assert workspaces[0] == {"slug": "acme", "uuid": acme.uuid, "administrator": True}
    assert workspaces[-1]["administrator"] is False
    assert bitbucket.calls() == {f"GET {LIST}": 2}


@pytest.mark.parametrize(("wanted", "slugs"), [(True, ["acme", "acme-dev"]), (False, ["team-001"])])
@pytest.mark.parametrize("old", [False, True])
def test_workspaces_may_be_those_administered_or_the_others(
    bitbucket: Emulator, wanted: bool, slugs: list[str], old: bool
) -> None:
    add_workspaces(bitbucket, 1)
    if old:
        without_successors(bitbucket, 404)
    workspaces = ask(bitbucket, "getCurrentUserWorkspaces", administrator=wanted)["workspaces"]
    assert [one["slug"] for one in workspaces] == slugs


def test_a_workspace_is_used_elsewhere_by_slug_or_uuid_as_it_comes(bitbucket: Emulator) -> None:
    found = ask(bitbucket, "getCurrentUserWorkspaces")["workspaces"][0]
    for workspace in (found["slug"], found["uuid"]):
        assert len(ask(bitbucket, "getWorkspaceMembers", workspace=workspace)["members"]) == 7


def test_the_role_in_a_workspace_comes_with_its_dates(bitbucket: Emulator) -> None:
    assert ask(bitbucket, "getCurrentUserWorkspacePermission", "grace", workspace="acme") == {
        "permission": "member",
        "addedOn": "2021-03-04T05:06:07.080910+00:00",
        "lastAccessed": "2026-01-02T03:04:05.060708+00:00",
    }
    assert bitbucket.calls() == {f"GET {PERMISSION}": 1}


def test_dates_that_bitbucket_withholds_are_absent(bitbucket: Emulator) -> None:
    bitbucket.world.switches.membership_dates = False
    assert ask(bitbucket, "getCurrentUserWorkspacePermission", workspace="acme") == {"permission": "owner"}


@pytest.mark.parametrize("status", [404, 410])
def test_a_server_without_successors_is_asked_the_old_way_for_the_same_answers(
    bitbucket: Emulator, status: int
) -> None:
    questions: list[tuple[str, dict[str, Any]]] = [
        ("getCurrentUserWorkspacePermission", {"workspace": "acme"}),
        ("getCurrentUserWorkspacePermission", {"workspace": bitbucket.world.workspaces["acme"].uuid}),
        ("getCurrentUserRepositoryPermissions", {}),
        ("getCurrentUserRepositoryPermissions", {"workspace": "acme"}),
        ("getCurrentUserRepositoryPermissions", {"query": 'repository.name = "web"'}),
        ("getCurrentUserRepositoryPermissions", {"workspace": "acme-dev", "sort": "-repository.name"}),
    ]
    new = [ask(bitbucket, name, "grace", **args) for name, args in questions]
    without_successors(bitbucket, status)
    bitbucket.clear()
    assert [ask(bitbucket, name, "grace", **args) for name, args in questions] == new
    assert bitbucket.count(route_contains="/user/permissions/") == len(questions)


@pytest.mark.parametrize("status", [404, 410])
def test_workspaces_of_a_server_without_successors_come_in_the_same_shape(bitbucket: Emulator, status: int) -> None:
    new = ask(bitbucket, "getCurrentUserWorkspaces")["workspaces"]
    without_successors(bitbucket, status)
    old = ask(bitbucket, "getCurrentUserWorkspaces")["workspaces"]
    assert old == [{**one, "permission": "owner"} for one in new]


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("getCurrentUserWorkspaces", {}),
        ("getCurrentUserWorkspacePermission", {"workspace": "acme"}),
        ("getCurrentUserRepositoryPermissions", {}),
        ("getCurrentUserRepositoryPermissions", {"workspace": "acme"}),
    ],
)
def test_a_server_with_neither_says_so(bitbucket: Emulator, status: int, name: str, args: dict[str, str]) -> None:
    every = (LIST, PERMISSION, REPOSITORIES, OLD_WORKSPACES, OLD_REPOSITORIES)
    bitbucket.world.switches.gone = dict.fromkeys(every, status)
    with pytest.raises(BitbucketError, match=f"answered {status}.* /user/workspaces, is not there either"):
        ask(bitbucket, name, **args)


@pytest.mark.parametrize("name", ["getCurrentUserWorkspacePermission", "getCurrentUserRepositoryPermissions"])
def test_a_workspace_that_cannot_be_seen_is_an_error_and_not_asked_the_old_way(bitbucket: Emulator, name: str) -> None:
    bitbucket.world.switches.gone = {}
    with pytest.raises(BitbucketError, match="answered 403"):
        ask(bitbucket, name, workspace="elsewhere")
    bitbucket.fault("/user/workspaces/{workspace}", status=404)
    bitbucket.fault(PERMISSION, status=404)
    bitbucket.fault(REPOSITORIES, status=404)
    with pytest.raises(BitbucketError, match="answered 404"):
        ask(bitbucket, name, workspace="elsewhere")
    assert bitbucket.count(route_contains="/user/permissions/") == 0


def test_a_workspace_that_an_old_server_does_not_list_is_an_error(bitbucket: Emulator) -> None:
    without_successors(bitbucket, 404)
    with pytest.raises(BitbucketError, match="no member of elsewhere"):
        ask(bitbucket, "getCurrentUserWorkspacePermission", workspace="elsewhere")


def test_an_old_server_lists_repositories_by_slug_alone(bitbucket: Emulator) -> None:
    without_successors(bitbucket, 404)
    with pytest.raises(BitbucketError, match="give the slug"):
        ask(bitbucket, "getCurrentUserRepositoryPermissions", workspace=bitbucket.world.workspaces["acme"].uuid)


def test_repositories_of_every_workspace_are_asked_for_workspace_by_workspace(bitbucket: Emulator) -> None:
    bitbucket.populate(repositories=150)
    permissions = ask(bitbucket, "getCurrentUserRepositoryPermissions")["permissions"]
    names = [one["repoFullName"] for one in permissions]
    assert len(names) == 156
    assert names == sorted(names)
    api = bitbucket.world.workspaces["acme"].repositories["api"]
    assert {"repoFullName": "acme/api", "repoUuid": api.uuid, "permission": "admin"} in permissions
    assert bitbucket.calls() == {f"GET {LIST}": 1, f"GET {REPOSITORIES}": 3}


def test_repositories_of_one_workspace_cost_its_pages_alone(bitbucket: Emulator) -> None:
    acme = bitbucket.world.workspaces["acme"]
    for workspace in ("acme", acme.uuid):
        permissions = ask(bitbucket, "getCurrentUserRepositoryPermissions", "grace", workspace=workspace)["permissions"]
        held = {one["repoFullName"]: one["permission"] for one in permissions}
        assert held == {"acme/api": "write", "acme/web": "read"}
    assert bitbucket.calls() == {f"GET {REPOSITORIES}": 2}


def test_repositories_may_be_filtered_and_sorted_by_bitbucket(bitbucket: Emulator) -> None:
    args = {"workspace": "acme", "query": 'permission >= "read"', "sort": "-repository.name"}
    permissions = ask(bitbucket, "getCurrentUserRepositoryPermissions", **args)["permissions"]
    assert [one["repoFullName"] for one in permissions] == ["acme/web", "acme/infra", "acme/api"]
    with pytest.raises(BitbucketError, match="answered 400: Unable to parse the query"):
        ask(bitbucket, "getCurrentUserRepositoryPermissions", workspace="acme", query="permission >")


def test_the_list_of_workspaces_is_asked_for_once_by_both_who_need_it(bitbucket: Emulator) -> None:
    invoker = Invoker(api_of(bitbucket))
    invoker.call("getCurrentUserWorkspaces", {})
    invoker.call("getCurrentUserWorkspaces", {"administrator": True})
    invoker.call("getCurrentUserRepositoryPermissions", {})
    assert bitbucket.calls() == {f"GET {LIST}": 1, f"GET {REPOSITORIES}": 2}


@pytest.mark.parametrize("name", ["getCurrentUserWorkspacePermission", "getCurrentUserRepositoryPermissions"])
def test_an_access_token_is_told_that_roles_need_another_credential(bitbucket: Emulator, name: str) -> None:
    assert [one["slug"] for one in ask(bitbucket, "getCurrentUserWorkspaces", "access token")["workspaces"]] == ["acme"]
    with pytest.raises(BitbucketError, match="Bitbucket accepts only an API token .* or an OAuth consumer"):
        ask(bitbucket, name, "access token", workspace="acme")
