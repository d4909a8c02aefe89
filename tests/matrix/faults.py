"""What can go wrong with a call, as data: each row of the matrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TIMEOUT = "X-No-Answer"
"""A header that stands for an answer which never comes: `no_answers` turns it into a timeout, so that no test waits."""
ELSEWHERE = "https://elsewhere.example"
IDENTITY = ["uuid", "user.uuid", "values.uuid", "values.user.uuid"]
CONTENT = ["key", "permission", "values.key", "values.permission"]
NULLS = dict.fromkeys(("uuid", "user", "permission", "key", "values"))


@dataclass(frozen=True)
class Trouble:
    """One kind of fault. `answer` is what `Emulator.fault` takes; `switches` and what follows concern lists alone."""

    answer: Mapping[str, Any] = field(default_factory=dict)
    switches: Mapping[str, Any] = field(default_factory=dict)
    shifts: bool = False
    """Whether somebody removes an entry of the first page before the second is read."""
    page: int | None = None
    """The answer spoils this page of a list alone."""
    lies: bool = False
    """Whether the answer claims that something is gone."""

    @property
    def is_of_lists(self) -> bool:
        return bool(self.switches or self.shifts or self.page)


def _status(status: int, **more: Any) -> Trouble:
    return Trouble({"status": status, **more}, lies=status == 404)


CALLS: dict[str, Trouble] = {
    "400 refused": _status(400),
    "401 not accepted": _status(401),
    "402 no seat left": _status(402),
    "403 forbidden": _status(403),
    "404 not found": _status(404),
    "409 conflict": _status(409),
    "410 endpoint gone": _status(410),
    "429 with Retry-After": _status(429, headers={"Retry-After": "7"}),
    "429 without": _status(429),
    "500 error": _status(500),
    "500 after the work": _status(500, work=True),
    "502 HTML page": _status(502, html=True),
    "502 after the work": _status(502, html=True, work=True),
    "503 unavailable": _status(503),
    "dropped before": Trouble({"drop": "before"}),
    "dropped during": Trouble({"drop": "during"}),
    "dropped after": Trouble({"drop": "after"}),
    "timeout before": _status(504, headers={TIMEOUT: "1"}),
    "timeout after": _status(504, headers={TIMEOUT: "1"}, work=True),
    "truncated": Trouble({"truncate": True}),
    "empty": Trouble({"empty": True}),
    "HTML page": Trouble({"html": True}),
    "200 HTML page, nothing done": _status(200, html=True),
    "200 empty object, nothing done": _status(200, body={}),
    "a text": Trouble({"body": "fine"}),
    "a list": Trouble({"body": []}),
    "a number": Trouble({"body": 7}),
    "null": Trouble({"body": "null"}),
    "empty object": Trouble({"body": {}}),
    "wrong types": Trouble({"body": {"values": 3, "uuid": 3, "key": 3, "user": 3, "permission": 3, "secured": 3}}),
    "entries of wrong type": Trouble({"body": {"values": [3, None, []]}}),
    "no identity": Trouble({"drop_fields": IDENTITY}),
    "no content": Trouble({"drop_fields": CONTENT}),
    "nulls": Trouble({"patch": NULLS}),
    "redirect here": _status(307, headers={"Location": "/2.0/user"}),
    "redirect elsewhere": _status(301, headers={"Location": f"{ELSEWHERE}/2.0/user"}),
}
LISTS: dict[str, Trouble] = {
    "endless pages": Trouble(switches={"endless_pages": True}),
    "foreign next": Trouble(switches={"foreign_next": ELSEWHERE}),
    "no next": Trouble(switches={"no_next": True}),
    "repeated entries": Trouble(switches={"repeated_entries": True}),
    "odd entry": Trouble(switches={"odd_entry": True}),
    "entry removed between pages": Trouble(shifts=True),
    "404 of page 2": Trouble({"status": 404}, page=2),
    "403 of page 2": Trouble({"status": 403}, page=2),
    "410 of page 2": Trouble({"status": 410}, page=2),
    "500 of page 2": Trouble({"status": 500}, page=2),
    "truncated page 2": Trouble({"truncate": True}, page=2),
}
TROUBLES = CALLS | LISTS
WHEN = {"once": (0, 1), "from now on": (0, None), "from the second on": (1, None)}
"""How many calls go well before, and how often the fault comes then; None: until it is over."""
