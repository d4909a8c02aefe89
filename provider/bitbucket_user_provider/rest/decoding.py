"""JSON as a server may send it, taken or refused in words of our own: no text, number or nesting is a surprise."""

import json
import re
from math import isinf
from typing import Any, NoReturn

MOST_LEVELS = 64
MOST_DIGITS = 300
"""More than any number that fits into a float."""
SURROGATES = re.compile(r"(\\\\|\\u[dD][89abAB]..\\u[dD][c-fC-F]..)|\\u[dD][89a-fA-F]..")
"""An escaped backslash, a pair that makes one sign, or half of one."""


class NoJson(Exception):
    pass


class Unusable(Exception):
    """Its words complete "answered with"."""


def parsed(content: bytes) -> Any:
    """Raises NoJson and Unusable."""
    text = content.decode("utf-8-sig", errors="replace")
    text = SURROGATES.sub(lambda found: found[1] or "\\ufffd", text)
    try:
        value = _decoder.decode(text)
    except json.JSONDecodeError:
        raise NoJson from None
    except RecursionError:
        raise _too_deep() from None
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [one for value in level for one in _within(value)]
        if not level:
            return value
    raise _too_deep()


def object_in(content: bytes) -> dict[str, Any]:
    """The object that this is as JSON; an empty one where it is anything else."""
    try:
        value = parsed(content)
    except (NoJson, Unusable):
        return {}
    return value if isinstance(value, dict) else {}


def _within(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _too_deep() -> Unusable:
    return Unusable(f"JSON that is nested more than {MOST_LEVELS} levels deep")


def _integer(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise Unusable(f"a number of more than {MOST_DIGITS} digits")
    return int(digits)


def _real(digits: str) -> float:
    number = float(digits) if len(digits) <= MOST_DIGITS else _integer(digits)
    if isinf(number):
        raise Unusable("a number that is too large")
    return number


def _constant(name: str) -> NoReturn:
    raise Unusable(f"{name}, which is no number")


_decoder = json.JSONDecoder(parse_int=_integer, parse_float=_real, parse_constant=_constant)
