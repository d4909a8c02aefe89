"""Deploy keys of repositories and projects."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bitbucket_user_emulator import Emulator

REPOSITORY = "/repositories/acme/api/deploy-keys"
PROJECT = "/workspaces/acme/projects/CORE/deploy-keys"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKqP3Cr632C2dNhhgKVcon4ldUSAeKiku2yP9O9/bDtY"
BOTH = pytest.mark.parametrize(
    ("path", "place"), [(REPOSITORY, "api"), (PROJECT, "CORE")], ids=["repository", "project"]
)


@pytest.fixture
def bitbucket() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@BOTH
def test_a_deploy_key_is_added_read_and_deleted(bitbucket: Emulator, path: str, place: str) -> None:
    answer = bitbucket.ask("POST", path, json={"key": f"{KEY} ci@host", "label": "ci"})
    made = answer.json()
    assert (answer.status_code, made["key"], made["comment"], made["label"]) == (200, KEY, "ci@host", "ci")
    assert bitbucket.ask("GET", made["links"]["self"]["href"]).json() == made
    assert bitbucket.ask("GET", path).json()["values"] == [made]
    assert [one.id for one in bitbucket.deploy_keys("acme", place)] == [made["id"]]
    assert bitbucket.ask("DELETE", f"{path}/{made['id']}").status_code == 204
    assert bitbucket.ask("GET", f"{path}/{made['id']}").status_code == 404
    assert bitbucket.deploy_keys("acme", place) == []


def test_the_label_of_a_repositorys_key_changes_and_its_key_does_not(bitbucket: Emulator) -> None:
    number = bitbucket.add_deploy_key("acme", "api", KEY, "ci").id
    assert bitbucket.ask("PUT", f"{REPOSITORY}/{number}", json={"key": KEY, "label": "new"}).json()["label"] == "new"
    for body in ({"label": "newer"}, {"key": KEY.replace("bDtY", "bDtZ"), "label": "newer"}):
        assert bitbucket.ask("PUT", f"{REPOSITORY}/{number}", json=body).status_code == 400
    assert [one.label for one in bitbucket.deploy_keys("acme", "api")] == ["new"]
    number = bitbucket.add_deploy_key("acme", "CORE", KEY).id
    assert bitbucket.ask("PUT", f"{PROJECT}/{number}", json={"key": KEY, "label": "new"}).status_code == 404


def test_a_key_opens_several_places_and_no_account(bitbucket: Emulator) -> None:
    for path, status in ((REPOSITORY, 200), (REPOSITORY, 400), (REPOSITORY.replace("api", "web"), 200), (PROJECT, 200)):
        assert bitbucket.ask("POST", path, json={"key": KEY}).status_code == status
    account = f"/users/{bitbucket.person('Ada').uuid}/ssh-keys"
    assert bitbucket.ask("POST", account, json={"key": KEY}).status_code == 400
    for workspace_place in ("api", "web", "CORE"):
        for key in bitbucket.deploy_keys("acme", workspace_place):
            bitbucket.delete_deploy_key("acme", workspace_place, key.id)
    assert bitbucket.ask("POST", account, json={"key": KEY}).status_code == 201
    assert bitbucket.ask("POST", REPOSITORY, json={"key": KEY}).status_code == 400


@BOTH
def test_only_administrators_of_the_place_see_its_keys(bitbucket: Emulator, path: str, place: str) -> None:
    assert bitbucket.ask("GET", path, "grace-api-token").status_code == 404
    bitbucket.grant("acme", place, "Grace", "admin")
    assert bitbucket.ask("GET", path, "grace-api-token").status_code == 200
