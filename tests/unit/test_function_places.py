"""Functions about a whole workspace: its repositories and projects, its people, and what each of them can reach."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bitbucket_user_emulator import Emulator
from bitbucket_user_provider.errors import ApiError, InvalidInput, NotKnown

from tests.acceptance.lives import ed25519, gpg
from tests.unit.function_calls import ask, emulator

EVERYWHERE = "GET /workspaces/{workspace}/permissions/repositories"


@pytest.fixture
def bitbucket() -> Iterator[Emulator]:
    yield from emulator()


def test_repositories_are_listed_by_slug_with_their_project(bitbucket: Emulator) -> None:
    repositories = ask(bitbucket, "getRepositories", workspace="acme")["repositories"]
    assert [(one["slug"], one["projectKey"], one["isPrivate"]) for one in repositories] == [
        ("api", "CORE", True),
        ("infra", "OPS", True),
        ("web", "CORE", True),
    ]
    assert repositories[0]["uuid"] == bitbucket.world.workspaces["acme"].repositories["api"].uuid


def test_repositories_are_found_by_project_and_query(bitbucket: Emulator) -> None:
    def slugs(**args: str) -> list[str]:
        return [one["slug"] for one in ask(bitbucket, "getRepositories", workspace="acme", **args)["repositories"]]

    assert slugs(projectKey="CORE") == ["api", "web"]
    assert slugs(query='name ~ "e"') == ["web"]
    assert slugs(projectKey="OPS", query='name = "api" OR name = "infra"') == ["infra"]
    with pytest.raises(InvalidInput, match="projectKey"):
        slugs(projectKey='X" OR name = "api')


def test_projects_are_listed_by_key(bitbucket: Emulator) -> None:
    projects = ask(bitbucket, "getProjects", workspace="acme")["projects"]
    assert [(one["key"], one["name"], one["isPrivate"]) for one in projects] == [
        ("CORE", "Core", True),
        ("OPS", "Ops", True),
    ]


def test_roles_in_a_workspace_are_listed_by_name(bitbucket: Emulator) -> None:
    roles = {
        one["displayName"]: one["permission"]
        for one in ask(bitbucket, "getWorkspacePermissions", workspace="acme")["permissions"]
    }
    assert list(roles) == sorted(roles) and len(roles) == 7
    assert roles["Ada Lovelace"] == roles["Olga Owner"] == "owner" and roles["Bob Kahn"] == "member"
    owners = ask(bitbucket, "getWorkspacePermissions", workspace="acme", query='permission = "owner"')["permissions"]
    assert [one["displayName"] for one in owners] == ["Ada Lovelace", "Olga Owner"]
    with pytest.raises(ApiError, match="403"):
        ask(bitbucket, "getWorkspacePermissions", "grace", workspace="acme")


def test_all_that_one_person_can_reach_in_1200_repositories_costs_12_calls(bitbucket: Emulator) -> None:
    bitbucket.populate(repositories=1_200)
    margaret = bitbucket.person("Margaret")
    for slug in bitbucket.world.workspaces["acme"].repositories:
        if slug.startswith("repo-"):
            bitbucket.grant("acme", slug, "Margaret", "write" if slug.endswith("7") else "read")
    bitbucket.clear()
    answer = ask(bitbucket, "getWorkspaceRepositoryPermissions", workspace="acme", userId=margaret.uuid)
    permissions = answer["permissions"]
    assert len(permissions) == 1_200 and bitbucket.calls() == {EVERYWHERE: 12}
    assert {one["displayName"] for one in permissions} == {"Margaret Hamilton"}
    assert [one["repoSlug"] for one in permissions[:2]] == ["repo-0001", "repo-0002"]
    assert sum(one["permission"] == "write" for one in permissions) == 120
    assert permissions[0] == {
        "repoSlug": "repo-0001",
        "repoUuid": bitbucket.world.workspaces["acme"].repositories["repo-0001"].uuid,
        "userUuid": margaret.uuid[1:-1],
        "accountId": margaret.account_id,
        "displayName": "Margaret Hamilton",
        "permission": "read",
    }
    assert all("-values.links" in one.query["fields"] for one in bitbucket.requests), "most of an entry is links"


def test_a_person_who_is_given_by_account_id_costs_one_call_more(bitbucket: Emulator) -> None:
    grace = bitbucket.person("Grace")
    answer = ask(bitbucket, "getWorkspaceRepositoryPermissions", workspace="acme", userId=grace.account_id)
    permissions = answer["permissions"]
    assert {one["repoSlug"]: one["permission"] for one in permissions} == {"api": "write", "web": "read"}
    assert bitbucket.calls() == {EVERYWHERE: 1, "GET /users/{selected_user}": 1}
    for status, words in ((404, "answered 404"), (401, "answered 401")):
        bitbucket.fault("/users/{selected_user}", status=status)
        with pytest.raises(ApiError, match=words):
            ask(bitbucket, "getWorkspaceRepositoryPermissions", workspace="acme", userId="712020:nobody")


def test_permissions_are_filtered_by_repository_level_and_query(bitbucket: Emulator) -> None:
    def found(**args: str) -> list[tuple[str, str, str]]:
        answer = ask(bitbucket, "getWorkspaceRepositoryPermissions", workspace="acme", **args)["permissions"]
        return [(one["repoSlug"], one["displayName"], one["permission"]) for one in answer]

    everywhere = found()
    assert ("web", "Bob Kahn", "read") in everywhere and ("infra", "Ada Lovelace", "admin") in everywhere
    assert found(permission="write") == [one for one in everywhere if one[2] == "write"]
    assert found(query='permission > "read"') == [one for one in everywhere if one[2] != "read"]
    assert found(query='permission = "read" OR permission = "admin"', userId=bitbucket.person("Ada").uuid) == [
        one for one in everywhere if one[1] == "Ada Lovelace"
    ]
    bitbucket.clear()
    assert found(repoSlug="web") == [one for one in everywhere if one[0] == "web"]
    assert bitbucket.calls() == {f"{EVERYWHERE}/{{repo_slug}}": 1}
    with pytest.raises(InvalidInput, match="permission: .*read, write, admin"):
        found(permission="create-repo")


def test_half_a_list_is_no_answer(bitbucket: Emulator) -> None:
    bitbucket.populate(people=40)
    for number in range(1, 41):
        for slug in ("api", "web", "infra"):
            bitbucket.grant("acme", slug, f"Person {number:04}", "read")
    bitbucket.switches.no_next = True
    with pytest.raises(NotKnown, match="cannot be trusted"):
        ask(bitbucket, "getWorkspaceRepositoryPermissions", workspace="acme")


def test_environments_are_listed_by_name(bitbucket: Emulator) -> None:
    bitbucket.add_environment("acme", "api", "EU West", "Production")
    args = {"workspace": "acme", "repoSlug": "api"}
    environments = ask(bitbucket, "getDeploymentEnvironments", **args)["environments"]
    assert [(one["name"], one["slug"], one["type"]) for one in environments] == [
        ("EU West", "eu-west", "Production"),
        ("Production", "production", "Production"),
        ("Staging", "staging", "Staging"),
        ("Test", "test", "Test"),
    ]
    bitbucket.switches.environment_details = False
    environments = ask(bitbucket, "getDeploymentEnvironments", **args)["environments"]
    assert {tuple(one) for one in environments} == {("uuid", "name")}


def test_variables_are_listed_without_their_values(bitbucket: Emulator) -> None:
    for owner in ("acme/api", "acme/api/Production"):
        bitbucket.set_variable(owner, "TOKEN", "hush", secured=True)
        bitbucket.set_variable(owner, "REGION", "hush")
    args = {"workspace": "acme", "repoSlug": "api"}
    for name, more in (
        ("getRepositoryPipelineVariables", {}),
        ("getDeploymentPipelineVariables", {"environment": "production"}),
    ):
        variables = ask(bitbucket, name, **args, **more)["variables"]
        assert [(one["key"], one["secured"]) for one in variables] == [("REGION", False), ("TOKEN", True)]
        assert "hush" not in str(variables)


@pytest.mark.parametrize("kind", ["Repository", "Project"])
def test_deploy_keys_are_listed_oldest_first(bitbucket: Emulator, kind: str) -> None:
    place, args = ("api", {"repoSlug": "api"}) if kind == "Repository" else ("CORE", {"projectKey": "CORE"})
    made = [bitbucket.add_deploy_key("acme", place, f"{ed25519(name)} {name}@x", name) for name in ("one", "two")]
    keys = ask(bitbucket, f"get{kind}DeployKeys", workspace="acme", **args)["keys"]
    assert [(one["keyId"], one["label"], one["comment"]) for one in keys] == [
        (str(key.id), key.label, key.comment) for key in made
    ]
    assert all(one["fingerprint"].startswith("SHA256:") and "lastUsed" not in one for one in keys)


def test_gpg_keys_are_listed_with_their_text(bitbucket: Emulator) -> None:
    ada = bitbucket.person("Ada")
    made = [bitbucket.add_gpg_key("Ada", gpg(name), name) for name in ("work", "home")]
    keys = ask(bitbucket, "getUserGpgKeys", userId=ada.account_id)["keys"]
    assert {(one["fingerprint"], one["name"], one["key"]) for one in keys} == {
        (key.fingerprint, key.name, key.key) for key in made
    }
    with pytest.raises(ApiError, match="403"):
        ask(bitbucket, "getUserGpgKeys", userId=bitbucket.person("Grace").uuid)
