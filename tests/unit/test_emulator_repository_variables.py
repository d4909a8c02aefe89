"""Pipeline variables of repositories and of their deployment environments."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bitbucket_user_emulator import Emulator

REPOSITORY = "/repositories/acme/api/pipelines_config/variables"
ENVIRONMENTS = "/repositories/acme/api/environments"


@pytest.fixture
def bitbucket() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture(params=["acme/api", "acme/api/Staging"])
def owner(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def path(bitbucket: Emulator, owner: str) -> str:
    if owner == "acme/api":
        return REPOSITORY
    found = {one["name"]: one["uuid"] for one in bitbucket.ask("GET", ENVIRONMENTS).json()["values"]}
    assert list(found) == ["Test", "Staging", "Production"]
    return f"/repositories/acme/api/deployments_config/environments/{found['Staging']}/variables"


def test_a_variable_lives_from_post_to_delete(bitbucket: Emulator, owner: str, path: str) -> None:
    made = bitbucket.ask("POST", path, json={"key": "TOKEN", "value": "secret", "secured": True})
    assert made.status_code == 201 and "value" not in made.json()
    (listed,) = bitbucket.ask("GET", path).json()["values"]
    assert listed == made.json()
    assert bitbucket.ask("POST", path, json={"key": "TOKEN", "value": "x"}).status_code == 409
    location = made.headers["Location"]
    assert location.startswith(f"{bitbucket.url}/repositories/acme/api/")
    assert bitbucket.ask("PUT", location, json={"key": "TOKEN", "value": "new"}).status_code == 200
    assert bitbucket.variables(owner) == {"TOKEN": {"value": "new", "secured": True}}
    assert bitbucket.ask("DELETE", location).status_code == 204
    assert bitbucket.ask("DELETE", location).status_code == 404
    assert bitbucket.variables(owner) == {}


def test_a_variable_made_by_hand_is_listed(bitbucket: Emulator, owner: str, path: str) -> None:
    bitbucket.set_variable(owner, "REGION", "eu")
    assert [one["value"] for one in bitbucket.ask("GET", path).json()["values"]] == ["eu"]
    bitbucket.delete_variable(owner, "REGION")
    assert bitbucket.ask("GET", path).json()["values"] == []


def test_only_administrators_of_the_repository_write(bitbucket: Emulator, owner: str, path: str) -> None:
    assert bitbucket.ask("GET", path, "grace-api-token").status_code == 200
    assert bitbucket.ask("POST", path, "grace-api-token", json={"key": "K", "value": "x"}).status_code == 404
    assert bitbucket.ask("GET", path.replace("api", "infra", 1), "grace-api-token").status_code == 404


def test_a_variable_of_a_repository_is_read_alone_and_one_of_an_environment_is_not(bitbucket: Emulator) -> None:
    one = bitbucket.set_variable("acme/api", "REGION", "eu")
    other = bitbucket.set_variable("acme/api/Test", "REGION", "us")
    assert bitbucket.ask("GET", f"{REPOSITORY}/{one.uuid}").json()["value"] == "eu"
    test = bitbucket.ask("GET", ENVIRONMENTS).json()["values"][0]["uuid"]
    deployment = "/repositories/acme/api/deployments_config/environments"
    assert bitbucket.ask("GET", f"{deployment}/{test}/variables/{other.uuid}").status_code == 404
    assert bitbucket.ask("GET", f"{deployment}/{one.uuid}/variables").status_code == 404
