"""Functions about who may do what in a repository or project, against the emulator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from bitbucket_user_emulator import Emulator
from bitbucket_user_emulator.world import Group
from bitbucket_user_provider.errors import BitbucketError
from bitbucket_user_provider.invoke import Invoker
from bitbucket_user_provider.lifecycle import Lifecycle

from tests.unit.function_calls import api_of, ask, emulator

REPOSITORY = "/repositories/{workspace}/{repo_slug}/permissions-config"
PROJECT = "/workspaces/{workspace}/projects/{project_key}/permissions-config"
PLACES = {
    "Repository": ("api", {"workspace": "acme", "repoSlug": "api"}, REPOSITORY),
    "Project": ("CORE", {"workspace": "acme", "projectKey": "CORE"}, PROJECT),
}
PLACE = pytest.mark.parametrize("kind", PLACES)


@pytest.fixture
def bitbucket() -> Iterator[Emulator]:
    yield from emulator()


@PLACE
def test_direct_permissions_of_all_pages_are_listed_by_name(bitbucket: Emulator, kind: str) -> None:
    place, args, route = PLACES[kind]
    bitbucket.populate(people=230)
    for number in range(230, 0, -1):
        bitbucket.grant("acme", place, f"Person {number:04}", "read")
    bitbucket.grant("acme", place, "Grace Hopper", "admin")
    permissions = ask(bitbucket, f"get{kind}UserPermissions", **args)["permissions"]
    names = [one["displayName"] for one in permissions]
    assert names == ["Grace Hopper"] + [f"Person {n:04}" for n in range(1, 231)]
    grace = bitbucket.person("Grace")
    assert permissions[0] == {
        "userUuid": grace.uuid[1:-1],
        "accountId": grace.account_id,
        "displayName": "Grace Hopper",
        "permission": "admin",
    }
    assert bitbucket.calls() == {f"GET {route}/users": 3}


def test_a_project_tells_who_may_create_repositories(bitbucket: Emulator) -> None:
    bitbucket.grant("acme", "CORE", "Bob", "create-repo")
    (one,) = ask(bitbucket, "getProjectUserPermissions", workspace="acme", projectKey="CORE")["permissions"]
    assert one["permission"] == "create-repo"


@PLACE
def test_one_persons_permission_is_found_by_every_spelling_of_the_id(bitbucket: Emulator, kind: str) -> None:
    place, args, _ = PLACES[kind]
    bitbucket.grant("acme", place, "Bob", "write")
    bob = bitbucket.person("Bob")
    for spelling in (bob.account_id, bob.uuid, bob.uuid[1:-1].upper()):
        assert ask(bitbucket, f"get{kind}UserPermission", userId=spelling, **args) == {
            "userUuid": bob.uuid[1:-1],
            "accountId": bob.account_id,
            "displayName": "Bob Kahn",
            "permission": "write",
        }


@PLACE
@pytest.mark.parametrize("answer", ["none", "404"])
@pytest.mark.parametrize("others", [0, 150])
def test_without_a_direct_grant_the_permission_is_none(
    bitbucket: Emulator, kind: str, answer: str, others: int
) -> None:
    place, args, _ = PLACES[kind]
    bitbucket.world.switches.absent_grant = answer
    bitbucket.populate(people=others)
    for number in range(1, others + 1):
        bitbucket.grant("acme", place, f"Person {number:04}", "read")
    alan = bitbucket.person("Alan")
    found = ask(bitbucket, f"get{kind}UserPermission", userId=alan.account_id, **args)
    assert (found["permission"], found["accountId"]) == ("none", alan.account_id)
    found = ask(bitbucket, f"get{kind}UserPermission", userId=alan.uuid, **args)
    assert (found["permission"], found["userUuid"]) == ("none", alan.uuid[1:-1])
    assert len(bitbucket.requests) == (6 if others else 2)


@PLACE
def test_a_place_that_does_not_exist_is_an_error_and_not_no_permission(bitbucket: Emulator, kind: str) -> None:
    args = {"workspace": "acme", **({"repoSlug": "gone"} if kind == "Repository" else {"projectKey": "GONE"})}
    bob = bitbucket.person("Bob").account_id
    for name, more in (("UserPermissions", {}), ("UserPermission", {"userId": bob}), ("GroupPermissions", {})):
        with pytest.raises(BitbucketError, match="answered 404"):
            ask(bitbucket, f"get{kind}{name}", **args, **more)


@PLACE
def test_group_permissions_of_all_pages_are_listed_by_slug(bitbucket: Emulator, kind: str) -> None:
    place, args, route = PLACES[kind]
    for number in range(120, 0, -1):
        slug = f"team-{number:03}"
        bitbucket.world.workspaces["acme"].groups[slug] = Group(slug, slug.title())
        bitbucket.place("acme", place).groups[slug] = "read"
    permissions = ask(bitbucket, f"get{kind}GroupPermissions", **args)["permissions"]
    assert [one["groupSlug"] for one in permissions][:3] == ["administrators", "developers", "team-001"]
    assert len(permissions) == 122
    assert permissions[0] == {"groupSlug": "administrators", "groupName": "Administrators", "permission": "admin"}
    assert bitbucket.calls() == {f"GET {route}/groups": 2}


def test_effective_permissions_include_groups_and_project(bitbucket: Emulator) -> None:
    bitbucket.populate(people=150)
    for number in range(1, 151):
        bitbucket.grant("acme", "CORE", f"Person {number:04}", "read")
    answer = ask(bitbucket, "getEffectiveRepositoryPermissions", workspace="acme", repoSlug="api")
    held = {one["displayName"]: one["permission"] for one in answer["permissions"]}
    assert list(held) == sorted(held)
    assert (held["Olga Owner"], held["Grace Hopper"], held["Person 0150"]) == ("admin", "write", "read")
    assert "Margaret Hamilton" not in held
    assert bitbucket.calls() == {"GET /workspaces/{workspace}/permissions/repositories/{repo_slug}": 2}


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("getRepositoryUserPermissions", {}),
        ("getRepositoryUserPermission", {"userId": "557058:b0b"}),
        ("getRepositoryGroupPermissions", {}),
        ("getEffectiveRepositoryPermissions", {}),
    ],
)
def test_an_access_token_is_told_that_permissions_need_another_credential(
    bitbucket: Emulator, name: str, more: dict[str, str]
) -> None:
    with pytest.raises(BitbucketError, match="403.* Bitbucket accepts only an API token .* or an OAuth consumer"):
        ask(bitbucket, name, "access token", workspace="acme", repoSlug="api", **more)


def test_of_several_credentials_the_api_token_reads_permissions(bitbucket: Emulator) -> None:
    ask(bitbucket, "getRepositoryUserPermissions", "access token", "oauth", "ada", workspace="acme", repoSlug="api")
    assert [request.credential for request in bitbucket.requests] == ["api-token"]


def test_functions_and_resources_share_one_listing_of_a_place(bitbucket: Emulator) -> None:
    bitbucket.grant("acme", "api", "Bob", "write")
    bob = bitbucket.person("Bob").account_id
    args: dict[str, Any] = {"workspace": "acme", "repoSlug": "api"}
    api = api_of(bitbucket)
    invoker, life = Invoker(api), Lifecycle(api)
    invoker.call("getRepositoryUserPermissions", args)
    invoker.call("getRepositoryUserPermission", {**args, "userId": bob})
    assert life.read("RepositoryUserPermission", f"acme/api/{bob}") is not None
    assert bitbucket.calls() == {f"GET {REPOSITORY}/users": 1}


def test_a_person_seen_by_a_function_is_known_by_both_ids_afterwards(bitbucket: Emulator) -> None:
    api, bob = api_of(bitbucket), bitbucket.person("Bob")
    Invoker(api).call("getWorkspaceMembers", {"workspace": "acme"})
    assert api.people.forms(bob.account_id) == {bob.account_id, bob.uuid[1:-1]}
