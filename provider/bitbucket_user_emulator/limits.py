"""How many calls are answered in a rolling window, in one second, and at once; counted for each person or app."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from . import errors
from .switches import Switches
from .world import Credential

RATE_LIMITED = "Rate limit for this resource has been exceeded"
TOO_FAST = "Too many requests"


class Limits:
    """What is refused does not count."""

    def __init__(self) -> None:
        self.clock: Callable[[], float] = time.monotonic
        self.advanced = 0.0  # seconds that were skipped
        self._answered: dict[tuple[str, str], deque[float]] = {}

    def forget(self) -> None:
        self._answered.clear()

    def check(self, credential: Credential, switches: Switches, under_way: int) -> None:
        if (switches.requests_per_hour, switches.burst_per_second, switches.burst_at_once) == (None, None, None):
            return
        answered = self._answered.setdefault((credential.kind, credential.actor), deque())
        moment = self.clock() + self.advanced
        while answered and answered[0] <= moment - max(switches.rate_window_seconds, 1):
            answered.popleft()
        if switches.burst_at_once is not None and under_way > switches.burst_at_once:
            raise errors.error(429, TOO_FAST)
        lately = sum(one > moment - 1 for one in answered)
        if switches.burst_per_second is not None and lately >= switches.burst_per_second:
            raise errors.error(429, TOO_FAST)
        within = sum(one > moment - switches.rate_window_seconds for one in answered)
        if switches.requests_per_hour is not None and within >= switches.requests_per_hour:
            refusal = errors.error(429, RATE_LIMITED)
            refusal.headers = {"Retry-After": switches.retry_after} if switches.retry_after else {}
            raise refusal
        answered.append(moment)
