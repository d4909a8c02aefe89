"""Workspaces, projects and repositories themselves, and how their names are spelt."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bitbucket_user_emulator import Emulator


@pytest.fixture
def bitbucket() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


def test_a_repository_says_what_and_where_it_is(bitbucket: Emulator) -> None:
    acme = bitbucket.world.workspaces["acme"]
    answer = bitbucket.ask("GET", "/repositories/acme/api").json()
    assert (answer["uuid"], answer["slug"], answer["full_name"]) == (acme.repositories["api"].uuid, "api", "acme/api")
    assert (answer["workspace"]["uuid"], answer["workspace"]["slug"]) == (acme.uuid, "acme")
    assert (answer["project"]["key"], answer["project"]["uuid"]) == ("CORE", acme.projects["CORE"].uuid)
    assert bitbucket.ask("GET", answer["links"]["self"]["href"]).json() == answer
    assert bitbucket.ask("GET", "/repositories/acme/api", "grace-api-token").json() == answer
    assert bitbucket.ask("GET", "/repositories/acme/infra", "grace-api-token").status_code == 404


def test_a_workspace_says_what_it_is(bitbucket: Emulator) -> None:
    acme = bitbucket.world.workspaces["acme"]
    workspace = bitbucket.ask("GET", "/workspaces/acme").json()
    assert (workspace["uuid"], workspace["slug"], workspace["name"]) == (acme.uuid, "acme", "Acme")
    assert bitbucket.ask("GET", "/workspaces/nowhere").status_code == 404


def test_slugs_are_found_in_any_case_and_uuids_in_braces_alone(bitbucket: Emulator) -> None:
    acme = bitbucket.world.workspaces["acme"]
    api = acme.repositories["api"]
    for path in ("acme/api", "ACME/Api", f"{acme.uuid}/{api.uuid}", f"{acme.uuid.upper()}/api"):
        assert bitbucket.ask("GET", f"/repositories/{path}").json()["uuid"] == api.uuid
    for path in (f"acme/{api.uuid[1:-1]}", f"{acme.uuid[1:-1]}/api"):
        assert bitbucket.ask("GET", f"/repositories/{path}").status_code == 404


def test_project_keys_are_found_in_any_case_only_where_names_are_case_blind(bitbucket: Emulator) -> None:
    path = "/workspaces/acme/projects/core/permissions-config/users"
    assert bitbucket.ask("GET", path).status_code == 404
    bitbucket.switches.case_blind_names = True
    assert bitbucket.ask("GET", path).status_code == 200


def test_projects_are_listed_and_repositories_by_what_one_may_do_there(bitbucket: Emulator) -> None:
    projects = bitbucket.ask("GET", "/workspaces/acme/projects").json()["values"]
    assert [one["key"] for one in projects] == ["CORE", "OPS"]

    def slugs(secret: str = "grace-api-token", **query: str) -> list[str]:
        found = bitbucket.ask("GET", "/repositories/acme", secret, params=query).json()["values"]
        return [one["slug"] for one in found]

    assert (slugs(), slugs("ada-api-token")) == (["api", "web"], ["api", "web", "infra"])
    assert (slugs(role="contributor"), slugs(role="admin")) == (["api"], [])
    assert slugs("ada-api-token", q='project.key="OPS"') == ["infra"]
    assert slugs(sort="-name") == ["web", "api"]
    for wrong in ({"role": "guest"}, {"q": 'colour="red"'}):
        assert bitbucket.ask("GET", "/repositories/acme", params=wrong).status_code == 400
    for missing in ("/repositories/nowhere", "/workspaces/nowhere/projects"):
        assert bitbucket.ask("GET", missing).status_code == 404


def test_switches_are_read_and_changed_over_http(bitbucket: Emulator) -> None:
    url = f"{bitbucket.origin}/_emulator/switches"
    assert bitbucket.ask("GET", url, None).json()["case_blind_names"] is False
    assert bitbucket.ask("PATCH", url, None, json={"case_blind_names": True, "non_member": 404}).status_code == 204
    assert (bitbucket.switches.case_blind_names, bitbucket.switches.non_member) == (True, 404)
    assert bitbucket.switches.sizes is True, "what is not named stays"
    for wrong in ({"colour": "red"}, {"sizes": "perhaps"}, ["sizes"]):
        assert bitbucket.ask("PATCH", url, None, json=wrong).status_code == 400
