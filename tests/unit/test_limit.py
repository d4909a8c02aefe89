"""Thousands of requests through Bitbucket's hourly limit, on a clock that the waits alone and the requests turn."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from math import inf
from typing import Any

import pytest
from bitbucket_user_provider import operation
from bitbucket_user_provider.errors import Cancelled, RateLimited
from bitbucket_user_provider.rest.governor import Governor
from bitbucket_user_provider.rest.limit import BACKOFF_SECONDS, HOUR, LONG_SECONDS, Limit

from tests.conftest import Clock

BURST = RateLimited("too many", 429)


class Bitbucket:
    """So many requests an hour, over a window that slides; what is refused does not count."""

    def __init__(self, clock: Clock, per_hour: int, says_when: bool) -> None:
        self.done = 0
        self.refused: list[float] = []
        self._clock = clock
        self._per_hour = per_hour
        self._says_when = says_when
        self._recent: deque[float] = deque()
        self._lock = threading.Lock()

    def write(self) -> None:
        with self._lock:
            now = self._clock.advance(0.05)
            while self._recent and self._recent[0] <= now - HOUR:
                self._recent.popleft()
            if len(self._recent) >= self._per_hour:
                self.refused.append(now)
                after = self._recent[0] + HOUR - now if self._says_when else None
                raise RateLimited("too many", 429, after)
            self._recent.append(now)
            self.done += 1


class Processes:
    """Several governors, and the time that passes for all of them: only while each of them waits or is done, and no
    further than to the first moment that one of them waits for. A clock that each wait turned by itself would run away
    from the others: between a refusal and what follows from it, a busy machine would miss an hour."""

    def __init__(self, clock: Clock, processes: int, slots: int) -> None:
        self._governors = [Governor(slots, 3_900) for _ in range(processes)]
        self._clock = clock
        self._left = Counter[int]()
        self._waits: list[tuple[float, Governor, threading.Event]] = []
        self._lock = threading.Lock()

    def run(self, writes: int, waiting: int, write: Callable[[], None]) -> None:
        """So many writes, shared out, and so many of them at once in each process."""
        self._left.update({id(governor): writes // len(self._governors) for governor in self._governors})
        with ExitStack() as stack:
            pools = [(stack.enter_context(ThreadPoolExecutor(waiting)), governor) for governor in self._governors]
            going = [pool.submit(self._run, governor, write) for pool, governor in pools * (writes // len(pools))]
            for one in going:
                one.result()

    def wait(self, governor: Governor, seconds: float, called: threading.Event) -> None:
        """In place of `Governor._wait`."""
        until = self._clock.time + seconds
        with self._lock:
            self._waits.append((until, governor, called))
        while self._clock.time < until and not called.is_set():
            self._pass()
            time.sleep(0)  # lets the others run

    def _run(self, governor: Governor, write: Callable[[], None]) -> None:
        try:
            governor.turn("PUT /x").run(write)
        finally:
            with self._lock:
                self._left[id(governor)] -= 1

    def _pass(self) -> None:
        with self._lock:
            self._waits = [wait for wait in self._waits if wait[0] > self._clock.time and not wait[2].is_set()]
            if self._waits and all(map(self._is_idle, self._governors)):
                self._clock.time = min(until for until, _, _ in self._waits)

    def _is_idle(self, governor: Governor) -> bool:
        waits = any(who is governor for _, who, _ in self._waits)
        return not governor._under_way and (waits or not self._left[id(governor)])


@pytest.mark.parametrize("says_when", [False, True], ids=["no Retry-After", "Retry-After"])
@pytest.mark.parametrize("waiting", [16, 256, 1_100])
@pytest.mark.parametrize("processes", [1, 2])
def test_many_writes_get_through_the_hourly_limit(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, processes: int, waiting: int, says_when: bool
) -> None:
    bitbucket = Bitbucket(clock, 1_000, says_when)
    slots, writes = 16, 2_500
    all_of_them = Processes(clock, processes, slots)
    monkeypatch.setattr(
        Governor, "_wait", lambda governor, seconds, called: all_of_them.wait(governor, seconds, called)
    )
    stack = threading.stack_size(256 * 1024)
    try:
        all_of_them.run(writes, waiting, bitbucket.write)
    finally:
        threading.stack_size(stack)
    assert bitbucket.done == writes
    windows = 2
    # Beside those that were under way when the limit was reached, one more each time.
    assert len(bitbucket.refused) <= windows * processes * (slots + 1)
    runs = 1 + sum(
        later - earlier > 10 for earlier, later in zip(bitbucket.refused, bitbucket.refused[1:], strict=False)
    )
    assert runs <= windows * processes * 2


def test_a_refusal_halves_what_is_under_way_and_quiet_answers_raise_it_again(clock: Clock) -> None:
    limit = Limit(8)
    assert limit.opens_at(7) <= clock.time < limit.opens_at(8)
    for seen in (0, 0, 0):  # one refusal, and two that were under way with it
        limit.refused(BURST, seen, inf)
    assert limit.slots == 4
    limit.refused(BURST, 1, inf)  # who went ahead after the pause
    assert limit.slots == 4
    clock.time += 100
    for _ in range(4 + 5 + 6 + 7):
        assert limit.slots < 8
        limit.answered(limit.pauses)
    assert limit.slots == 8
    for _ in range(100):
        limit.answered(limit.pauses)
    assert limit.slots == 8


def test_after_a_pause_one_goes_ahead_and_the_others_follow_once_it_is_answered(clock: Clock) -> None:
    limit = Limit(8)
    limit.refused(RateLimited("", 429, 50), 0, inf)
    assert limit.opens_at(0) == clock.time + 50
    clock.time += 50
    assert limit.opens_at(0) <= clock.time
    assert limit.opens_at(1) == inf
    limit.answered(0)  # to one from before the pause: says nothing
    assert limit.opens_at(1) == inf
    limit.answered(1)
    assert limit.opens_at(3) <= clock.time


def test_those_who_were_under_way_do_not_make_the_pause_longer_unless_they_know_better(clock: Clock) -> None:
    limit = Limit(8)
    for _ in range(4):
        limit.refused(BURST, 0, inf)
    assert limit.opens_at(0) <= clock.time + BACKOFF_SECONDS[0] * 1.25
    limit.refused(RateLimited("", 429, 90), 0, inf)
    assert limit.opens_at(0) == clock.time + 90


def test_a_pause_that_would_be_too_long_is_nobodys(clock: Clock) -> None:
    limit = Limit(8)
    with pytest.raises(RateLimited):
        limit.refused(RateLimited("", 429, 90), 0, clock.time + 60)
    assert limit.opens_at(3) <= clock.time


def test_the_hour_is_told_from_a_burst_by_a_second_refusal_and_by_what_was_used(clock: Clock) -> None:
    limit, began = Limit(8), clock.time
    for _ in range(200):
        clock.time += 1
        limit.answered(0)
    limit.refused(BURST, 0, inf)
    assert limit.opens_at(0) == clock.time + LONG_SECONDS
    clock.time += LONG_SECONDS
    limit.refused(BURST, 1, inf)
    assert limit.opens_at(0) == began + 1 + HOUR + 1, "when its own first answer leaves the window"
    clock.time = limit.opens_at(0)
    limit.answered(2)
    assert limit.opens_at(0) == clock.time + 1, "then as its own answers came"
    clock.time += HOUR
    assert limit.opens_at(0) <= clock.time, "what was learned is forgotten after an hour"


def test_a_limit_that_others_have_used_up_is_tried_again_and_again(clock: Clock) -> None:
    limit = Limit(8)
    for number, step in enumerate(BACKOFF_SECONDS):
        limit.refused(BURST, number, inf)
        assert step <= limit.opens_at(0) - clock.time <= step * 1.25
        clock.time = limit.opens_at(0)


@pytest.mark.parametrize("sooner", [0.0, 0.01], ids=["now", "soon"])
def test_who_keeps_the_time_is_called_when_the_limit_opens_sooner_than_it_did(
    monkeypatch: pytest.MonkeyPatch, sooner: float
) -> None:
    """As when a request that was under way is refused, and leaves its room to the next: who keeps the time slept on,
    for up to an hour, and held the slot that it had been given in its sleep."""
    governor, opens, keeps, wait = Governor(2, 3_900), operation.now() + 3_000, threading.Event(), Governor._wait

    def says(self: Governor, seconds: float, called: threading.Event) -> None:
        keeps.set()
        wait(self, seconds, called)

    monkeypatch.setattr(Governor, "_wait", says)
    with ThreadPoolExecutor(1) as pool:
        under_way = governor.enter(governor.turn("PUT /a"))
        monkeypatch.setattr(governor._limit, "opens_at", lambda under_way: opens)
        other = pool.submit(governor.turn("PUT /b").run, lambda: "written")
        assert keeps.wait(10)
        opens = operation.now() + sooner
        governor.leave()
        try:
            assert other.result(10) == "written"
        finally:
            governor.cancel()
    assert under_way == 0


def test_a_cancel_is_heeded_also_by_who_is_about_to_keep_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has seen that nobody has cancelled, and forgets the call that it gets before it goes to sleep."""
    governor, keep = Governor(1, 3_900), Governor._keep_time

    def late(self: Governor, waiter: Any, turn: Any) -> None:
        governor.cancel()
        keep(self, waiter, turn)

    monkeypatch.setattr(governor._limit, "opens_at", lambda under_way: operation.now() + 3_000)
    monkeypatch.setattr(Governor, "_keep_time", late)
    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(governor.enter, governor.turn("PUT /a"))
        try:
            with pytest.raises(Cancelled, match="^Stopped, as asked, before PUT /a"):
                going.result(10)
        finally:
            governor.cancel()
