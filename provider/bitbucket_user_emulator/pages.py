"""Pages, whose `next` is opaque; sorting; and partial answers (the `fields` parameter)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from . import errors
from .operations import Answer, Call

CURSOR = b"position "
NAMING = ("uuid", "user", "group", "id", "fingerprint", "links")  # what says which one an entry is


def page(call: Call, items: Iterable[Any], show: Callable[[Any], dict[str, Any]], numbered: bool = False) -> Answer:
    """One page of `items`; only what is on it is shown, so long lists stay cheap."""
    everything, switches = list(items), call.switches
    numbered = numbered or switches.numbered_pages
    length = _pagelen(call)
    start = first = _start(call, length, numbered)
    if switches.endless_pages:
        first %= max(len(everything), 1)
    elif switches.repeated_entries and start:
        first -= 1
    values = [show(item) for item in everything[first : first + length]]
    if switches.odd_entry and values:
        values[-1] = {name: value for name, value in values[-1].items() if name not in NAMING}
    body: dict[str, Any] = {"values": values, "pagelen": length}
    if switches.sizes:
        body |= {"size": len(everything), "page": start // length + 1}
    more = start + length < len(everything) or switches.endless_pages
    if more and not switches.no_next:
        following = str(start // length + 2) if numbered else cursor(start + length)
        link = call.here({**call.query, "page": following})
        body["next"] = link.replace(call.origin, switches.foreign_next or call.origin, 1)
    return Answer(body)


def number(query: Mapping[str, str]) -> int:
    """Which page is asked for, from 1."""
    text, length = query.get("page", "1"), query.get("pagelen", "10")
    if text.isascii() and text.isdigit():
        return int(text[:9])
    return (_position(text) or 0) // (int(length) if length.isascii() and length.isdigit() and int(length) else 10) + 1


def cursor(position: int) -> str:
    return base64.urlsafe_b64encode(CURSOR + str(position).encode()).decode().rstrip("=")


def _pagelen(call: Call) -> int:
    text = call.query.get("pagelen", "10")
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 100:
        raise errors.error(400, "Invalid pagelen")
    return int(text)


def _start(call: Call, length: int, numbered: bool) -> int:
    text = call.query.get("page", "1")
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 10**8 and (numbered or int(text) == 1):
        return (int(text) - 1) * length
    position = _position(text)
    if position is None:
        raise errors.error(400, "Invalid page")
    return position


def _position(text: str) -> int | None:
    """Where the page of a cursor begins; None when the text is no cursor."""
    try:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return int(decoded[len(CURSOR) :]) if decoded.startswith(CURSOR) else None
    except (binascii.Error, ValueError):
        return None


def lookup(item: Any, path: str) -> Any:
    for name in path.split("."):
        item = item.get(name) if isinstance(item, dict) else None
    return item


def sort(items: list[dict[str, Any]], by: str | None, allowed: tuple[str, ...] | None = None) -> list[dict[str, Any]]:
    if not by:
        return items
    name = by.removeprefix("-")
    if allowed is not None and name not in allowed:
        raise errors.error(400, f"Invalid sort field: {name}")
    return sorted(items, key=lambda item: str(lookup(item, name) or ""), reverse=by.startswith("-"))


def partial(body: Any, fields: str | None) -> Any:
    """Apply `fields`: plain names select, `-name` removes; `+name` adds what the handler put in already."""
    names = [name.strip() for name in (fields or "").split(",") if name.strip()]
    for name in names:
        if name.startswith("-"):
            body = without(body, name[1:].split("."))
    selected = [name.split(".") for name in names if name[0] not in "+-"]
    return _only(body, selected) if selected else body


def without(body: Any, path: list[str]) -> Any:
    if isinstance(body, list):
        return [without(item, path) for item in body]
    if not isinstance(body, dict) or path[0] not in body:
        return body
    if len(path) == 1:
        return {name: value for name, value in body.items() if name != path[0]}
    return {**body, path[0]: without(body[path[0]], path[1:])}


def _only(body: Any, paths: list[list[str]]) -> Any:
    if isinstance(body, list):
        return [_only(item, paths) for item in body]
    if not isinstance(body, dict) or any(path in ([], ["*"]) for path in paths):
        return body
    wanted: dict[str, list[list[str]]] = {}
    for path in paths:
        wanted.setdefault(path[0], []).append(path[1:])
    return {name: _only(value, wanted[name]) for name, value in body.items() if name in wanted}
