"""Pipeline variables of workspaces and users."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from bitbucket_user_emulator import Emulator


class Variables:
    """One of the two places, by HTTP and in memory."""

    def __init__(self, bitbucket: Emulator, place: str) -> None:
        self.bitbucket = bitbucket
        self.of_user = place == "user"
        grace = bitbucket.person("Grace").uuid
        self.path = f"/users/{grace}/pipelines_config/variables"
        self.secret = bitbucket.mint()
        if not self.of_user:
            self.path, self.secret = "/workspaces/acme/pipelines-config/variables", "ada-api-token"

    def ask(self, method: str, uuid: str = "", **how: Any) -> Any:
        return self.bitbucket.ask(method, f"{self.path}/{uuid}".rstrip("/"), self.secret, **how)

    @property
    def held(self) -> dict[str, dict[str, Any]]:
        return self.bitbucket.user_variables("Grace") if self.of_user else self.bitbucket.workspace_variables("acme")


@pytest.fixture
def bitbucket() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture(params=["workspace", "user"])
def variables(bitbucket: Emulator, request: pytest.FixtureRequest) -> Variables:
    return Variables(bitbucket, request.param)


def test_a_variable_lives_from_post_to_delete(variables: Variables) -> None:
    answer = variables.ask("POST", json={"key": "REGION", "value": "eu", "secured": False})
    made = answer.json()
    assert (answer.status_code, answer.headers["Location"].count("%7B")) == (201, 2 if variables.of_user else 1)
    uuid = made.pop("uuid")
    assert made == {"type": "pipeline_variable", "key": "REGION", "value": "eu", "secured": False}
    assert variables.bitbucket.ask("GET", answer.headers["Location"], variables.secret).json()["uuid"] == uuid
    renamed = variables.ask("PUT", uuid, json={"key": "ZONE", "value": "us", "secured": False})
    assert (renamed.status_code, renamed.json()["uuid"]) == (200, uuid)
    assert variables.held == {"ZONE": {"value": "us", "secured": False}}
    assert [one["key"] for one in variables.ask("GET").json()["values"]] == ["ZONE"]
    assert variables.ask("DELETE", uuid).status_code == 204
    assert variables.held == {}
    for method in ("GET", "PUT", "DELETE"):
        assert variables.ask(method, uuid, json={}).status_code == 404


def test_a_secured_value_never_comes_back(variables: Variables) -> None:
    body = {"key": "TOKEN", "value": "hush", "secured": True}
    made = variables.ask("POST", json=body)
    uuid = made.json()["uuid"]
    answers = [made, variables.ask("GET"), variables.ask("GET", uuid), variables.ask("PUT", uuid, json=body)]
    answers.append(variables.ask("PUT", uuid, json={"secured": False}))
    assert not any("hush" in answer.text for answer in answers)
    assert variables.held["TOKEN"] == {"value": "", "secured": False}


def test_a_key_is_unique_in_its_place(variables: Variables) -> None:
    for key in ("FIRST", "SECOND"):
        made = variables.ask("POST", json={"key": key, "value": "1"}).json()
    taken = variables.ask("POST", json={"key": "FIRST", "value": "2"})
    assert (taken.status_code, "type" in taken.json()) == (409, False)
    assert variables.ask("PUT", made["uuid"], json={"key": "FIRST"}).status_code == 409
    assert variables.ask("PUT", made["uuid"], json={"key": "SECOND", "value": "3"}).status_code == 200
    assert {key: one["value"] for key, one in variables.held.items()} == {"FIRST": "1", "SECOND": "3"}


@pytest.mark.parametrize(
    "body",
    [
        {"key": "WITH SPACE", "value": "x"},
        {"key": "1ST", "value": "x"},
        {"key": "", "value": "x"},
        {"key": "DASH-ED", "value": "x"},
        {"key": "K", "value": 1},
        {"key": "K", "value": "x", "secured": "yes"},
        {"value": "x"},
        {"key": "K"},
        "text",
    ],
)
def test_a_bad_body_is_refused(variables: Variables, body: object) -> None:
    assert variables.ask("POST", json=body).status_code == 400
    assert variables.held == {}


def test_user_variables_never_take_an_api_token(bitbucket: Emulator) -> None:
    path = f"/users/{bitbucket.person('Ada').uuid}/pipelines_config/variables"
    answer = bitbucket.ask("GET", path, "ada-api-token")
    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == (
        "This resource does not support authentication using the provided token"
    )
    assert bitbucket.ask("GET", path, "acme-access-token").status_code == 200
    outsider = f"/users/{bitbucket.person('Eve').uuid}/pipelines_config/variables"
    assert bitbucket.ask("GET", outsider, "acme-access-token").status_code == 404


def test_members_read_workspace_variables_and_administrators_write_them(bitbucket: Emulator) -> None:
    path = "/workspaces/acme/pipelines-config/variables"
    assert bitbucket.ask("GET", path, "grace-api-token").status_code == 200
    assert bitbucket.ask("POST", path, "grace-api-token", json={"key": "K", "value": "x"}).status_code == 403
    assert bitbucket.ask("GET", path.replace("acme", "nowhere")).status_code == 404
