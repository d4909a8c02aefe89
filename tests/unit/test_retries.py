"""The rate limit, deadlines and Cancel: who waits, how long, and who goes first. No test waits for real."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
import requests
from bitbucket_user_provider.errors import ApiError, Cancelled, NotFound, RateLimited, Unanswered
from bitbucket_user_provider.operation import current, operation
from bitbucket_user_provider.rest import governor, retries
from bitbucket_user_provider.rest.governor import Governor
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import CheckedEmulator, Clock

from .core import ADA, USER, VARIABLE, VARIABLES, connect, serve


@pytest.fixture(autouse=True)
def clock(clock: Clock) -> Clock:
    return clock


def limited(retry_after: float | None = None) -> RateLimited:
    return RateLimited("too many", 429, retry_after)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 0.0),
        ("Wed, 21 Oct 99999 07:28:00 GMT", None),
    ],
)
def test_retry_after_holds_seconds_or_a_date(header: str, seconds: float | None) -> None:
    response = requests.Response()
    response.headers["Retry-After"] = header
    assert retries.retry_after(response) == seconds


def test_a_date_to_come_is_counted_from_now() -> None:
    response = requests.Response()
    response.headers["Retry-After"] = format_datetime(datetime.now(timezone.utc) + timedelta(hours=1), usegmt=True)
    assert 3_500 < (retries.retry_after(response) or 0) <= 3_600


def test_trouble_is_met_with_growing_pauses_that_are_announced(bitbucket: CheckedEmulator, clock: Clock) -> None:
    said: list[str] = []
    bitbucket.fault("/user", status=503, times=None)
    with operation(say=said.append), pytest.raises(Unanswered):
        connect(bitbucket).get(USER, {})
    assert len(bitbucket.requests) == 6
    for waited, pause in zip(clock.waits, retries.BACKOFF_SECONDS, strict=True):
        assert pause <= waited <= 2 * pause
    remarks, taken_away = said[::2], said[1::2]
    assert remarks[0].startswith("GET /user answered 503: Scripted answer 503; going on in 0.")
    assert len(remarks) == 5 and taken_away == [""] * 5


@pytest.mark.parametrize(("header", "seconds"), [("3", 3.0), ("7200", 60.0)])
def test_retry_after_wins_over_the_schedule(
    bitbucket: CheckedEmulator, clock: Clock, header: str, seconds: float
) -> None:
    bitbucket.fault("/user", status=503, headers={"Retry-After": header})
    connect(bitbucket).get(USER, {})
    assert clock.waits == [seconds]


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 410, 500])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_refusal_is_not_asked_again(bitbucket: CheckedEmulator, clock: Clock, method: str, status: int) -> None:
    bitbucket.fault("variables/{", status=status, times=None)
    body = {"key": "A", "value": "b"} if method == "PUT" else None
    with pytest.raises(ApiError, match=f"answered {status}"):
        connect(bitbucket).request(method, VARIABLE, {"workspace": "acme", "uuid": "{1}"}, body=body)
    assert (len(bitbucket.requests), clock.waits) == (1, [])


# The rate limit


def test_a_rate_limit_without_retry_after_is_waited_out_longer_each_time(
    bitbucket: CheckedEmulator, clock: Clock
) -> None:
    said: list[str] = []
    bitbucket.fault("/user", status=429, times=7)
    with operation(say=said.append):
        connect(bitbucket).get(USER, {})
    schedule = (*governor.BACKOFF_SECONDS, *governor.BACKOFF_SECONDS[-1:] * 2)
    for waited, pause in zip(clock.waits, schedule, strict=True):
        assert pause <= waited <= 1.25 * pause
    assert said[0].startswith("rate limit reached; going on in ")
    assert said[-2].endswith(" min") and said[-1] == ""


def test_the_wait_for_the_rate_limit_is_capped_and_the_end_is_explained(
    bitbucket: CheckedEmulator, clock: Clock
) -> None:
    bitbucket.fault("/user", status=429, headers={"Retry-After": "40"}, times=None)
    with pytest.raises(RateLimited, match="answered 429: .* the end of maxRateLimitWaitSeconds.* run again later"):
        connect(bitbucket, {**ADA, "maxRateLimitWaitSeconds": 100}).get(USER, {})
    assert clock.waits == [40.0, 40.0]
    assert len(bitbucket.requests) == 3


@pytest.mark.parametrize("header", [{}, {"Retry-After": "0"}, {"Retry-After": "1"}], ids=str)
def test_zero_never_waits(bitbucket: CheckedEmulator, clock: Clock, header: dict[str, str]) -> None:
    api = connect(bitbucket, {**ADA, "maxRateLimitWaitSeconds": 0})
    bitbucket.fault("/user", status=429, headers=header, times=2)
    for _ in range(2):
        with pytest.raises(RateLimited):
            api.get(USER, {})
    assert api.get(USER, {})["display_name"] == "Ada Lovelace"
    assert (clock.waits, len(bitbucket.requests)) == ([], 3)


def test_a_retry_after_of_nothing_still_ends(bitbucket: CheckedEmulator, clock: Clock) -> None:
    bitbucket.fault("/user", status=429, headers={"Retry-After": "0"}, times=None)
    with pytest.raises(RateLimited):
        connect(bitbucket, {**ADA, "maxRateLimitWaitSeconds": 20}).get(USER, {})
    assert len(bitbucket.requests) == 21


def test_a_pause_that_is_too_long_is_not_even_begun(bitbucket: CheckedEmulator, clock: Clock) -> None:
    bitbucket.fault("/user", status=429, headers={"Retry-After": "3600"})
    api = connect(bitbucket, {**ADA, "maxRateLimitWaitSeconds": 60})
    with pytest.raises(RateLimited):
        api.get(USER, {})
    assert clock.waits == []
    api.get(USER, {})  # nobody else is held up by it


def test_waits_between_further_attempts_count_together(bitbucket: CheckedEmulator, clock: Clock) -> None:
    for status, seconds in ((429, "30"), (503, "1"), (429, "30"), (503, "1"), (429, "30")):
        bitbucket.fault("/user", status=status, headers={"Retry-After": seconds})
    with pytest.raises(RateLimited):
        connect(bitbucket, {**ADA, "maxRateLimitWaitSeconds": 70}).get(USER, {})
    assert clock.waits == [30.0, 1.0, 30.0, 1.0]


def test_the_pause_is_everybodys(clock: Clock) -> None:
    shared = Governor(4, 3_900)
    seen, _ = shared.enter()
    shared.pause(limited(50), seen, 3_900)
    shared.leave()
    assert shared.enter() == (1, 50.0)
    clock.time += 20
    assert shared.enter() == (1, 30.0)


def test_those_who_were_under_way_do_not_make_the_pause_longer(clock: Clock) -> None:
    shared = Governor(4, 3_900)
    turns = [shared.enter()[0] for _ in range(4)]
    for seen in turns:
        shared.pause(limited(), seen, 3_900)
        shared.leave()
    assert 5 <= shared.enter()[1] <= 6.25


def test_those_who_were_under_way_may_know_better_when_the_limit_is_over(clock: Clock) -> None:
    shared = Governor(4, 3_900)
    turns = [shared.enter()[0] for _ in range(2)]
    shared.pause(limited(10), turns[0], 3_900)
    shared.pause(limited(90), turns[1], 3_900)
    assert shared.enter()[1] == 90


def test_after_a_pause_one_goes_ahead_and_the_others_follow_once_it_was_answered(clock: Clock) -> None:
    shared = Governor(8, 3_900)
    seen, _ = shared.enter()
    shared.pause(limited(50), seen, 3_900)
    shared.leave()
    clock.time += 50
    first, left = shared.enter()
    assert left == 0
    assert shared.enter() == (1, 1.0)
    clock.time += 1
    assert shared.enter() == (1, 0.0), "no answer in a second: the next may try"
    assert shared.enter() == (1, 1.0)
    shared.resume(first)
    assert [shared.enter()[1] for _ in range(6)] == [0.0] * 6


@pytest.mark.parametrize("error", [None, NotFound("not found", 404)], ids=["success", "refusal"])
def test_any_answer_but_429_shows_that_the_limit_is_over(clock: Clock, error: Exception | None) -> None:
    shared = Governor(8, 3_900)
    outcomes = iter([limited(50), error])

    def send() -> None:
        if outcome := next(outcomes):
            raise outcome

    try:
        shared.turn("GET /x").run(send)
    except NotFound:
        assert error
    assert [shared.enter()[1] for _ in range(3)] == [0.0] * 3


def test_an_answer_from_before_the_pause_does_not_end_it(clock: Clock) -> None:
    shared = Governor(8, 3_900)
    early, late = shared.enter()[0], shared.enter()[0]
    shared.pause(limited(50), early, 3_900)
    shared.resume(late)
    assert shared.enter()[1] == 50


def test_a_limit_that_is_still_on_refuses_one_not_all(clock: Clock) -> None:
    shared = Governor(8, 3_900)
    seen, _ = shared.enter()
    shared.pause(limited(), seen, 3_900)
    for expected in governor.BACKOFF_SECONDS[1:]:
        clock.time = shared._resume_at
        seen, left = shared.enter()
        assert left == 0
        shared.pause(limited(), seen, 3_900)
        shared.leave()
        assert expected <= shared.enter()[1] <= expected * 1.25


def test_a_request_that_could_not_wait_is_not_sent_and_says_why(bitbucket: CheckedEmulator, clock: Clock) -> None:
    api = connect(bitbucket, {**ADA, "maxRateLimitWaitSeconds": 60})
    seen, _ = api.governor.enter()
    api.governor.pause(limited(60), seen, 60)
    api.governor.leave()
    clock.time -= 5
    with pytest.raises(RateLimited, match="^GET /user was not sent: .* another 65 s would be more than maxRateLimit"):
        api.get(USER, {})
    assert bitbucket.requests == []


def test_many_threads_get_through_a_limit_together(bitbucket: CheckedEmulator, clock: Clock) -> None:
    bitbucket.fault("/user", status=429, headers={"Retry-After": "30"}, times=20)
    api = connect(bitbucket, {**ADA, "maxConcurrentRequests": 8})
    with ThreadPoolExecutor(24) as pool:
        found = list(pool.map(lambda _: api.get(USER, {})["display_name"], range(24)))
    assert found == ["Ada Lovelace"] * 24
    assert len(bitbucket.requests) == 44


@given(st.lists(st.sampled_from([None, 1.0, 20.0, 400.0]), max_size=30), st.integers(0, 500))
def test_nobody_waits_longer_than_allowed(refusals: list[float | None], longest: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        clock = Clock()
        patch.setattr("bitbucket_user_provider.operation.now", clock.now)
        patch.setattr(Governor, "_wait", lambda self, seconds: clock.wait(seconds))
        shared = Governor(1, longest)
        answers = iter(refusals)

        def send() -> str:
            for after in answers:
                raise limited(after)
            return "done"

        for _ in range(3):
            began = clock.time
            try:
                assert shared.turn("GET /x").run(send) == "done"
            except RateLimited:
                pass
            assert clock.time - began <= longest


# Deadlines and Cancel


def test_a_deadline_ends_the_repeats(bitbucket: CheckedEmulator, clock: Clock) -> None:
    bitbucket.fault("/user", status=503, headers={"Retry-After": "4"}, times=None)
    with operation(seconds=10), pytest.raises(Cancelled) as caught:
        connect(bitbucket).get(USER, {})
    assert str(caught.value) == (
        "The 10 seconds that customTimeouts allows this operation do not suffice (GET /user answered 503: Scripted "
        "answer 503). What was sent before stands; the next run goes on from there."
    )
    assert clock.waits == [4.0, 4.0]


def test_a_pause_that_the_deadline_does_not_allow_is_not_begun(bitbucket: CheckedEmulator, clock: Clock) -> None:
    bitbucket.fault("/user", status=429, headers={"Retry-After": "400"})
    with operation(seconds=300), pytest.raises(Cancelled, match=r"do not suffice \(rate limit reached\)"):
        connect(bitbucket).get(USER, {})
    assert clock.waits == []


def test_after_the_deadline_nothing_is_sent(bitbucket: CheckedEmulator, clock: Clock) -> None:
    with operation(seconds=5):
        clock.time += 5
        with pytest.raises(Cancelled, match="The 5 seconds that customTimeouts allows"):
            connect(bitbucket).get(USER, {})
    assert bitbucket.requests == []


def test_the_deadline_shortens_the_timeout_of_a_request(bitbucket: CheckedEmulator, clock: Clock) -> None:
    bitbucket.fault("/user", delay_ms=400)
    with operation(seconds=0.1), pytest.raises(Cancelled, match=r"\(GET /user: no answer within 0.1 s\)"):
        connect(bitbucket).get(USER, {})


def test_a_deadline_ends_the_wait_for_a_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # this wait is a real one
    shared = Governor(1, 0)
    shared.enter()
    with operation(seconds=0.01), pytest.raises(Cancelled):
        shared.enter()


def test_no_deadline_reaches_beyond_its_operation() -> None:
    with operation(seconds=5):
        assert current.get().remaining() == 5
    with operation(seconds=0):
        assert current.get().remaining() is None
    assert current.get().remaining() is None


def test_cancel_ends_every_wait_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # these waits would take an hour
    shared = Governor(1, 10_000)
    shared.enter()

    def end(wait: Callable[[], object]) -> str:
        with pytest.raises(Cancelled) as caught:
            wait()
        return str(caught.value)

    def waiting() -> int:
        return len(shared._slots._cond._waiters) + len(shared._cancelled._cond._waiters)  # type: ignore[attr-defined]

    with ThreadPoolExecutor(3) as pool:
        waits = (shared.enter, shared.enter, lambda: shared.sleep(3_600, "for long"))
        ends = [pool.submit(end, wait) for wait in waits]
        while waiting() < 3 and not any(one.done() for one in ends):
            os.sched_yield()
        shared.cancel()
        assert all(one.result(30).startswith("Stopped, as asked") for one in ends)


def test_cancel_starts_nothing_new(bitbucket: CheckedEmulator) -> None:
    api = connect(bitbucket)
    api.governor.cancel()
    with pytest.raises(Cancelled):
        api.get(USER, {})
    assert bitbucket.requests == []


def test_cancel_lets_what_is_under_way_come_home(bitbucket: CheckedEmulator) -> None:
    here = serve(bitbucket)
    bitbucket.fault(VARIABLES.template, "POST", delay_ms=100)
    arrived = threading.Event()
    send = requests.Session.send
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as pool:

        def sending(self: requests.Session, request: requests.PreparedRequest, **more: Any) -> requests.Response:
            arrived.set()
            return send(self, request, **more)

        patch.setattr(requests.Session, "send", sending)
        made = pool.submit(here.create, "WorkspacePipelineVariable", {"workspace": "acme", "key": "A", "value": "b"})
        assert arrived.wait(30)
        here.api.governor.cancel()
        assert made.result(30)[1]["key"] == "A"
