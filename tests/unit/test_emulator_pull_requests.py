"""Comments on pull requests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bitbucket_user_emulator import Emulator

COMMENTS = "/repositories/acme/api/pullrequests/1/comments"


@pytest.fixture
def bitbucket() -> Iterator[Emulator]:
    with Emulator() as emulator:
        emulator.open_pull_request("acme", "api")
        yield emulator


def said(text: object) -> dict[str, object]:
    return {"content": {"raw": text}}


def test_a_comment_is_written_read_and_changed(bitbucket: Emulator) -> None:
    answer = bitbucket.ask("POST", COMMENTS, json=said("One"))
    made = answer.json()
    assert (answer.status_code, made["content"]["raw"], made["user"]["display_name"]) == (201, "One", "Ada Lovelace")
    assert bitbucket.ask("GET", answer.headers["Location"]).json() == made
    assert bitbucket.ask("GET", COMMENTS).json()["values"] == [made]
    changed = bitbucket.ask("PUT", f"{COMMENTS}/{made['id']}", json=said("Two")).json()
    assert changed["content"]["raw"] == "Two" and changed["created_on"] == made["created_on"] < changed["updated_on"]
    assert bitbucket.comments("acme", "api", 1) == {made["id"]: "Two"}


def test_comments_come_in_pages_oldest_first(bitbucket: Emulator) -> None:
    numbers = [bitbucket.comment("acme", "api", 1, f"Comment {number}") for number in range(11)]
    first = bitbucket.ask("GET", COMMENTS).json()
    second = bitbucket.ask("GET", first["next"]).json()
    assert [one["id"] for one in first["values"] + second["values"]] == numbers
    assert "next" not in second


def test_a_comment_is_changed_by_its_author_alone(bitbucket: Emulator) -> None:
    number = bitbucket.comment("acme", "api", 1, "Mine", "Grace")
    assert bitbucket.ask("PUT", f"{COMMENTS}/{number}", json=said("Yours")).status_code == 403
    assert bitbucket.comments("acme", "api", 1) == {number: "Mine"}
    assert bitbucket.ask("PUT", f"{COMMENTS}/{number}", "grace-api-token", json=said("Still mine")).status_code == 200


def test_what_is_not_there_is_not_found(bitbucket: Emulator) -> None:
    for path in (COMMENTS.replace("/1/", "/2/"), COMMENTS.replace("api", "web"), COMMENTS.replace("acme", "nowhere")):
        assert bitbucket.ask("GET", path).status_code == 404
        assert bitbucket.ask("POST", path, json=said("Hello")).status_code == 404
    assert bitbucket.ask("GET", f"{COMMENTS}/7").status_code == 404
    assert bitbucket.ask("PUT", f"{COMMENTS}/7", json=said("Hello")).status_code == 404


@pytest.mark.parametrize("body", [{}, said(""), said(" \n"), said(3), {"content": "Hello"}])
def test_a_comment_without_a_text_is_refused(bitbucket: Emulator, body: dict[str, object]) -> None:
    assert bitbucket.ask("POST", COMMENTS, json=body).status_code == 400
    assert bitbucket.comments("acme", "api", 1) == {}


def test_scopes_of_pull_requests_are_needed(bitbucket: Emulator) -> None:
    token = bitbucket.world.credentials["acme-access-token"]
    token.scopes = ["repository:admin"]
    assert bitbucket.ask("POST", COMMENTS, "acme-access-token", json=said("Hello")).status_code == 403
    token.scopes = ["pullrequest"]
    assert bitbucket.ask("POST", COMMENTS, "acme-access-token", json=said("Hello")).status_code == 201
