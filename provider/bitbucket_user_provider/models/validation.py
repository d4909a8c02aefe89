"""Checks inputs against a model: one failure for each property. Values that a preview does not know yet pass.

What a person has written may be a secret in the wrong place, of a permission even. So no failure quotes a value where
one of few words is expected, nor anything that is longer than a name.
"""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .model import UNKNOWN, hidden_aliases

LONGEST_WORD = 12
"""Letters of what may be quoted in the place of a level."""
LONGEST_NAME = 62
"""Of a workspace, a repository, a person: what is longer may be a token."""
CHOICES = ("enum", "literal_error")


class Failure(NamedTuple):
    """Why an input cannot be used.

    `property` is its camelCase name. It is empty for secrets, because the engine prints the value of the property
    that a failure names.
    """

    property: str
    reason: str


def validate(model: type[BaseModel], news: Mapping[str, Any], olds: Mapping[str, Any] | None = None) -> list[Failure]:
    """The failures of the known inputs. `olds` are the inputs of the last run, for rules about what changes."""
    names = [field.alias or name for name, field in model.model_fields.items()]
    unshown = hidden_aliases(model)
    found: dict[str, Failure] = {}
    try:
        known = {key: value for key, value in news.items() if key in names}
        model.model_validate(prune(known), context={"olds": olds or {}})
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            path, top = path_of(detail["loc"]), str(next(iter(detail["loc"]), ""))
            if detail["type"] == "missing" and news.get(path) is UNKNOWN:
                continue
            hidden = top in unshown or len(detail["loc"]) > 1 or _may_be_a_secret(detail)
            words = _words(detail)
            found.setdefault(path, Failure("" if hidden else top, f"{path}: {words}" if hidden else words))
    for key in news:
        if key not in names:
            words = unknown_name(key, names)
            # Where a property is secret, this one may be it, misspelt.
            found[key] = Failure("", f"{key}: {words}") if unshown else Failure(key, words)
    return list(found.values())


def unknown_name(name: str, names: Iterable[str], what: str = "property") -> str:
    near = get_close_matches(name, names, n=1)
    return f"unknown {what}; " + (f"did you mean '{near[0]}'?" if near else f"there are {', '.join(names)}")


def prune(value: Any) -> Any:
    """The value without its unknown parts."""
    if isinstance(value, Mapping):
        return {key: prune(inner) for key, inner in value.items() if inner is not UNKNOWN}
    if isinstance(value, list):
        return [prune(inner) for inner in value if inner is not UNKNOWN]
    return value


def has_unknown(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(has_unknown, value.values()))
    if isinstance(value, list):
        return any(map(has_unknown, value))
    return value is UNKNOWN


def path_of(location: tuple[int | str, ...]) -> str:
    """A property path as Pulumi writes it, as `permissions["557058:…"]`; empty for the inputs as a whole."""
    first, *rest = location or ("",)
    inner = (
        f"[{part}]" if isinstance(part, int) else f'["{part if len(part) <= LONGEST_NAME else "…"}"]'
        for part in rest
        if part != "[key]"
    )
    return str(first) + "".join(inner)


def _words(detail: ErrorDetails) -> str:
    match detail["type"]:
        case "missing":
            return "is required"
        case type if type in CHOICES:
            near = _near(detail["input"], _expected(detail))
            hint = f"did you mean '{near}'? " if near else ""
            what = f"'{detail['input']}' " if _may_be_quoted(detail) else ""
            return f"{what}is not allowed; {hint}it is one of {', '.join(_expected(detail))}"
        case "string_type":
            return "must be a string"
        case "bool_type":
            return "must be true or false"
        case "dict_type":
            return "must be a map"
        case _:
            words = detail["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
            given = detail["input"]
            too_long = isinstance(given, str) and len(given) > LONGEST_NAME
            return words.replace(f"'{given}'", "what is there") if too_long else words


def _may_be_a_secret(detail: ErrorDetails) -> bool:
    """Whether the failure must not name its property to the engine, which would show the value."""
    given = detail["input"]
    if detail["type"] in CHOICES:
        return _near(given, _expected(detail)) is None and not _may_be_quoted(detail)
    return isinstance(given, str) and len(given) > LONGEST_NAME


def _may_be_quoted(detail: ErrorDetails) -> bool:
    """A short word in the place of a level is a mistake, not a secret; within a map, where a secret may be passed for a
    person's level, nothing is quoted."""
    given = detail["input"]
    is_word = isinstance(given, str) and re.fullmatch(r"[a-z]+(-[a-z]+)*", given) is not None
    return is_word and len(given) <= LONGEST_WORD and len(detail["loc"]) == 1


def _expected(detail: ErrorDetails) -> list[str]:
    words: str = detail["ctx"]["expected"]
    return words.replace("'", "").replace(" or ", ", ").split(", ")


def _near(given: Any, expected: list[str]) -> str | None:
    """Which of the expected words was meant, where it is clear."""
    if not isinstance(given, str) or len(given) > LONGEST_NAME:
        return None
    return next(iter(get_close_matches(given.lower(), expected, n=1)), None)
