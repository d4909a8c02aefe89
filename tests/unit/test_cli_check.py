"""`check`: what a credential can be used for, found out without a write."""

from __future__ import annotations

import json
from typing import Any

import pytest
from bitbucket_user_provider.functions import FUNCTIONS
from bitbucket_user_provider.resources import RESOURCES

from tests.conftest import CheckedEmulator
from tests.unit.cli import ADA, GRACE, run

BOT = {"BITBUCKET_ACCESS_TOKEN": "acme-access-token"}
CONSUMER = {"BITBUCKET_OAUTH_CLIENT_ID": "acme-consumer", "BITBUCKET_OAUTH_CLIENT_SECRET": "acme-consumer-secret"}


def check(bitbucket: CheckedEmulator, *arguments: str, environ: dict[str, str] = ADA) -> tuple[int, dict[str, Any]]:
    ended = run(bitbucket, "check", *arguments, "--json", environ=environ)
    return ended.code, {one["name"]: one for one in json.loads(ended.out)}


def take(bitbucket: CheckedEmulator, scope: str) -> None:
    credential = bitbucket.world.credentials["ada-api-token"]
    credential.scopes = [one for one in credential.scopes if one != scope]


def test_every_resource_and_function_has_a_line(bitbucket: CheckedEmulator) -> None:
    code, found = check(bitbucket, "acme")
    assert code == 0
    assert found.keys() == RESOURCES.keys() | FUNCTIONS.keys()
    assert {one["state"] for one in found.values()} == {"yes", "reads", "not tried", "for Connect apps"}
    assert "write:permission:bitbucket" in found["RepositoryUserPermissions"]["scopes"]
    assert "writing was not tried" in found["RepositoryUserPermissions"]["detail"]


def test_without_a_workspace_the_first_one_is_looked_at(bitbucket: CheckedEmulator) -> None:
    assert check(bitbucket) == check(bitbucket, "acme")


def test_a_missing_scope_is_named_as_bitbucket_names_it(bitbucket: CheckedEmulator) -> None:
    take(bitbucket, "read:ssh-key:bitbucket")
    take(bitbucket, "admin:project:bitbucket")
    code, found = check(bitbucket, "acme")
    assert code == 1
    assert found["getUserSshKeys"]["scopes"] == ["read:ssh-key:bitbucket"]
    assert found["UserSshKey"]["state"] == "missing scopes"
    # The same refusal says what is granted, and so what a write would lack.
    assert found["ProjectUserPermission"]["scopes"] == ["admin:project:bitbucket"]
    assert found["RepositoryUserPermission"]["state"] == "yes"
    assert "/ssh-keys" in found["ProjectUserPermission"]["how"]


def test_the_wrong_kind_of_credential_is_told(bitbucket: CheckedEmulator) -> None:
    code, found = check(bitbucket, "acme", environ=BOT)
    assert code == 1
    assert found["RepositoryUserPermission"]["state"] == "wrong kind of credential"
    assert found["getWorkspaceMembers"]["state"] == "yes"


def test_what_one_credential_is_granted_says_nothing_of_another(bitbucket: CheckedEmulator) -> None:
    bitbucket.world.consumers["acme-consumer"].scopes[:] = ["repository"]
    _, found = check(bitbucket, "acme", environ=CONSUMER | BOT)
    assert found["getCurrentUser"]["scopes"] == ["account"]
    assert found["WorkspacePipelineVariable"]["state"] == "reads"


def test_what_the_owner_may_not_do_is_told(bitbucket: CheckedEmulator) -> None:
    code, found = check(bitbucket, "acme", environ=GRACE)
    assert code == 1
    assert found["RepositoryUserPermissions"]["state"] == "refused"
    assert found["getCurrentUser"]["state"] == "yes"


def test_the_table_for_people_says_the_same(bitbucket: CheckedEmulator) -> None:
    ended = run(bitbucket, "check", "acme")
    assert ended.code == 0 and "RepositoryUserPermissions" in ended.out and "writing was not tried" in ended.out


def test_an_endpoint_that_has_ended_is_no_fault_of_the_credential(bitbucket: CheckedEmulator) -> None:
    bitbucket.brownout("/ssh-keys")
    code, found = check(bitbucket, "acme")
    assert code == 0 and found["getUserSshKeys"]["state"] == "ended"


@pytest.mark.parametrize("environ", [{}, {"BITBUCKET_EMAIL": "ada@acme.example", "BITBUCKET_API_TOKEN": "wrong"}])
def test_a_credential_that_is_none_is_an_error(environ: dict[str, str], bitbucket: CheckedEmulator) -> None:
    assert run(bitbucket, "check", "acme", environ=environ).code == 2


def test_a_credential_that_may_not_see_its_own_account_has_every_line_too(bitbucket: CheckedEmulator) -> None:
    take(bitbucket, "read:user:bitbucket")
    code, found = check(bitbucket, "acme")
    assert code == 1
    assert found.keys() == RESOURCES.keys() | FUNCTIONS.keys()
    assert found["getWorkspaceMember"]["state"] == "not tried"
