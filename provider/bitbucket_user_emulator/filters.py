"""The `q` parameter: comparisons joined by AND and OR, as far as the documented examples go."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from . import errors, pages
from .operations import Answer, Call
from .pages import lookup
from .world import LEVELS

TOKEN = re.compile(
    r"""\s*(?: (?P<string>"(?:[^"\\]|\\.)*") | (?P<sign>!=|>=|<=|!~|[=<>~(),]) | (?P<word>[\w.+-]+) )""", re.VERBOSE
)
Test = Callable[[dict[str, Any]], bool]


def matching(query: str | None, fields: tuple[str, ...]) -> Test:
    """A predicate for items; only `fields` may be asked for."""
    if not query:
        return lambda item: True
    return _Parser(query, fields).whole()


def listed(call: Call, items: list[Any], fields: tuple[str, ...], show: Callable[[Any], dict[str, Any]]) -> Answer:
    """In pages, filtered by `q` and sorted by `sort`, which may name these fields."""
    query, by = call.query.get("q"), call.query.get("sort")
    if not query and not by:
        return pages.page(call, items, show)
    wanted = matching(query, fields)
    found = pages.sort([item for item in map(show, items) if wanted(item)], by, fields)
    return pages.page(call, found, lambda item: item)


def in_list(query: str, field: str) -> list[str] | None:
    """The values of `field IN ("a", "b")`; None when the query is something else."""
    match = re.fullmatch(rf"\s*{re.escape(field)}\s+IN\s*\((.*)\)\s*", query, re.IGNORECASE | re.DOTALL)
    if not match or not re.fullmatch(r'\s*"[^"]*"\s*(,\s*"[^"]*"\s*)*', match[1]):
        return None
    return re.findall(r'"([^"]*)"', match[1])


class _Parser:
    def __init__(self, query: str, fields: tuple[str, ...]) -> None:
        self.fields = fields
        self.tokens: list[str] = []
        position = 0
        while query[position:].strip():
            match = TOKEN.match(query, position)
            if not match:
                raise self.bad()
            self.tokens.append(match[0].strip())
            position = match.end()

    @staticmethod
    def bad() -> errors.Refusal:
        return errors.error(400, "Unable to parse the query in parameter q")

    def next(self) -> str:
        if not self.tokens:
            raise self.bad()
        return self.tokens.pop(0)

    def whole(self) -> Test:
        found = self.either()
        if self.tokens:
            raise self.bad()
        return found

    def either(self) -> Test:
        tests = [self.both()]
        while self.tokens and self.tokens[0].upper() == "OR":
            self.next()
            tests.append(self.both())
        return lambda item: any(test(item) for test in tests)

    def both(self) -> Test:
        tests = [self.comparison()]
        while self.tokens and self.tokens[0].upper() == "AND":
            self.next()
            tests.append(self.comparison())
        return lambda item: all(test(item) for test in tests)

    def comparison(self) -> Test:
        field = self.next()
        if field == "(":
            inner = self.either()
            if self.next() != ")":
                raise self.bad()
            return inner
        sign, value = self.next(), self.next()
        if field not in self.fields or not value.startswith('"'):
            raise errors.error(400, f"Invalid field or value in parameter q: {field}")
        wanted = re.sub(r"\\(.)", r"\1", value[1:-1])
        if sign not in _SIGNS:
            raise self.bad()
        return lambda item: _SIGNS[sign](*_comparable(lookup(item, field), wanted))


def _comparable(left: Any, right: str) -> tuple[Any, Any]:
    """Permissions compare by height, everything else as text."""
    if left in LEVELS and right in LEVELS:
        return LEVELS[left], LEVELS[right]
    return str(left or ""), right


_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: bool(left == right),
    "!=": lambda left, right: bool(left != right),
    ">": lambda left, right: bool(left > right),
    "<": lambda left, right: bool(left < right),
    ">=": lambda left, right: bool(left >= right),
    "<=": lambda left, right: bool(left <= right),
    "~": lambda left, right: str(right).lower() in str(left).lower(),
    "!~": lambda left, right: str(right).lower() not in str(left).lower(),
}
