"""How many requests are under way, and the pause that all of them share after a 429.

Nobody starts before the pause is over. Then one request goes ahead, a second later the next, until one is answered: a
limit that is still on refuses one, not all that have waited.
"""

import random
import threading
from collections.abc import Callable
from typing import TypeVar

from .. import operation
from ..errors import ApiError, Cancelled, RateLimited
from ..operation import current

T = TypeVar("T")

BACKOFF_SECONDS = (5, 15, 30, 60, 120)
"""After a 429 without Retry-After, longer each time the limit is still on. Bitbucket's window is an hour."""
LEAST_PAUSE_SECONDS = 1.0
LEAD_SECONDS = 1.0
"""How long one request is ahead of the next after a pause."""


class Governor:
    """Safe for threads. A wait ends at once when the engine cancels, or when it cannot end within the deadline."""

    def __init__(self, slots: int, longest_wait: float) -> None:
        self.longest_wait = longest_wait
        self._slots = threading.Semaphore(slots)
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._pauses = 0
        self._in_a_row = 0
        self._resume_at = 0.0

    def turn(self, what: str) -> "Turn":
        return Turn(self, what)

    def sleep(self, seconds: float, why: str) -> None:
        """Waits, and says so. Raises Cancelled."""
        here = current.get()
        remaining = here.remaining()
        if remaining is not None and remaining < seconds:
            raise here.out_of_time(why)
        here.say(f"{why}; going on in {_span(seconds)}")
        self._wait(seconds)
        here.say("")
        self._stop_if_cancelled()

    def wait(self, seconds: float) -> None:
        """Waits in silence. Raises Cancelled, also when the operation's own time is over."""
        current.get().remaining()
        self._wait(seconds)
        self._stop_if_cancelled()

    def cancel(self) -> None:
        self._cancelled.set()
        self._slots.release()

    def enter(self) -> tuple[int, float]:
        """Takes a slot unless a pause is on: how many pauses there were, and seconds until to ask again (0: taken)."""
        self._stop_if_cancelled()
        while not self._slots.acquire(timeout=current.get().remaining()):
            pass
        if self._cancelled.is_set():
            self._slots.release()  # to the next who waits
            self._stop_if_cancelled()
        with self._lock:
            seen, left = self._pauses, max(0.0, self._resume_at - operation.now())
            if not left and self._in_a_row:
                self._resume_at = operation.now() + LEAD_SECONDS
        if left:
            self._slots.release()
        return seen, left

    def leave(self) -> None:
        self._slots.release()

    def pause(self, refusal: RateLimited, seen: int, allowed: float) -> None:
        """After a 429 to a request that started when `seen` pauses had been. Raises it when the pause is too long."""
        with self._lock:
            first = seen == self._pauses  # the others were under way already
            if refusal.retry_after is not None:
                seconds = max(LEAST_PAUSE_SECONDS, refusal.retry_after)
            elif first:
                step = BACKOFF_SECONDS[min(self._in_a_row, len(BACKOFF_SECONDS) - 1)]
                seconds = step * (1 + random.random() / 4)
            else:
                seconds = 0.0
            resume_at = max(self._resume_at, operation.now() + seconds)
            if resume_at - operation.now() > allowed:
                raise refusal
            self._resume_at = resume_at
            if first:
                self._pauses += 1
                self._in_a_row += 1

    def resume(self, seen: int) -> None:
        """After an answer to a request that started when `seen` pauses had been: is the limit over?"""
        with self._lock:
            if self._in_a_row and seen == self._pauses:
                self._in_a_row, self._resume_at = 0, 0.0

    def _stop_if_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled("Stopped, as asked: nothing more was sent to Bitbucket.")

    def _wait(self, seconds: float) -> None:
        self._cancelled.wait(seconds)


class Turn:
    """One request's, however often it is sent: together its waits for the rate limit stay within what is allowed."""

    def __init__(self, governor: Governor, what: str) -> None:
        self._governor = governor
        self._what = what
        self._waited = 0.0

    def run(self, send: Callable[[], T]) -> T:
        """What `send` returns, after as many 429s as may be waited for. Raises RateLimited and Cancelled."""
        while True:
            seen = self._enter()
            try:
                answer = send()
            except RateLimited as refusal:
                self._governor.pause(refusal, seen, self._allowed)
            except ApiError:
                self._governor.resume(seen)
                raise
            else:
                self._governor.resume(seen)
                return answer
            finally:
                self._governor.leave()

    @property
    def _allowed(self) -> float:
        return self._governor.longest_wait - self._waited

    def _enter(self) -> int:
        while True:
            seen, left = self._governor.enter()
            if not left:
                return seen
            if left > self._allowed:
                raise RateLimited(
                    f"{self._what} was not sent: Bitbucket's rate limit is reached, and another {_span(left)} would be "
                    "more than maxRateLimitWaitSeconds. Bitbucket counts requests over an hour: run again later.",
                    429,
                )
            began = operation.now()
            self._governor.sleep(left, "rate limit reached")
            self._waited += operation.now() - began


def _span(seconds: float) -> str:
    if seconds >= 120:
        return f"{seconds / 60:.0f} min"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
