"""Accounts, workspaces, members, effective permissions and code search."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from bitbucket_user_emulator import Emulator


@pytest.fixture
def bitbucket() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


def values(bitbucket: Emulator, path: str, secret: str = "ada-api-token", **query: str) -> list[dict[str, Any]]:
    answer = bitbucket.ask("GET", path, secret, params={"pagelen": "100", **query})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["values"]
    return found


def test_an_account_is_found_by_uuid_and_account_id_and_nothing_else(bitbucket: Emulator) -> None:
    grace = bitbucket.person("Grace")
    for name in (grace.uuid, grace.account_id):
        assert bitbucket.ask("GET", f"/users/{name}").json()["display_name"] == "Grace Hopper"
    acme = bitbucket.world.workspaces["acme"].uuid
    for name in (grace.username, grace.uuid.strip("{}"), "grace@acme.example", acme):
        assert bitbucket.ask("GET", f"/users/{name}").status_code == 404
    grace.private_profile = True
    assert "created_on" not in bitbucket.ask("GET", f"/users/{grace.uuid}").json()


def test_account_ids_of_every_age_are_there(bitbucket: Emulator) -> None:
    ids = [bitbucket.person(name).account_id for name in ("Grace", "Bob", "Alan")]
    assert [one.split(":")[0] for one in ids] == ["712020", "557058", "5d5355d2c3f2ab0da2b6a1f4"]


def test_one_sees_ones_own_addresses(bitbucket: Emulator) -> None:
    found = {one["email"]: (one["is_primary"], one["is_confirmed"]) for one in values(bitbucket, "/user/emails")}
    assert found == {"ada@acme.example": (True, True), "ada.lovelace@home.example": (False, False)}
    assert bitbucket.ask("GET", "/user/emails/ada@acme.example").json()["is_primary"] is True
    assert bitbucket.ask("GET", "/user/emails/grace@acme.example").status_code == 404
    assert bitbucket.ask("GET", "/user/emails", "acme-access-token").status_code == 403


def test_addresses_of_members_are_told_to_administrators_who_ask_for_them(bitbucket: Emulator) -> None:
    members, asked = "/workspaces/acme/members", 'user.email IN ("grace@acme.example", "Bob@acme.example","x@y.z")'
    plain = values(bitbucket, members, q=asked)
    assert [one["user"]["display_name"] for one in plain] == ["Grace Hopper", "Bob Kahn"]
    assert not any("email" in one["user"] for one in plain)
    added = values(bitbucket, members, q=asked, fields="+values.user.email")
    assert [one["user"]["email"] for one in added] == ["grace@acme.example", "bob@acme.example"]
    assert "uuid" in added[0]["user"]
    alone = values(bitbucket, members, q=asked, fields="values.user.email,values.user.account_id")
    assert [set(one["user"]) for one in alone] == [{"email", "account_id"}] * 2
    assert values(bitbucket, members, "acme-access-token", q=asked) == plain
    assert bitbucket.ask("GET", members, "grace-api-token", params={"q": asked}).status_code == 403
    assert not any("email" in one["user"] for one in values(bitbucket, members, fields="+values.user.email"))


def test_at_most_ninety_addresses_are_asked_for_at_once(bitbucket: Emulator) -> None:
    for number, status in ((90, 200), (91, 400)):
        listed = ",".join(f'"a{n}@acme.example"' for n in range(number))
        answer = bitbucket.ask("GET", "/workspaces/acme/members", params={"q": f"user.email IN ({listed})"})
        assert answer.status_code == status


def test_members_are_members(bitbucket: Emulator) -> None:
    names = [one["user"]["display_name"] for one in values(bitbucket, "/workspaces/acme/members")]
    assert len(names) == 7 and "Eve Outsider" not in names
    grace, eve = bitbucket.person("Grace"), bitbucket.person("Eve")
    assert bitbucket.ask("GET", f"/workspaces/acme/members/{grace.account_id}").json()["user"]["uuid"] == grace.uuid
    assert bitbucket.ask("GET", f"/workspaces/acme/members/{eve.uuid}").status_code == 404
    assert bitbucket.ask("GET", "/workspaces/nowhere/members").status_code == 403


def test_ones_own_workspaces_are_listed_with_administration(bitbucket: Emulator) -> None:
    def slugs(secret: str = "ada-api-token", **query: str) -> list[str]:
        return [one["workspace"]["slug"] for one in values(bitbucket, "/user/workspaces", secret, **query)]

    assert slugs(administrator="true") == slugs(sort="slug") == ["acme", "acme-dev"]
    assert slugs(sort="-slug") == ["acme-dev", "acme"]
    assert slugs("grace-api-token", administrator="true") == []
    assert slugs("ada-dev-api-token") == ["acme-dev"]
    assert bitbucket.ask("GET", "/user/workspaces?sort=name").status_code == 400
    assert bitbucket.ask("GET", "/user/workspaces?administrator=maybe").status_code == 400


def test_ones_role_in_a_workspace(bitbucket: Emulator) -> None:
    path = "/user/workspaces/acme/permission"
    assert bitbucket.ask("GET", path).json()["permission"] == "owner"
    hers = bitbucket.ask("GET", path, "grace-api-token").json()
    assert (hers["permission"], "added_on" in hers) == ("member", True)
    bitbucket.world.switches.membership_dates = False
    assert "added_on" not in bitbucket.ask("GET", path).json()
    assert bitbucket.ask("GET", "/user/workspaces/nowhere/permission").status_code == 403


def test_effective_permissions_are_the_highest_of_user_group_and_project(bitbucket: Emulator) -> None:
    bitbucket.grant("acme", "api", "Grace", "read")
    bitbucket.grant("acme", "OPS", "Margaret", "create-repo")
    bitbucket.grant("acme", "infra", "Katherine", "admin")

    def effective(slug: str) -> dict[str, str]:
        found = values(bitbucket, f"/workspaces/acme/permissions/repositories/{slug}")
        return {one["user"]["display_name"].split()[0]: one["permission"] for one in found}

    assert effective("api") == {"Olga": "admin", "Ada": "admin", "Grace": "write", "Bob": "write", "Alan": "write"}
    assert effective("infra") == {"Olga": "admin", "Ada": "admin", "Margaret": "write", "Katherine": "admin"}
    everything = values(bitbucket, "/workspaces/acme/permissions/repositories", q='permission="admin"')
    assert len(everything) == 7
    assert bitbucket.ask("GET", "/workspaces/acme/permissions", "grace-api-token").status_code == 403
    owners = values(bitbucket, "/workspaces/acme/permissions", q='permission="owner"')
    assert [one["user"]["display_name"] for one in owners] == ["Olga Owner", "Ada Lovelace"]


def test_queries_filter_and_sort_ones_own_repositories(bitbucket: Emulator) -> None:
    path, grace = "/user/workspaces/acme/permissions/repositories", "grace-api-token"

    def names(**query: str) -> list[str]:
        return [one["repository"]["name"] for one in values(bitbucket, path, grace, **query)]

    assert names() == ["api", "web"]
    assert names(sort="-repository.name") == ["web", "api"]
    assert names(q='permission>"read"') == ["api"]
    assert names(q='repository.name="web" OR (permission>="write" AND repository.full_name~"acme")') == ["api", "web"]
    for wrong in ("permission", 'permission>"read', 'password="x"', 'permission="read" AND', "(", 'permission IN "a"'):
        assert bitbucket.ask("GET", path, grace, params={"q": wrong}).status_code == 400, wrong


def test_removed_endpoints_have_three_moods(bitbucket: Emulator) -> None:
    repositories, workspaces = "/user/permissions/repositories", "/user/permissions/workspaces"
    assert bitbucket.ask("GET", repositories).status_code == 404
    gone = bitbucket.ask("GET", workspaces)
    assert gone.status_code == 410 and gone.json()["error"]["message"].startswith("CHANGE-2770")
    bitbucket.world.switches.gone = {repositories: 410, "/user/workspaces": 404}
    assert bitbucket.ask("GET", repositories).status_code == 410
    assert [one["permission"] for one in values(bitbucket, workspaces)] == ["owner", "owner"]
    assert bitbucket.ask("GET", "/user/workspaces").status_code == 404
    bitbucket.world.switches.gone = {}
    names = [one["repository"]["full_name"] for one in values(bitbucket, repositories, "grace-api-token")]
    assert names == ["acme/api", "acme/web", "acme-dev/api", "acme-dev/web"]


def test_code_is_searched_where_it_is_enabled(bitbucket: Emulator) -> None:
    ada, grace = (f"/users/{bitbucket.person(name).uuid}/search/code" for name in ("Ada", "Grace"))
    found = bitbucket.ask("GET", ada, params={"search_query": "hello repo:api", "pagelen": "2"}).json()
    assert (found["size"], found["page"], found["query_substituted"]) == (4, 1, False)
    lines = found["values"][0]["content_matches"][0]["lines"]
    assert {"text": "hello", "match": True} in [segment for line in lines for segment in line["segments"]]
    assert found["next"].endswith("page=2")
    assert "next" not in bitbucket.ask("GET", found["next"]).json()
    by_path = bitbucket.ask("GET", ada, params={"search_query": "docs ext:md"}).json()["values"][0]
    assert by_path["path_matches"][0] == {"text": "docs", "match": True}
    assert bitbucket.ask("GET", grace, params={"search_query": "hello"}).status_code == 404
    bitbucket.person("Grace").code_search = True
    assert bitbucket.ask("GET", grace, "grace-api-token", params={"search_query": "hello"}).status_code == 200


def test_a_bad_search_is_told_by_a_key(bitbucket: Emulator) -> None:
    ada = f"/users/{bitbucket.person('Ada').uuid}/search/code"
    for query in ("", "repo:api", "colour:red x"):
        answer = bitbucket.ask("GET", ada, params={"search_query": query})
        assert answer.status_code == 400 and answer.json()["error"]["data"]["key"].startswith("search."), query
    workspace = f"/users/{bitbucket.world.workspaces['acme'].uuid}/search/code?search_query=x"
    assert bitbucket.ask("GET", workspace).status_code == 400
