"""Who may call what: credentials, their kinds and their scopes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bitbucket_user_emulator import OPERATIONS, Emulator

LIST = "/repositories/acme/api/permissions-config/users"

NAMELESS = "email variable_uuid environment_uuid key_id fingerprint app_key property_name pull_request_id comment_id"


@pytest.fixture
def bitbucket() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


def test_bad_credentials_are_refused_in_plain_text(bitbucket: Emulator) -> None:
    answer = bitbucket.ask("GET", "/user", None, auth=("ada@acme.example", "wrong"))
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "text/plain; charset=utf-8")
    assert "Login failed" in answer.text
    assert bitbucket.ask("GET", "/user", None, auth=("grace@acme.example", "ada-api-token")).status_code == 401
    assert bitbucket.ask("GET", "/user", None).status_code == 401


def test_an_api_token_sent_as_bearer_is_not_supported(bitbucket: Emulator) -> None:
    answer = bitbucket.ask("GET", "/user", None, headers={"Authorization": "Bearer ada-api-token"})
    assert answer.status_code == 401
    assert answer.json()["error"]["message"] == "Token is invalid, expired, or not supported for this endpoint."


@pytest.mark.parametrize("kind", ["api-token", "oauth", "access-token", "jwt"])
def test_an_expired_credential_is_refused(bitbucket: Emulator, kind: str) -> None:
    bitbucket.mint()
    secret = next(one.secret for one in bitbucket.world.credentials.values() if one.kind == kind)
    bitbucket.expire(kind)
    assert bitbucket.ask("GET", "/user", secret).status_code == 401


def test_a_missing_scope_is_told_with_those_required_and_granted(bitbucket: Emulator) -> None:
    bitbucket.world.credentials["ada-api-token"].scopes = ["read:repository:bitbucket"]
    answer = bitbucket.ask("DELETE", f"{LIST}/{bitbucket.person('Grace').uuid}")
    assert answer.status_code == 403
    assert answer.json()["error"] == {
        "message": "Your credentials lack one or more required privilege scopes.",
        "detail": {
            "required": ["admin:repository:bitbucket", "delete:permission:bitbucket"],
            "granted": ["read:repository:bitbucket"],
        },
    }
    assert bitbucket.ask("GET", LIST).status_code == 200, "a scope opens what needs it and nothing else"


def test_every_scope_of_an_operation_is_needed(bitbucket: Emulator) -> None:
    token = bitbucket.world.credentials["ada-api-token"]
    all_scopes = list(token.scopes)
    names = {"workspace": "acme", "repo_slug": "api", "project_key": "CORE", "group_slug": "developers"}
    ada = bitbucket.person("Ada")
    for operation in OPERATIONS:
        if "api-token" not in operation.kinds or operation.route in bitbucket.world.switches.gone:
            continue
        parameters = {"selected_user": ada.uuid, "selected_user_id": ada.uuid, "member": ada.uuid, **names}
        parameters |= {name: "x" for name in NAMELESS.split()}
        for scope in operation.token:
            token.scopes = [one for one in all_scopes if one != scope]
            answer = bitbucket.ask(operation.method, operation.route.format(**parameters), json={})
            assert (answer.status_code, answer.json()["error"]["detail"]["required"]) == (403, list(operation.token))


@pytest.mark.parametrize("kind", ["oauth", "access-token", "jwt"])
def test_permission_writes_take_an_api_token_and_nothing_else(bitbucket: Emulator, kind: str) -> None:
    bitbucket.mint()
    secret = next(one.secret for one in bitbucket.world.credentials.values() if one.kind == kind)
    grace = bitbucket.person("Grace").uuid
    for place in (LIST, "/workspaces/acme/projects/CORE/permissions-config/users"):
        for method in ("PUT", "DELETE"):
            answer = bitbucket.ask(method, f"{place}/{grace}", secret, json={"permission": "read"})
            assert answer.status_code == 403
            assert answer.json()["error"]["message"] == ("This API is not accessible by this authentication mechanism")


def test_access_tokens_may_not_read_permissions_and_oauth_tokens_may(bitbucket: Emulator) -> None:
    assert bitbucket.ask("GET", LIST, "acme-access-token").status_code == 403
    assert bitbucket.ask("GET", LIST, bitbucket.mint()).status_code == 200


def test_an_oauth_token_acts_as_an_app_of_its_own_workspace(bitbucket: Emulator) -> None:
    token = bitbucket.mint()
    assert bitbucket.ask("GET", "/user", token).json()["type"] == "app_user"
    workspaces = bitbucket.ask("GET", "/user/workspaces", token).json()["values"]
    assert [one["workspace"]["slug"] for one in workspaces] == ["acme"]
    assert bitbucket.ask("GET", LIST.replace("acme", "acme-dev"), token).status_code == 404


def test_a_token_of_one_workspace_does_not_see_another(bitbucket: Emulator) -> None:
    assert bitbucket.ask("GET", LIST, "ada-dev-api-token").status_code == 404
    assert bitbucket.ask("GET", LIST.replace("acme", "acme-dev"), "ada-dev-api-token").status_code == 200


def test_only_administrators_see_the_grants_of_a_repository(bitbucket: Emulator) -> None:
    bitbucket.switches.lost_sight = 403
    assert bitbucket.ask("GET", LIST, "grace-api-token").status_code == 403
    bitbucket.grant("acme", "api", "Grace", "admin")
    assert bitbucket.ask("GET", LIST, "grace-api-token").status_code == 200
    hidden = bitbucket.ask("GET", LIST.replace("api", "infra"), "grace-api-token")
    assert hidden.status_code == 404, "a repository one may not read is not found"
    assert "make sure you are authenticated" in hidden.json()["error"]["message"]


def test_an_oauth_token_is_minted_from_a_basic_header_alone(bitbucket: Emulator) -> None:
    url = f"{bitbucket.origin}/site/oauth2/access_token"
    form = {"grant_type": "client_credentials"}
    good = ("acme-consumer", "acme-consumer-secret")
    answer = bitbucket.ask("POST", url, None, data=form, auth=good).json()
    assert set(answer) == {"access_token", "token_type", "expires_in", "scope", "state"}
    assert answer["expires_in"] == 7200 and "pipeline:variable" in answer["scope"].split()
    body = {**form, "client_id": good[0], "client_secret": good[1]}
    assert bitbucket.ask("POST", url, None, data=body).json()["error"] == "invalid_client"
    assert bitbucket.ask("POST", url, None, data={}, auth=good).json()["error"] == "unsupported_grant_type"
    bitbucket.world.consumers["acme-consumer"].public = True
    assert 'marked as "public"' in bitbucket.ask("POST", url, None, data=form, auth=good).json()["error_description"]


def test_no_secret_is_in_the_log(bitbucket: Emulator) -> None:
    token = bitbucket.mint()
    for secret in ("ada-api-token", "acme-access-token", "acme-connect-jwt", token):
        bitbucket.ask("GET", "/user", secret)
    written = repr(bitbucket.requests) + bitbucket.ask("GET", f"{bitbucket.origin}/_emulator/requests", None).text
    for secret in ("ada-api-token", "acme-access-token", "acme-connect-jwt", "acme-consumer-secret", token):
        assert secret not in written
    assert bitbucket.authorization("ada-api-token").split()[1] not in written
    assert [one.credential for one in bitbucket.requests] == [None, "api-token", "access-token", "jwt", "oauth"]
