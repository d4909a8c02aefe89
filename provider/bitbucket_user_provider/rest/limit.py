"""What the answers so far say about Bitbucket's rate limit, and what follows from it for the next request.

Bitbucket allows so many requests an hour, over a window that slides, and it also refuses short bursts. A 429 seldom
says which of the two it was. So the first is taken for a burst: a short pause, and half as many requests at once. When
the one that goes ahead afterwards is refused too, and this process has sent many requests itself, it is the hour: from
then on a request starts an hour after one of its own has been answered, and is not refused again.
"""

import random
from collections import deque
from math import inf

from .. import operation
from ..errors import RateLimited

HOUR = 3600.0
BACKOFF_SECONDS = (5, 15, 30, 60, 120)
"""After a 429 without Retry-After, longer each time the limit is still on."""
LEAST_PAUSE_SECONDS = 1.0
MARGIN_SECONDS = 1.0
"""How much later than an hour after its own answer the room of a request is used again."""
LONG_SECONDS = 60.0
"""Longer than any burst: a Retry-After from here on is about the hour, and so is a limit that is still on by then."""
ENOUGH_TO_TELL = 100
"""Answers in the last hour from which on this process has used up a good part of the limit itself. With fewer, others
did, and when their share comes free can only be tried."""
MOST_REMEMBERED = 10_000


class Limit:
    """Not safe for threads: whoever uses it holds a lock."""

    def __init__(self, most: int) -> None:
        self.slots = most
        """How many requests may be under way now."""
        self.pauses = 0
        self.last_answer = -inf
        self._most = most
        self._quiet = 0
        self._refused_in_a_row = 0
        self._resume_at = -inf
        self._answers: deque[float] = deque(maxlen=MOST_REMEMBERED)
        self._share = MOST_REMEMBERED
        """How many requests an hour are this process's own, as far as is known."""
        self._share_known_until = -inf

    def opens_at(self, under_way: int) -> float:
        """When the next request may start; infinity while that depends on one that is under way."""
        if under_way >= self.slots or (self._refused_in_a_row and under_way):
            return inf  # after a pause one goes ahead: a limit that is still on refuses one, not all that have waited
        return max(self._resume_at, self._room_at(under_way))

    def answered(self, seen: int) -> None:
        """After any answer but a 429 to a request that started when `seen` pauses had been."""
        self.last_answer = operation.now()
        self._answers.append(self.last_answer)
        if seen == self.pauses:  # else it says nothing of the time after the pause
            self._refused_in_a_row = 0
        self._quiet += 1
        if self._quiet >= self.slots and self.slots < self._most:
            self.slots, self._quiet = self.slots + 1, 0

    def refused(self, refusal: RateLimited, seen: int, latest: float) -> None:
        """After a 429. Raises it when the pause would last beyond `latest`; then there is none, for anybody."""
        now = operation.now()
        own = self._own(now)
        first = seen == self.pauses  # the others were under way already
        by_the_hour = False
        if refusal.retry_after is not None:
            seconds = max(LEAST_PAUSE_SECONDS, refusal.retry_after)
            by_the_hour = seconds >= LONG_SECONDS
        elif not first:
            seconds = 0.0
        elif own >= ENOUGH_TO_TELL:
            by_the_hour = self._refused_in_a_row > 0
            seconds = self._answers[0] + HOUR + MARGIN_SECONDS - now if by_the_hour else LONG_SECONDS
        else:
            step = BACKOFF_SECONDS[min(self._refused_in_a_row, len(BACKOFF_SECONDS) - 1)]
            seconds = step * (1 + random.random() / 4)
        resume_at = max(self._resume_at, now + seconds)
        if resume_at > latest:
            raise refusal
        self._resume_at = resume_at
        if by_the_hour and own >= ENOUGH_TO_TELL:
            self._share, self._share_known_until = own, now + HOUR
        if first:
            if not self._refused_in_a_row:
                self.slots, self._quiet = max(1, self.slots // 2), 0
            self.pauses += 1
            self._refused_in_a_row += 1

    def _room_at(self, under_way: int) -> float:
        """When there is room for one more in the share of this process."""
        now = operation.now()
        if now >= self._share_known_until:
            return -inf
        beyond = self._own(now) + under_way - self._share
        if beyond < 0:
            return -inf
        if beyond >= len(self._answers):
            return inf
        return min(self._answers[beyond] + HOUR + MARGIN_SECONDS, self._share_known_until)

    def _own(self, now: float) -> int:
        """How many answers this process has had within the hour."""
        while self._answers and self._answers[0] + HOUR + MARGIN_SECONDS <= now:
            self._answers.popleft()
        return len(self._answers)
