"""The rate limit, deadlines and Cancel: who waits, how long, and who goes first. No test waits for real."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from functools import partial

import pytest
from bitbucket_user_provider.errors import ApiError, Cancelled, NotFound, RateLimited, Unanswered
from bitbucket_user_provider.operation import current, operation
from bitbucket_user_provider.rest import exchange, limit, retries
from bitbucket_user_provider.rest.governor import Governor

from tests.conftest import CheckedEmulator, Clock

from .core import ADA, USER, VARIABLE, VARIABLES, connect, serve

LONG = 30
"""No test waits that long unless it fails."""


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
    assert retries.retry_after({"Retry-After": header}) == seconds


def test_a_date_to_come_is_counted_from_now() -> None:
    header = format_datetime(datetime.now(timezone.utc) + timedelta(hours=1), usegmt=True)
    assert 3_500 < (retries.retry_after({"Retry-After": header}) or 0) <= 3_600


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
    schedule = (*limit.BACKOFF_SECONDS, *limit.BACKOFF_SECONDS[-1:] * 2)
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
    assert api.get(USER, {}).text("display_name") == "Ada Lovelace"
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


def test_the_wait_is_measured_from_the_last_answer_that_the_process_got(
    bitbucket: CheckedEmulator, clock: Clock
) -> None:
    api = connect(bitbucket, {**ADA, "maxRateLimitWaitSeconds": 70})
    turn = api.governor.turn("GET /user")
    outcomes = iter([limited(60), limited(60)])

    def send() -> str:
        for refusal in outcomes:
            api.governor.answered(0)  # to somebody else meanwhile
            raise refusal
        return "done"

    assert turn.run(send) == "done"
    assert clock.waits == [60.0, 60.0]


def test_a_pause_that_others_began_is_waited_for_or_refused_before_anything_is_sent(
    bitbucket: CheckedEmulator, clock: Clock
) -> None:
    api = connect(bitbucket, {**ADA, "maxRateLimitWaitSeconds": 60})
    turn = api.governor.turn("GET /x")
    api.governor.refused(limited(60), api.governor.enter(turn), turn)
    api.governor.leave()
    clock.time -= 5
    with pytest.raises(RateLimited, match="^GET /user was not sent: .* another 65 s would be more than maxRateLimit"):
        api.get(USER, {})
    assert bitbucket.requests == []
    clock.time += 5
    api.get(USER, {})
    assert clock.waits == [60.0]


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
    for _ in range(3):
        shared.enter(shared.turn("GET /x"))
    assert clock.waits == [50.0]


def test_the_wait_says_how_many_calls_wait_and_how_long(clock: Clock) -> None:
    shared, said = Governor(1, 3_900), list[str]()
    inside, others = threading.Event(), threading.Event()

    def first() -> None:
        outcomes = iter([limited(3_000)])

        def send() -> None:
            inside.set()
            assert others.wait(30)
            for refusal in outcomes:
                raise refusal

        with operation(say=said.append):
            shared.turn("GET /x").run(send)

    def another() -> None:
        with operation(say=said.append):
            shared.turn("GET /y").run(lambda: None)

    with ThreadPoolExecutor(4) as pool:
        going = [pool.submit(first)]
        assert inside.wait(30)
        going += [pool.submit(another) for _ in range(3)]
        while len(shared._queue) < 3:
            os.sched_yield()
        others.set()
        for one in going:
            one.result(30)
    assert len(said) == 2 and re.fullmatch("rate limit reached, [34] calls wait; going on in 50 min", said[0])


def test_who_came_first_goes_first_even_after_a_refusal(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    def wait(governor: Governor, seconds: float, called: threading.Event) -> None:
        while len(governor._queue) < 9:  # the pause is long enough for the refused one to be in the queue again
            os.sched_yield()
        clock.wait(seconds)

    monkeypatch.setattr(Governor, "_wait", wait)
    shared = Governor(1, 3_900)
    order: list[str] = []
    waiting = threading.Event()
    outcomes = iter([limited(30)])

    def send(name: str) -> None:
        assert waiting.wait(30)
        for refusal in outcomes:
            raise refusal
        order.append(name)

    with ThreadPoolExecutor(9) as pool:
        going = [pool.submit(shared.turn("0").run, lambda: send("0"))]
        while not shared._under_way:
            os.sched_yield()
        for name in "12345678":
            going.append(pool.submit(shared.turn(name).run, lambda name=name: send(name)))
            while len(shared._queue) < int(name):
                os.sched_yield()
        waiting.set()
        for one in going:
            one.result(30)
    assert order == [*"012345678"]


def test_many_threads_get_through_a_limit_together(bitbucket: CheckedEmulator, clock: Clock) -> None:
    bitbucket.fault("/user", status=429, headers={"Retry-After": "30"}, times=20)
    api = connect(bitbucket, {**ADA, "maxConcurrentRequests": 8})
    with ThreadPoolExecutor(24) as pool:
        found = list(pool.map(lambda _: api.get(USER, {}).text("display_name"), range(24)))
    assert found == ["Ada Lovelace"] * 24
    assert len(bitbucket.requests) == 44


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
    with operation(seconds=300), pytest.raises(Cancelled, match=r"do not suffice \(GET /user: rate limit reached\)"):
        connect(bitbucket).get(USER, {})
    assert clock.waits == []


def test_after_the_deadline_nothing_is_sent(bitbucket: CheckedEmulator, clock: Clock) -> None:
    with operation(seconds=5):
        clock.time += 5
        with pytest.raises(Cancelled, match="The 5 seconds that customTimeouts allows"):
            connect(bitbucket).get(USER, {})
    assert bitbucket.requests == []


def test_the_deadline_shortens_the_timeout_of_a_request(bitbucket: CheckedEmulator, clock: Clock) -> None:
    api = connect(bitbucket)
    api.get(USER, {})  # from here on it is connected, whatever that has taken
    bitbucket.fault("/user", delay_ms=60_000, times=None)
    with operation(seconds=0.1), pytest.raises(Cancelled, match=r"\(GET /user: no answer within 0.1 s\)"):
        api.get(USER, {})


def test_a_deadline_ends_the_wait_for_a_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # this wait is a real one
    shared = Governor(1, 0)
    shared.enter(shared.turn("GET /x"))
    with operation(seconds=0.01), pytest.raises(Cancelled, match=r"\(GET /y\)"):
        shared.enter(shared.turn("GET /y"))
    shared.leave()
    shared.enter(shared.turn("GET /z"))


def test_no_deadline_reaches_beyond_its_operation() -> None:
    with operation(seconds=5):
        assert current.get().remaining() == 5
    with operation(seconds=0):
        assert current.get().remaining() is None
    assert current.get().remaining() is None


def test_cancel_ends_every_wait_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # these waits would take an hour
    shared = Governor(1, 10_000)
    turn = shared.turn("GET /x")
    shared.enter(turn)

    def end(wait: Callable[[], object]) -> str:
        with pytest.raises(Cancelled) as caught:
            wait()
        return str(caught.value)

    def waiting() -> int:
        return len(shared._queue) + len(shared._cancelled._cond._waiters)  # type: ignore[attr-defined]

    with ThreadPoolExecutor(3) as pool:
        enter = partial(shared.enter, turn)
        waits = (enter, enter, lambda: shared.sleep(3_600, "for long", "GET /x"))
        ends = [pool.submit(end, wait) for wait in waits]
        while waiting() < 3 and not any(one.done() for one in ends):
            os.sched_yield()
        shared.cancel()
        assert all(one.result(30) == "Stopped, as asked, before GET /x." for one in ends)


def test_cancel_starts_nothing_new(bitbucket: CheckedEmulator) -> None:
    api = connect(bitbucket)
    api.governor.cancel()
    with pytest.raises(Cancelled):
        api.get(USER, {})
    assert bitbucket.requests == []


def test_cancel_lets_what_is_under_way_come_home(bitbucket: CheckedEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "GRACE_SECONDS", LONG)
    here = serve(bitbucket)
    bitbucket.fault(VARIABLES.template, "POST", delay_ms=100)
    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(here.create, "WorkspacePipelineVariable", {"workspace": "acme", "key": "A", "value": "b"})
        while not bitbucket.server.log.in_flight and not made.done():
            os.sched_yield()
        here.api.cancel()
        assert made.result(LONG)[1]["key"] == "A"
