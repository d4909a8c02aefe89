"""How many requests are under way, and the pause that all of them share after a 429."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import Cancelled
from .operation import current


class Governor:
    def __init__(self, slots: int) -> None:
        self._slots = threading.BoundedSemaphore(slots)
        self._lock = threading.Lock()
        self._resume_at = 0.0
        self._cancelled = threading.Event()

    @contextmanager
    def slot(self) -> Iterator[None]:
        """One of the slots, once no pause is on. Raises Cancelled."""
        self.sleep(self._pause_left())
        with self._slots:
            self.sleep(self._pause_left())
            yield

    def pause(self, seconds: float) -> None:
        """Nobody starts a request before this is over."""
        with self._lock:
            self._resume_at = max(self._resume_at, time.monotonic() + seconds)

    def sleep(self, seconds: float) -> None:
        """Waits, and ends at once when the engine cancels. Raises Cancelled."""
        remaining = current.get().remaining()
        if self._cancelled.wait(seconds if remaining is None else min(seconds, remaining)):
            raise Cancelled("Stopped, as asked: nothing more was sent to Bitbucket.")
        current.get().remaining()

    def cancel(self) -> None:
        self._cancelled.set()

    def _pause_left(self) -> float:
        with self._lock:
            return max(0.0, self._resume_at - time.monotonic())
