"""Places that are created, renamed and deleted by hand, rights that are lost, and functions that are switched off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bitbucket_user_emulator import Emulator

USERS = "/repositories/acme/api/permissions-config/users"
PROJECT_USERS = "/workspaces/acme/projects/CORE/permissions-config/users"


@pytest.fixture
def bitbucket() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


def status(bitbucket: Emulator, path: str, secret: str = "ada-api-token") -> int:
    return bitbucket.ask("GET", path, secret, allow_redirects=False).status_code


def test_a_renamed_repository_leads_on_from_its_former_slug(bitbucket: Emulator) -> None:
    bitbucket.rename_repository("acme", "api", "api2")
    answer = bitbucket.ask("GET", f"{USERS}?pagelen=50", allow_redirects=False)
    assert answer.status_code == 301
    assert answer.headers["Location"] == f"{bitbucket.url}{USERS.replace('api', 'api2', 1)}?pagelen=50"
    assert bitbucket.ask("GET", "/repositories/acme/API").json()["slug"] == "api2"
    assert status(bitbucket, "/repositories/acme/api", "grace-api-token") == 301
    assert status(bitbucket, "/repositories/acme/api", "ada-dev-api-token") == 404, "who sees none is led to none"
    bitbucket.rename_repository("acme", "api2", "api3")
    assert bitbucket.ask("GET", "/repositories/acme/api").json()["slug"] == "api3"
    bitbucket.create_repository("acme", "api")
    assert bitbucket.ask("GET", "/repositories/acme/api").json()["slug"] == "api"


def test_writes_under_a_former_slug_change_nothing(bitbucket: Emulator) -> None:
    bitbucket.rename_repository("acme", "api", "api2")
    path = f"{USERS}/{bitbucket.person('Grace').uuid}"
    for renamed_writes in (301, 404):
        bitbucket.switches.renamed_writes = renamed_writes
        for method in ("PUT", "DELETE"):
            answer = bitbucket.ask(method, path, json={"permission": "read"}, allow_redirects=False)
            assert answer.status_code == renamed_writes
            assert ("Location" in answer.headers) is (renamed_writes == 301)
    assert bitbucket.repository_permissions("acme", "api2") == {}
    bitbucket.switches.renamed_reads = 404
    assert status(bitbucket, USERS) == 404


def test_a_deleted_repository_is_not_found_and_a_new_one_of_its_slug_is_another(bitbucket: Emulator) -> None:
    before = bitbucket.ask("GET", "/repositories/acme/api").json()["uuid"]
    bitbucket.delete_repository("acme", "api")
    assert (status(bitbucket, "/repositories/acme/api"), status(bitbucket, USERS)) == (404, 404)
    bitbucket.create_repository("acme", "api")
    assert bitbucket.ask("GET", "/repositories/acme/api").json()["uuid"] != before


def test_a_renamed_workspace_is_found_by_its_new_slug_alone(bitbucket: Emulator) -> None:
    token = bitbucket.mint()
    bitbucket.rename_workspace("acme", "apex")
    for secret in ("ada-api-token", token):
        assert status(bitbucket, USERS, secret) == 404
        assert status(bitbucket, USERS.replace("acme", "apex"), secret) == 200


@pytest.mark.parametrize("lost", [404, 403])
def test_who_loses_admin_of_a_place_loses_sight_of_what_is_below_it(bitbucket: Emulator, lost: int) -> None:
    bitbucket.switches.lost_sight = lost
    bitbucket.grant("acme", "api", "Grace", "admin")
    path = f"{USERS}/{bitbucket.person('Grace').uuid}"
    assert bitbucket.ask("PUT", path, "grace-api-token", json={"permission": "read"}).status_code == 200
    assert (status(bitbucket, USERS, "grace-api-token"), status(bitbucket, path, "grace-api-token")) == (lost, lost)
    assert bitbucket.ask("DELETE", path, "grace-api-token").status_code == lost
    assert status(bitbucket, "/repositories/acme/api", "grace-api-token") == 200, "the place itself may be read"
    assert status(bitbucket, PROJECT_USERS, "grace-api-token") == lost
    bitbucket.grant("acme", "api", "Ada", "read")
    assert status(bitbucket, USERS) == 200, "an administrator of the workspace needs no grant"


def test_a_demoted_administrator_is_a_plain_member(bitbucket: Emulator) -> None:
    assert (status(bitbucket, USERS), status(bitbucket, PROJECT_USERS)) == (200, 200)
    bitbucket.demote("Ada", workspace="acme")
    assert (status(bitbucket, USERS), status(bitbucket, PROJECT_USERS)) == (404, 404)
    assert bitbucket.ask("GET", "/user/workspaces/acme/permission").json()["permission"] == "member"
    assert status(bitbucket, USERS.replace("acme", "acme-dev")) == 200


def test_a_repository_appears_after_some_calls(bitbucket: Emulator) -> None:
    bitbucket.create_repository("acme", "fresh")
    bitbucket.appears_after("acme", "fresh", calls=2)
    path = USERS.replace("api", "fresh")
    assert [status(bitbucket, path) for _ in range(3)] == [404, 404, 200]


def test_a_brownout_switches_routes_off_until_it_ends(bitbucket: Emulator) -> None:
    bitbucket.brownout("permissions-config")
    for method in ("GET", "PUT", "DELETE"):
        answer = bitbucket.ask(method, f"{USERS}/{bitbucket.person('Grace').uuid}", json={"permission": "read"})
        assert answer.status_code == 410 and answer.json()["error"]["message"].startswith("CHANGE-")
    assert status(bitbucket, "/user") == 200
    bitbucket.brownout(None)
    assert status(bitbucket, USERS) == 200
