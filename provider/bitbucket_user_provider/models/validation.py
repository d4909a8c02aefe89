"""Checks inputs against a model: one failure for each property. Values that a preview does not know yet pass."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .model import UNKNOWN, hidden_aliases


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
            hidden = top in unshown or len(detail["loc"]) > 1
            words = _words(detail, top in unshown)
            found.setdefault(path, Failure("" if hidden else top, f"{path}: {words}" if hidden else words))
    for key in news:
        if key not in names:
            words = unknown_name(key, names)
            found[key] = (
                Failure("", f"{key}: {words}") if unshown else Failure(key, words)
            )  # it may be a misspelt secret
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
    inner = (f"[{part}]" if isinstance(part, int) else f'["{part}"]' for part in rest if part != "[key]")
    return str(first) + "".join(inner)


def _words(detail: ErrorDetails, secret: bool) -> str:
    match detail["type"]:
        case "missing":
            return "is required"
        case "enum" | "literal_error":
            expected = detail["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
            return ("" if secret else f"'{detail['input']}' is not allowed; ") + f"it is one of {expected}"
        case "string_type":
            return "must be a string"
        case "bool_type":
            return "must be true or false"
        case "dict_type":
            return "must be a map"
        case _:
            return detail["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
