"""Direct grants on repositories and projects, by user and by group."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bitbucket_user_emulator import Emulator

REPOSITORY = "/repositories/acme/api/permissions-config"
PROJECT = "/workspaces/acme/projects/CORE/permissions-config"
BOTH = pytest.mark.parametrize("place", [REPOSITORY, PROJECT], ids=["repository", "project"])


@pytest.fixture
def bitbucket() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


def held(bitbucket: Emulator, place: str) -> dict[str, str]:
    if place == REPOSITORY:
        return bitbucket.repository_permissions("acme", "api")
    return bitbucket.project_permissions("acme", "CORE")


@BOTH
def test_a_grant_is_made_changed_read_and_revoked(bitbucket: Emulator, place: str) -> None:
    bob = bitbucket.person("Bob")
    for level in ("read", "write"):
        answer = bitbucket.ask("PUT", f"{place}/users/{bob.account_id}", json={"permission": level})
        assert (answer.status_code, answer.json()["permission"]) == (200, level)
        assert (answer.json()["user"]["uuid"], answer.json()["user"]["account_id"]) == (bob.uuid, bob.account_id)
        assert held(bitbucket, place) == {"Bob Kahn": level}
    assert bitbucket.ask("GET", f"{place}/users/{bob.uuid.upper()}").json()["permission"] == "write"
    answer = bitbucket.ask("DELETE", f"{place}/users/{bob.uuid}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert held(bitbucket, place) == {}


@BOTH
def test_the_link_of_a_grant_leads_to_it(bitbucket: Emulator, place: str) -> None:
    bob = bitbucket.person("Bob")
    made = bitbucket.ask("PUT", f"{place}/users/{bob.uuid}", json={"permission": "read"}).json()
    assert bitbucket.ask("GET", made["links"]["self"]["href"]).json() == made


@BOTH
def test_whoever_holds_no_direct_grant_holds_none_or_is_not_found(bitbucket: Emulator, place: str) -> None:
    path = f"{place}/users/{bitbucket.person('Bob').uuid}"
    assert bitbucket.ask("GET", path).json()["permission"] == "none"
    assert bitbucket.ask("DELETE", path).status_code == 204
    switches = bitbucket.world.switches
    switches.absent_grant, switches.delete_absent_grant = "404", 404
    assert bitbucket.ask("GET", path).status_code == 404
    assert bitbucket.ask("DELETE", path).status_code == 404


@BOTH
@pytest.mark.parametrize(
    "body", [{}, {"permission": "none"}, {"permission": "own"}, {"permission": "read", "type": "x"}, [], {"a": "read"}]
)
def test_a_body_holds_one_known_permission_and_nothing_else(bitbucket: Emulator, place: str, body: object) -> None:
    path = f"{place}/users/{bitbucket.person('Bob').uuid}"
    assert bitbucket.ask("PUT", path, json=body).status_code == 400
    assert bitbucket.ask("PUT", path, data="{").status_code == 400
    assert held(bitbucket, place) == {}


def test_create_repo_is_a_level_of_projects_alone(bitbucket: Emulator) -> None:
    user, body = f"/users/{bitbucket.person('Bob').uuid}", {"permission": "create-repo"}
    assert bitbucket.ask("PUT", REPOSITORY + user, json=body).status_code == 400
    assert bitbucket.ask("PUT", PROJECT + user, json=body).status_code == 200


@BOTH
def test_members_get_access_and_outsiders_and_the_owner_do_not(bitbucket: Emulator, place: str) -> None:
    eve, olga = (f"{place}/users/{bitbucket.person(name).uuid}" for name in ("Eve", "Olga"))
    body = {"permission": "read"}
    assert bitbucket.ask("PUT", eve, json=body).status_code == 400
    bitbucket.world.switches.non_member = 404
    assert bitbucket.ask("PUT", eve, json=body).status_code == 404
    assert bitbucket.ask("PUT", olga, json=body).status_code == 400
    assert bitbucket.ask("PUT", f"{place}/users/{{{'0' * 8}-0000-0000-0000-{'0' * 12}}}", json=body).status_code == 404
    assert held(bitbucket, place) == {}


def test_a_username_names_a_person_in_projects_alone(bitbucket: Emulator) -> None:
    body = {"permission": "read"}
    assert bitbucket.ask("PUT", f"{REPOSITORY}/users/grace", json=body).status_code == 404
    answer = bitbucket.ask("PUT", f"{PROJECT}/users/grace", json=body)
    assert answer.json()["user"]["uuid"] == bitbucket.person("Grace").uuid
    bare = bitbucket.person("Grace").uuid.strip("{}")
    assert bitbucket.ask("GET", f"{PROJECT}/users/{bare}").status_code == 404


def test_places_are_named_as_documented(bitbucket: Emulator) -> None:
    acme = bitbucket.world.workspaces["acme"]
    assert bitbucket.ask("GET", f"/repositories/{acme.uuid}/{acme.repositories['api'].uuid}/permissions-config/users")
    assert bitbucket.ask("GET", f"/workspaces/{acme.uuid}/projects/CORE/permissions-config/users").status_code == 200
    for project in ("core", acme.projects["CORE"].uuid):
        path = f"/workspaces/acme/projects/{project}/permissions-config/users"
        assert bitbucket.ask("GET", path).status_code == 404
    assert bitbucket.ask("GET", "/repositories/acme/nothing/permissions-config/users").status_code == 404


@BOTH
def test_at_the_seat_limit_only_people_with_a_seat_get_access(bitbucket: Emulator, place: str) -> None:
    acme = bitbucket.world.workspaces["acme"]
    acme.seat_limit = len(acme.with_access())
    refused = bitbucket.ask("PUT", f"{place}/users/{bitbucket.person('Katherine').uuid}", json={"permission": "read"})
    assert refused.status_code == 402 and "user limit" in refused.json()["error"]["message"]
    seated = bitbucket.ask("PUT", f"{place}/users/{bitbucket.person('Grace').uuid}", json={"permission": "read"})
    assert seated.status_code == 200, "Grace has a seat by her group"


@BOTH
def test_groups_hold_grants_of_their_own(bitbucket: Emulator, place: str) -> None:
    listed = bitbucket.ask("GET", f"{place}/groups").json()["values"]
    before = {one["group"]["slug"]: one["permission"] for one in listed}
    assert before == {"administrators": "admin", "developers": "write" if place == REPOSITORY else "read"}
    developers = f"{place}/groups/developers"
    assert bitbucket.ask("PUT", developers, json={"permission": "admin"}).json()["permission"] == "admin"
    assert bitbucket.ask("DELETE", developers).status_code == 204
    assert bitbucket.ask("GET", developers).json()["permission"] == "none"
    assert bitbucket.ask("GET", f"{place}/groups/nobody").status_code == 404
    assert held(bitbucket, place) == {}, "groups are no users"


def test_a_long_list_comes_in_pages_of_ten_with_opaque_links(bitbucket: Emulator) -> None:
    bitbucket.populate(people=23)
    for person in list(bitbucket.world.people.values()):
        if person.display_name.startswith("Person"):
            bitbucket.grant("acme", "api", person.uuid, "read")
    first = bitbucket.ask("GET", f"{REPOSITORY}/users").json()
    assert (len(first["values"]), first["pagelen"], first["size"], first["page"]) == (10, 10, 23, 1)
    assert first["next"].startswith(bitbucket.url)
    seen, page = list(first["values"]), first
    while "next" in page:
        page = bitbucket.ask("GET", page["next"]).json()
        seen += page["values"]
    assert len({one["user"]["uuid"] for one in seen}) == 23
    assert len(bitbucket.ask("GET", f"{REPOSITORY}/users?pagelen=100").json()["values"]) == 23
    for wrong in ("pagelen=101", "pagelen=0", "pagelen=x", "page=2", "page=-1"):
        assert bitbucket.ask("GET", f"{REPOSITORY}/users?{wrong}").status_code == 400, wrong


def test_sizes_may_be_withheld_and_numbered_pages_allowed(bitbucket: Emulator) -> None:
    bitbucket.populate(people=12)
    bitbucket.world.switches.sizes = False
    bitbucket.world.switches.numbered_pages = True
    page = bitbucket.ask("GET", "/workspaces/acme/members?page=2").json()
    assert set(page) == {"values", "pagelen"}
