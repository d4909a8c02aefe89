"""The answer to one request, as it came."""

from collections.abc import Mapping
from dataclasses import dataclass

MOST_BYTES = 4 * 1024 * 1024
"""Of one answer. As JSON it takes up to thirty times as much memory."""


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    content: bytes
    whole: bool = True
    """False: there is more than an answer may hold, and the rest was not read."""

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", errors="replace")
