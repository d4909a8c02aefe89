"""Which requests are repeated, when, and how often.

GET, PUT and DELETE can be sent twice without harm. A POST is repeated only when Bitbucket refused it (429, `governor`)
or it was never sent; whether a lost one has arrived, `settle` finds out.
"""

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from ..errors import Unanswered
from .governor import Governor

T = TypeVar("T")

BACKOFF_SECONDS = (0.25, 0.5, 1, 2, 4)
"""Before each further attempt after connection trouble, 502, 503 or 504; up to as much again by chance."""

STATUSES = (502, 503, 504)
MOST_RETRY_AFTER_SECONDS = 60
"""Longest Retry-After that is honoured on anything but a 429."""


def repeat(send: Callable[[], T], method: str, what: str, governor: Governor) -> T:
    """What `send` returns, after as many attempts as the schedule has."""

    def is_harmless(error: BaseException) -> bool:
        return isinstance(error, Unanswered) and not (error.sent and method == "POST")

    def wait(state: RetryCallState) -> None:
        governor.sleep(state.upcoming_sleep, str(_trouble(state)).rstrip("."), what)

    attempts = Retrying(
        retry=retry_if_exception(is_harmless),
        stop=stop_after_attempt(len(BACKOFF_SECONDS) + 1),
        wait=_pause,
        before_sleep=wait,
        sleep=lambda seconds: None,  # `wait` has, where a cancel or the operation's deadline ends it
        reraise=True,
    )
    answer: T = attempts(governor.turn(what).run, send)
    return answer


def _pause(state: RetryCallState) -> float:
    after = _trouble(state).retry_after
    if after is not None:
        return min(after, MOST_RETRY_AFTER_SECONDS)
    step = min(state.attempt_number, len(BACKOFF_SECONDS))  # also asked after the last attempt
    return BACKOFF_SECONDS[step - 1] * (1 + random.random())


def _trouble(state: RetryCallState) -> Unanswered:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, Unanswered)
    return error


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from a header that holds seconds or a date."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:  # "-0000": in UTC, by a server that does not say where it is
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())
