"""`who`: what one person can reach, why, and whether something is left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CheckedEmulator
from tests.unit.cli import GRACE, run

URN = "urn:pulumi:dev::access::bitbucket-user:index:RepositoryUserPermissions::api"


@pytest.fixture(autouse=True)
def plain_people(bitbucket: CheckedEmulator) -> None:
    for name in ("Grace", "Bob"):
        bitbucket.demote(name)


def reach(bitbucket: CheckedEmulator, *arguments: str | Path) -> Any:
    bitbucket.clear()
    return json.loads(run(bitbucket, "who", "acme", *arguments, "--json").out)


def export(tmp_path: Path, grants: list[dict[str, Any]], **more: Any) -> Path:
    outputs = {"workspace": "acme", "repoSlug": "api", "permissions": {}, "grants": grants, **more}
    resource = {"urn": URN, "type": "bitbucket-user:index:RepositoryUserPermissions", "outputs": outputs}
    (tmp_path / "dev.json").write_text(json.dumps({"version": 3, "deployment": {"resources": [resource]}}))
    return tmp_path / "dev.json"


def test_it_is_1_while_something_is_left_and_0_after_that(bitbucket: CheckedEmulator) -> None:
    bitbucket.grant("acme", "api", "Bob", "write")
    bitbucket.grant("acme", "web", "Bob", "read")
    ended = run(bitbucket, "who", "acme", "bob@acme.example")
    assert ended.code == 1
    assert "api    write" in ended.out and "web    read" in ended.out and "infra" not in ended.out
    bitbucket.revoke("acme", "api", "Bob")
    bitbucket.revoke("acme", "web", "Bob")
    ended = run(bitbucket, "who", "acme", "bob@acme.example")
    assert ended.code == 0 and "reaches nothing" in ended.out


@pytest.mark.parametrize("spelling", ["account_id", "uuid", "bare"])
def test_a_person_is_named_by_any_id(spelling: str, bitbucket: CheckedEmulator) -> None:
    bob = bitbucket.person("Bob")
    bitbucket.grant("acme", "api", "Bob", "write")
    found = reach(bitbucket, bob.uuid.strip("{}") if spelling == "bare" else getattr(bob, spelling))
    assert found["person"]["displayName"] == "Bob Kahn"
    assert [(one["name"], one["level"]) for one in found["reach"]] == [("api", "write")]


def test_what_is_reached_costs_one_call_for_each_hundred(bitbucket: CheckedEmulator) -> None:
    bitbucket.populate(repositories=150)
    bitbucket.grant("acme", "CORE", "Bob", "write")
    found = reach(bitbucket, bitbucket.person("Bob").account_id)
    assert found["left"] == 152
    assert bitbucket.count("GET", "permissions/repositories") == 2
    assert len(bitbucket.requests) == 4  # whose credential it is, and the person's own name


def test_sources_say_why_and_cost_one_call_a_place(bitbucket: CheckedEmulator) -> None:
    bitbucket.grant("acme", "api", "Bob", "write")
    bitbucket.grant("acme", "CORE", "Bob", "create-repo")
    found = reach(bitbucket, "bob@acme.example", "--sources")
    reasons = {one["name"]: [(why["source"], why["level"]) for why in one["reasons"]] for one in found["reach"]}
    assert reasons == {
        "CORE": [("direct", "create-repo")],
        "api": [("direct", "write"), ("project", "create-repo")],
        "web": [("project", "create-repo")],
    }
    assert bitbucket.count("GET", "permissions-config/users/") == 4
    assert bitbucket.count("GET", "permissions-config/groups") == 0


def test_what_only_a_group_can_give_names_the_groups(bitbucket: CheckedEmulator) -> None:
    there = bitbucket.world.workspaces["acme"]
    there.groups["developers"].members.append(bitbucket.person("Bob").uuid)
    found = reach(bitbucket, "bob@acme.example", "--sources")
    (api,) = [one for one in found["reach"] if one["name"] == "api"]
    assert [why["source"] for why in api["reasons"]] == ["group"]
    assert "developers (write, repository api)" in api["reasons"][0]["text"]


def test_a_stack_that_manages_a_lower_group_alone_does_not_manage_the_access(
    bitbucket: CheckedEmulator, tmp_path: Path
) -> None:
    bitbucket.world.workspaces["acme"].groups["developers"].members.append(bitbucket.person("Bob").uuid)
    bitbucket.grant_group("acme", "api", "administrators", "read")
    state = export(tmp_path, [], groups={"administrators": "read"})
    found = reach(bitbucket, "bob@acme.example", "--sources", "--state", state)
    (api,) = [one for one in found["reach"] if one["name"] == "api"]
    assert [(why["level"], why["manager"]) for why in api["reasons"]] == [("write", "no stack")]


def test_groups_that_cannot_be_read_are_asked_for_once_a_place_and_said_once(bitbucket: CheckedEmulator) -> None:
    bitbucket.world.workspaces["acme"].groups["developers"].members.append(bitbucket.person("Bob").uuid)
    bitbucket.grant_group("acme", "web", "developers", "read")
    bitbucket.fault("/workspaces/acme/projects/CORE/permissions-config/groups", status=403, times=None)
    bitbucket.clear()
    ended = run(bitbucket, "who", "acme", "bob@acme.example", "--sources")
    assert "api    write" in ended.out and "web    read" in ended.out
    assert bitbucket.count("GET", "projects/{project_key}/permissions-config/groups") == 1
    assert (ended.out + ended.err).count("project CORE, groups") == 1


def test_an_administrator_of_the_workspace_is_told_as_one(bitbucket: CheckedEmulator) -> None:
    found = reach(bitbucket, "ada@acme.example", "--sources")
    assert found["left"] == 3
    assert {why["source"] for one in found["reach"] for why in one["reasons"]} == {"role"}


def test_the_export_of_a_stack_says_which_resource_to_change(bitbucket: CheckedEmulator, tmp_path: Path) -> None:
    bob = bitbucket.person("Bob")
    bitbucket.grant("acme", "api", "Bob", "write")
    bitbucket.grant("acme", "web", "Bob", "read")
    state = export(tmp_path, [{"userUuid": bob.uuid.strip("{}"), "permission": "write", "managed": True}])
    found = reach(bitbucket, "bob@acme.example", "--sources", "--state", state)
    managers = {one["name"]: one["reasons"][0]["manager"] for one in found["reach"]}
    assert managers == {"api": "access/dev", "web": "no stack"}
    ended = run(bitbucket, "who", "acme", "bob@acme.example", "--state", state)
    assert URN in ended.out


def test_repositories_that_everybody_may_read_do_not_count(bitbucket: CheckedEmulator) -> None:
    bitbucket.grant("acme", "web", "Bob", "read")
    whole = bitbucket.ask("GET", "/repositories/acme").json()
    for one in whole["values"]:
        one["is_private"] = one["slug"] != "web"
    bitbucket.fault("/repositories/{workspace}", body=whole, status=200)
    ended = run(bitbucket, "who", "acme", "bob@acme.example")
    assert ended.code == 0 and "1 repository that everybody may read" in ended.out


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("nobody@acme.example", "No member of acme has the address"),
        ("Bob Kahn", "is no account id"),
        ("00000000-0000-4000-8000-000000000000", "404"),
    ],
)
def test_a_person_who_cannot_be_found_is_said(who: str, words: str, bitbucket: CheckedEmulator) -> None:
    ended = run(bitbucket, "who", "acme", who)
    assert ended.code == 2 and words in ended.err


def test_a_level_that_nobody_knows_is_named_with_its_call(bitbucket: CheckedEmulator) -> None:
    user = {"uuid": bitbucket.person("Bob").uuid}
    entry = {"user": user, "repository": {"full_name": "acme/api"}, "permission": "maintain"}
    bitbucket.requests_too = False
    bitbucket.fault("/workspaces/{workspace}/permissions/repositories", body={"values": [entry]})
    told = run(bitbucket, "who", "acme", bitbucket.person("Bob").account_id)
    assert told.code == 2 and "`permission` that this version does not know: 'maintain'" in told.err


def test_a_level_that_nobody_knows_at_one_place_is_a_gap(bitbucket: CheckedEmulator) -> None:
    bitbucket.grant("acme", "api", "Bob", "write")
    entry = {"user": {"uuid": bitbucket.person("Bob").uuid}, "permission": "maintain"}
    bitbucket.fault("/repositories/{workspace}/{repo_slug}/permissions-config/users/{selected_user_id}", body=entry)
    told = run(bitbucket, "who", "acme", bitbucket.person("Bob").account_id, "--sources")
    assert told.code == 1 and "'maintain'" in told.out + told.err and "defect" not in told.err


def test_a_credential_that_may_not_ask_for_its_own_account_can_ask_for_others(bitbucket: CheckedEmulator) -> None:
    bitbucket.grant("acme", "api", "Bob", "write")
    bitbucket.fault("/user", status=403)
    assert reach(bitbucket, bitbucket.person("Bob").account_id)["left"] == 1
    assert [one.status for one in bitbucket.requests if one.path == "/user"] == [403]


def test_somebody_who_is_no_administrator_is_told_what_it_takes(bitbucket: CheckedEmulator) -> None:
    ended = run(bitbucket, "who", "acme", bitbucket.person("Bob").account_id, environ=GRACE)
    assert ended.code == 2 and "admin permission" in ended.err
