"""What surrounds one operation of the engine: for which URN, where it reports, when it must be over."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from .errors import Cancelled


def _nobody(message: str) -> None:
    del message


@dataclass(frozen=True)
class Operation:
    urn: str = ""
    say: Callable[[str], None] = _nobody
    """Shows a passing remark beside the resource."""
    warn: Callable[[str], None] = _nobody
    """Shows a warning that stays."""
    seconds: float | None = None
    """The `customTimeouts` of the resource for this operation."""
    deadline: float | None = None

    def remaining(self) -> float | None:
        """Seconds left, None when there is no limit. Raises Cancelled when the time is over."""
        if self.deadline is None:
            return None
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise Cancelled(
                f"The {self.seconds:g} seconds that customTimeouts allows this operation are over. "
                "What was sent before stands; the next run goes on from there."
            )
        return left


current: ContextVar[Operation] = ContextVar("operation", default=Operation())  # noqa: B039


@contextmanager
def operation(
    urn: str = "",
    say: Callable[[str], None] = _nobody,
    warn: Callable[[str], None] = _nobody,
    seconds: float | None = None,
) -> Iterator[None]:
    """Runs the body on behalf of `urn` with these reporters; `seconds` of None or 0 is no limit."""
    deadline = time.monotonic() + seconds if seconds else None
    token = current.set(Operation(urn, say, warn, seconds or None, deadline))
    try:
        yield
    finally:
        current.reset(token)
