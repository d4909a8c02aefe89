"""Rates, bursts, and headers that announce an end."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from bitbucket_user_emulator import Emulator


@pytest.fixture
def bitbucket() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


def status(bitbucket: Emulator, secret: str = "ada-api-token") -> int:
    return bitbucket.ask("GET", "/user", secret).status_code


def test_the_hour_slides_with_the_clock(bitbucket: Emulator) -> None:
    moment = [1_000.0]
    bitbucket.clock = lambda: moment[0]
    bitbucket.switches.requests_per_hour = 2
    assert status(bitbucket) == 200
    moment[0] += 1_800
    assert [status(bitbucket), status(bitbucket)] == [200, 429]
    moment[0] += 1_800
    assert [status(bitbucket), status(bitbucket)] == [200, 429], "one call has left the window, not both"
    url = f"{bitbucket.origin}/_emulator/clock"
    assert bitbucket.ask("POST", url, None, json={"advance": 3_600}).status_code == 204
    assert status(bitbucket) == 200
    assert bitbucket.ask("POST", url, None, json={"advance": "soon"}).status_code == 400


def test_the_tokens_of_a_person_share_their_hour(bitbucket: Emulator) -> None:
    bitbucket.switches.requests_per_hour = 1
    secrets = ("ada-api-token", "ada-dev-api-token", "grace-api-token", "acme-access-token")
    assert [status(bitbucket, secret) for secret in secrets] == [200, 429, 200, 200]


def test_a_burst_within_a_second_is_refused_without_a_word_when_to_come_back(bitbucket: Emulator) -> None:
    moment = [1_000.0]
    bitbucket.clock = lambda: moment[0]
    bitbucket.switches.burst_per_second, bitbucket.switches.retry_after = 2, "7"
    assert [status(bitbucket) for _ in range(3)] == [200, 200, 429]
    assert "Retry-After" not in bitbucket.ask("GET", "/user").headers
    moment[0] += 1
    assert status(bitbucket) == 200


def test_only_so_many_requests_may_be_under_way(bitbucket: Emulator) -> None:
    bitbucket.switches.burst_at_once = 1
    assert [status(bitbucket), status(bitbucket)] == [200, 200]
    bitbucket.latency_ms = 200
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: status(bitbucket), range(8)))
    assert 429 in answers


def test_answers_of_deprecated_routes_say_until_when(bitbucket: Emulator) -> None:
    date, link = "Sat, 01 May 2027 00:00:00 GMT", "https://developer.atlassian.com/cloud/bitbucket/changelog/"
    bitbucket.deprecate("/user/workspaces", since=1_790_000_000, sunset=date, link=link)
    headers = bitbucket.ask("GET", "/user/workspaces").headers
    assert (headers["Deprecation"], headers["Sunset"]) == ("@1790000000", date)
    assert headers["Link"] == f'<{link}>; rel="deprecation"'
    assert "Deprecation" not in bitbucket.ask("GET", "/user").headers
