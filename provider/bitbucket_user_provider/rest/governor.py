"""Which request goes next: the one that came first, as soon as a slot is free and the rate limit has room.

Those who wait sleep until they are called, each on an event of its own. One of them, and no more, keeps the time until
the limit opens: a thousand that wait cost a thousand times what one costs, and none overtakes another.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import TypeVar

from .. import operation
from ..errors import ApiError, Cancelled, RateLimited
from ..operation import current
from .limit import Limit

T = TypeVar("T")
WORTH_SAYING_SECONDS = 1.0


@dataclass(order=True)
class _Waiter:
    ticket: int
    called: threading.Event = field(default_factory=threading.Event, compare=False)
    started: bool = field(default=False, compare=False)
    gone: bool = field(default=False, compare=False)
    seen: int = field(default=0, compare=False)
    """How many pauses there had been when it started."""


class Governor:
    """Safe for threads. A wait ends at once when the engine cancels, or when it cannot end within the deadline."""

    def __init__(self, slots: int, longest_wait: float) -> None:
        self._longest_wait = longest_wait
        self._limit = Limit(slots)
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._tickets = count()
        self._queue: list[_Waiter] = []
        self._keeper: _Waiter | None = None
        """Who keeps the time for all that wait."""
        self._keeps_until = inf
        self._under_way = 0

    def turn(self, what: str) -> "Turn":
        """The place of a request in the queue, which it keeps however often it is sent."""
        return Turn(self, what, next(self._tickets), operation.now())

    def sleep(self, seconds: float, why: str, what: str = "", called: threading.Event | None = None) -> None:
        """Waits before `what`, or until it is called, and says why if there is a reason. Raises Cancelled."""
        here, reason = current.get(), why if why.startswith(what) else f"{what}: {why}"
        remaining = here.remaining(reason)
        if remaining is not None and remaining < seconds:
            raise here.out_of_time(reason)
        if why:
            here.say(f"{why}; going on in {_span(seconds)}")
        self._wait(seconds, called)
        if why:
            here.say("")
        self.stop_if_cancelled(what)

    def wait(self, seconds: float) -> None:
        """Waits in silence. Raises Cancelled, also when the operation's own time is over."""
        current.get().remaining()
        self._wait(seconds)
        self.stop_if_cancelled()

    def cancel(self) -> None:
        """Ends every wait, and lets nothing more start."""
        self._cancelled.set()
        with self._lock:
            for waiter in self._queue:
                waiter.called.set()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def stop_if_cancelled(self, what: str = "") -> None:
        if self.cancelled:
            raise Cancelled("Stopped, as asked" + (f", before {what}." if what else "."))

    def enter(self, turn: "Turn") -> int:
        """Waits for the turn and takes a slot; how many pauses there were. Raises RateLimited and Cancelled."""
        self.stop_if_cancelled(turn.what)
        waiter = _Waiter(turn.ticket)
        with self._lock:
            heappush(self._queue, waiter)
            self._start_who_may()
        try:
            self.stop_if_cancelled(turn.what)  # again: `cancel` calls only those who are in the queue
            while not waiter.started:
                waiter.called.wait(current.get().remaining(turn.what))
                self.stop_if_cancelled(turn.what)
                self._keep_time(waiter, turn)
        except BaseException:
            with self._lock:
                self._under_way -= waiter.started
                waiter.gone = True
                self._keeper = None if self._keeper is waiter else self._keeper
                self._start_who_may()
            raise
        return waiter.seen

    def leave(self) -> None:
        with self._lock:
            self._under_way -= 1
            self._start_who_may()

    def answered(self, seen: int) -> None:
        with self._lock:
            self._limit.answered(seen)

    def refused(self, refusal: RateLimited, seen: int, turn: "Turn") -> None:
        """Raises the refusal when it cannot be waited out."""
        with self._lock:
            self._limit.refused(refusal, seen, self._latest(turn))

    def _keep_time(self, waiter: _Waiter, turn: "Turn") -> None:
        """Where it falls to this one, waits until the limit opens and calls who may start then."""
        with self._lock:
            waiter.called.clear()
            self.stop_if_cancelled(turn.what)  # `cancel` may just have called
            if waiter.started or self._keeper is not waiter:
                return
            opens = self._limit.opens_at(self._under_way)
            left = opens - operation.now()
            waiting = len(self._queue)
            too_late = opens > self._latest(turn)
            self._keeps_until = opens
        if 0 < left < inf:
            if too_late:
                raise RateLimited(
                    f"{turn.what} was not sent: Bitbucket's rate limit is reached, and another {_span(left)} would be "
                    "more than maxRateLimitWaitSeconds. Bitbucket counts requests over an hour: run again later.",
                    429,
                )
            why = "rate limit reached" + (f", {waiting:,} calls wait" if waiting > 1 else "")
            self.sleep(left, why if left >= WORTH_SAYING_SECONDS else "", turn.what, waiter.called)
        with self._lock:
            self._keeper = None if self._keeper is waiter else self._keeper
            self._start_who_may()

    def _latest(self, turn: "Turn") -> float:
        """Until when a request may wait: so long after it came, or after the last answer that anybody got, because as
        long as others get answers its own turn will come."""
        return max(turn.came, self._limit.last_answer) + self._longest_wait

    def _start_who_may(self) -> None:
        """With the lock held."""
        while self._queue:
            first = self._queue[0]
            if not first.gone:
                opens = self._limit.opens_at(self._under_way)
                if opens > operation.now():
                    if opens < inf and self._keeper is None:
                        self._keeper, self._keeps_until = first, inf
                    if self._keeper and opens < self._keeps_until:  # as when one that was under way has been refused
                        self._keeper.called.set()
                    return
                first.started, first.seen = True, self._limit.pauses
                self._keeper = None if self._keeper is first else self._keeper
                self._under_way += 1
                first.called.set()
            heappop(self._queue)

    def _wait(self, seconds: float, called: threading.Event | None = None) -> None:
        (called or self._cancelled).wait(seconds)


@dataclass(frozen=True)
class Turn:
    governor: Governor
    what: str
    ticket: int
    came: float

    def run(self, send: Callable[[], T]) -> T:
        """What `send` returns, after as many 429s as may be waited for. Raises RateLimited and Cancelled."""
        while True:
            seen = self.governor.enter(self)
            try:
                answer = send()
            except RateLimited as refusal:
                self.governor.refused(refusal, seen, self)
            except ApiError:
                self.governor.answered(seen)
                raise
            else:
                self.governor.answered(seen)
                return answer
            finally:
                self.governor.leave()


def _span(seconds: float) -> str:
    if seconds >= 120:
        return f"{seconds / 60:.0f} min"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
