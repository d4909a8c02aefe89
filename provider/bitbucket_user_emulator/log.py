"""The log of exchanges, credentials masked."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Exchange:
    """One request and its answer. `status` 0: the connection was dropped."""

    method: str
    path: str  # decoded, without /2.0
    raw_path: str  # as it was sent, with the query
    route: str  # as it is described; empty when there is none
    query: dict[str, str]
    request_headers: dict[str, str]
    credential: str | None  # its kind, once accepted
    actor: str | None
    request_body: Any  # parsed when it is JSON, else text; None when empty
    status: int = 0
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: Any = None
    fault: bool = False  # the answer was scripted


class Log:
    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.in_flight = 0
        self.peak = 0  # most requests under way at once

    def clear(self) -> None:
        self.exchanges = []
        self.peak = self.in_flight

    def calls(self) -> Counter[str]:
        return Counter(f"{one.method} {one.route or one.path}" for one in list(self.exchanges))


def masked(headers: dict[str, str]) -> dict[str, str]:
    return {
        name: f"{value.split(' ')[0]} ***" if name.lower() == "authorization" else value
        for name, value in headers.items()
    }


def parsed(content: bytes) -> Any:
    if not content:
        return None
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")
