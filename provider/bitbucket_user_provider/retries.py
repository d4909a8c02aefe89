"""Which requests are repeated, when, and for how long.

GET, PUT and DELETE can be sent twice without harm. A POST is repeated only when Bitbucket refused it (429) or it was
never sent; one that may have arrived is settled by looking (`lifecycle` of variables and SSH keys).
"""

import random
from collections.abc import Callable
from typing import Any

from tenacity import RetryCallState, Retrying, retry_if_exception

from .errors import RateLimited, Unanswered
from .governor import Governor
from .operation import current

BACKOFF_SECONDS = (0.25, 0.5, 1, 2, 4)
"""Before each further attempt after connection trouble, 502, 503 or 504; up to as much again by chance."""

RATE_LIMIT_BACKOFF_SECONDS = (5, 15, 30, 60, 120)
"""After a 429 without Retry-After; the last one from then on. Bitbucket's window is an hour."""

STATUSES = (502, 503, 504)
MOST_RETRY_AFTER_SECONDS = 60
"""Longest Retry-After that is honoured on anything but a 429."""


def policy(method: str, governor: Governor, longest_wait: float) -> Callable[..., Any]:
    waited = 0.0

    def repeatable(error: BaseException) -> bool:
        if isinstance(error, RateLimited):
            return True
        if isinstance(error, Unanswered):
            return not error.sent or method != "POST"
        return False

    def wait(state: RetryCallState) -> float:
        error = _error(state)
        if not isinstance(error, RateLimited):
            after = error.retry_after if isinstance(error, Unanswered) else None
            if after is not None:
                return min(after, MOST_RETRY_AFTER_SECONDS)
            return _step(BACKOFF_SECONDS, state.attempt_number) * (1 + random.random())
        if error.retry_after is not None:
            return error.retry_after
        return _step(RATE_LIMIT_BACKOFF_SECONDS, state.attempt_number) * (1 + random.random() / 4)

    def stop(state: RetryCallState) -> bool:
        if isinstance(_error(state), RateLimited):
            return waited + state.upcoming_sleep > longest_wait
        return state.attempt_number > len(BACKOFF_SECONDS)

    def announce(state: RetryCallState) -> None:
        nonlocal waited
        error = _error(state)
        if isinstance(error, RateLimited):
            waited += state.upcoming_sleep
            governor.pause(state.upcoming_sleep)
            current.get().say(f"rate limit reached; going on in {state.upcoming_sleep:.0f} s")
        else:
            current.get().say(f"trying again in {state.upcoming_sleep:.1f} s: {error}")

    return Retrying(
        retry=retry_if_exception(repeatable),
        wait=wait,
        stop=stop,
        before_sleep=announce,
        sleep=governor.sleep,
        reraise=True,
    )


def _step(schedule: tuple[float, ...], attempt: int) -> float:
    return schedule[min(attempt, len(schedule)) - 1]


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
