"""What surrounds one operation of the engine: for which URN, where it reports, when it must be over, what it hides."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from .errors import Cancelled


def _nobody(message: str) -> None:
    del message


def now() -> float:
    """The clock of every wait and deadline."""
    return time.monotonic()


@dataclass(frozen=True)
class Operation:
    urn: str = ""
    say: Callable[[str], None] = _nobody
    """Shows a passing remark beside the resource, until the next; an empty one takes it away."""
    warn: Callable[[str], None] = _nobody
    """Shows a warning that stays."""
    seconds: float | None = None
    """The `customTimeouts` of the resource for this operation."""
    deadline: float | None = None
    secrets: tuple[str, ...] = ()
    """Values that no message may quote."""

    def remaining(self, what: str = "") -> float | None:
        """Seconds left, None when there is no limit. Raises Cancelled when the time for `what` is over."""
        if self.deadline is None:
            return None
        left = self.deadline - now()
        if left <= 0:
            raise self.out_of_time(what)
        return left

    def out_of_time(self, why: str = "") -> Cancelled:
        """What an operation ends with whose time is over; `why` is what it waited for."""
        return Cancelled(
            f"The {self.seconds:g} seconds that customTimeouts allows this operation do not suffice"
            + (f" ({why})" if why else "")
            + ". What was sent before stands; the next run goes on from there."
        )


current: ContextVar[Operation] = ContextVar("operation", default=Operation())  # noqa: B039


@contextmanager
def operation(
    urn: str = "",
    say: Callable[[str], None] = _nobody,
    warn: Callable[[str], None] = _nobody,
    seconds: float | None = None,
) -> Iterator[None]:
    """Runs the body on behalf of `urn` with these reporters; `seconds` of None or 0 is no limit."""
    deadline = now() + seconds if seconds else None
    with _within(Operation(urn, say, warn, seconds or None, deadline)):
        yield


@contextmanager
def hiding(secrets: Iterable[str]) -> Iterator[None]:
    """Runs the body with these values kept out of what messages quote."""
    with _within(replace(current.get(), secrets=(*current.get().secrets, *secrets))):
        yield


@contextmanager
def _within(surroundings: Operation) -> Iterator[None]:
    token = current.set(surroundings)
    try:
        yield
    finally:
        current.reset(token)
