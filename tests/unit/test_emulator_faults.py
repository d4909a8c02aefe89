"""Answers that are changed, redirected, slow or far too long."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from bitbucket_user_emulator import Emulator

VARIABLES = "/workspaces/acme/pipelines-config/variables"
BODY = {"key": "K", "value": "x"}


@pytest.fixture
def bitbucket() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


def test_fields_of_a_true_answer_are_changed_and_left_out(bitbucket: Emulator) -> None:
    bitbucket.fault(VARIABLES, "POST", patch={"uuid": None, "more": {"a": 1}}, drop_fields=["value"])
    answer = bitbucket.ask("POST", VARIABLES, json=BODY)
    assert answer.status_code == 201
    assert answer.json() == {"type": "pipeline_variable", "uuid": None, "key": "K", "secured": False, "more": {"a": 1}}
    assert answer.headers["Location"], "headers stay"
    assert list(bitbucket.workspace_variables("acme")) == ["K"], "the work was done"
    bitbucket.fault("/user", drop_fields=["links.self"], patch={"links": {"avatar": None}})
    assert bitbucket.ask("GET", "/user").json()["links"].keys() == {"avatar", "repositories"}
    bitbucket.fault(VARIABLES, drop_fields=["values.uuid"])
    assert "uuid" not in bitbucket.ask("GET", VARIABLES).json()["values"][0]


def test_a_redirect_leads_here_or_elsewhere(bitbucket: Emulator) -> None:
    for status, location in ((302, f"{bitbucket.url}/user/emails"), (307, "https://elsewhere.example/2.0/user")):
        bitbucket.fault("/user", status=status, headers={"Location": location})
        answer = bitbucket.ask("GET", "/user", allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (status, location)


def test_a_body_trickles_and_is_whole_in_the_end(bitbucket: Emulator) -> None:
    whole = bitbucket.ask("GET", "/user").text
    bitbucket.fault("/user", trickle_ms=0.01)
    with bitbucket.ask("GET", "/user", stream=True) as answer:
        assert answer.text == whole


@pytest.mark.parametrize("gzip", [False, True])
def test_a_body_swells_to_the_size_that_is_said(bitbucket: Emulator, gzip: bool) -> None:
    bitbucket.fault("/user", swell=3_000_000, gzip=gzip)
    answer = bitbucket.ask("GET", "/user")
    assert len(answer.content) == 3_000_000 and json.loads(answer.content).keys() == {"padding"}
    assert ("Content-Encoding" in answer.headers) is gzip
    assert bitbucket.ask("GET", "/user").json()["display_name"] == "Ada Lovelace"
