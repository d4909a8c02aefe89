"""Faults: answers to calls still to come that replace the true one, or spoil it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

HTML = "<!DOCTYPE html>\n<html><head><title>Bitbucket</title></head><body><h1>Something went wrong</h1></body></html>\n"


@dataclass
class Fault:
    """`route` is a template or a path when it begins with a slash, else any part of either.

    A connection is dropped "before" the work, "after" it, or "during" the answer. With a `status` the operation is not
    carried out, unless `work` is set; with `truncate`, `html`, `empty` or `body` alone it is, and only its answer lost.
    `truncate` cuts the body in the middle and tells its new length; a drop "during" the answer breaks that promise.
    `drop_fields` (dotted paths) and `patch` (merged, a null stays a null) change the true answer.
    A redirect is a `status` with a Location among the `headers`.
    """

    route: str
    method: str | None = None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None  # a string is sent as it is, anything else as JSON
    delay_ms: float = 0
    drop: str | None = None
    truncate: bool = False
    html: bool = False
    empty: bool = False
    work: bool = False
    page: int | None = None  # of a list: this page alone
    patch: dict[str, Any] = field(default_factory=dict)
    drop_fields: list[str] = field(default_factory=list)
    trickle_ms: float = 0  # the body comes a byte at a time, with this wait before each
    swell: int = 0  # the body is JSON of so many bytes, made while it is sent
    gzip: bool = False  # what swells is packed, a small bomb
    times: int | None = 1  # None: until cleared

    def __post_init__(self) -> None:
        if self.drop not in (None, "before", "during", "after"):
            raise ValueError("drop is 'before', 'during' or 'after'")

    @property
    def works(self) -> bool:
        return self.drop != "before" and (self.work or self.drop is not None or self.status is None)

    @property
    def alters(self) -> bool:
        """Whether the answer is another than the operation's own."""
        return self.changes or bool(
            self.status or self.body is not None or self.drop or self.truncate or self.html or self.empty or self.swell
        )

    @property
    def changes(self) -> bool:
        """Whether the answer is the operation's own, but for some fields."""
        return bool(self.patch or self.drop_fields)

    def matches(self, method: str, route: str, path: str, page: int) -> bool:
        if (self.method and self.method.upper() != method) or self.page not in (None, page):
            return False
        if self.route.startswith("/"):
            return self.route.rstrip("/") in (route, path)
        return self.route in route or self.route in path


class Faults:
    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def take(self, method: str, route: str, path: str, page: int) -> Fault | None:
        """The first fault for this call, counted down."""
        for fault in list(self.waiting):
            if fault.matches(method, route, path, page):
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self.waiting.remove(fault)
                return fault
        return None
