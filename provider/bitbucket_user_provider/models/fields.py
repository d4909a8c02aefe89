"""Types of fields that several resources share, each with the error message for a wrong value."""

import json
import re
from enum import Enum
from typing import Annotated, Any

from pydantic import BeforeValidator

from .model import Same
from .person import is_uuid, spelt

FORBIDDEN_IN_IDS = re.compile(r"[/%?#\x00-\x1f\x7f]")


def name_in_id(value: Any, longest: int) -> str:
    """A name that can be part of an id. Raises ValueError that says what is wrong."""
    if not isinstance(value, str):
        raise ValueError("must be a string")
    if not value.strip():
        raise ValueError("must not be empty")
    if len(value) > longest:
        raise ValueError(f"is longer than {longest} characters")
    if FORBIDDEN_IN_IDS.search(value):
        raise ValueError("must hold none of / % ? # and no control character")
    if value in (".", ".."):
        raise ValueError(f"must not be '{value}'")
    return value


def _workspace(value: Any) -> str:
    text = name_in_id(value, 62)
    if not is_uuid(text) and not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        raise ValueError(f"'{text}' is no workspace: give its slug, as in bitbucket.org/SLUG/, or its UUID in braces")
    return text


def _repo_slug(value: Any) -> str:
    text = name_in_id(value, 62)
    if not is_uuid(text) and not re.fullmatch(r"[A-Za-z0-9_.-]+", text):
        raise ValueError(
            f"'{text}' is no repository slug: give the last part of the repository's URL, or its UUID in braces"
        )
    return text


def _project_key(value: Any) -> str:
    text = name_in_id(value, 128)
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", text):
        remedy = f": write '{text.upper()}'" if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", text) else ""
        raise ValueError(f"'{text}' is no project key; it has upper-case letters, digits and _{remedy}")
    return text


def _variable_key(value: Any) -> str:
    text = name_in_id(value, 255)
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text):
        raise ValueError(f"'{text}' is no variable key: letters, digits and _ only, and no digit first")
    return text


def _property_name(value: Any) -> str:
    text = name_in_id(value, 255)
    if not re.fullmatch(r"[-_.a-zA-Z0-9]+", text):
        raise ValueError(f"'{text}' may hold letters, digits, - _ and . only")
    return text


def _label(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a string")
    if not value.strip() or not value.isprintable():
        raise ValueError("must be one line that is not empty")
    return value


def _same_name(old: Any, new: Any, state: Any) -> bool:
    """Bitbucket reads the names of places without case, and UUIDs with or without braces."""
    del state
    return spelt(str(old)) == spelt(str(new))


Workspace = Annotated[str, BeforeValidator(_workspace), Same(_same_name)]
RepoSlug = Annotated[str, BeforeValidator(_repo_slug), Same(_same_name)]
ProjectKey = Annotated[str, BeforeValidator(_project_key), Same(_same_name)]
VariableKey = Annotated[str, BeforeValidator(_variable_key)]
Label = Annotated[str, BeforeValidator(_label)]
PropertyName = Annotated[str, BeforeValidator(_property_name)]


def _property_value(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError('must be a JSON object, as in {"theme": "dark"}')
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise ValueError("is no JSON") from None
    _refuse_what_is_not_kept(value, "")
    attributes = value.get("_attributes", [])
    if not isinstance(attributes, list) or not {*map(str, attributes)} <= {"public", "read_only"}:
        raise ValueError("_attributes must be a list of 'public' and 'read_only'")
    return {key: _whole(inner) for key, inner in value.items()}


MOST_EXACT = 2**53 - 1
"""Pulumi carries numbers as floats: beyond this, whole numbers are rounded on the way, without a word."""


def _refuse_what_is_not_kept(value: Any, path: str) -> None:
    """Raises ValueError for keys that Bitbucket does not take, and for what would not reach it as it is written: Pulumi
    rounds large whole numbers, and one of its SDKs drops nulls."""
    if value is None and path:
        raise ValueError(f"null at {path}: Pulumi loses it on the way; leave the key out")
    if isinstance(value, int | float) and not isinstance(value, bool) and value == int(value):
        if abs(value) > MOST_EXACT:
            raise ValueError(
                f"the whole number at {path} is beyond ±{MOST_EXACT} and would be rounded; write it as text"
            )
    if isinstance(value, dict):
        for key, inner in value.items():
            if not re.fullmatch(r"[-_a-zA-Z0-9]+", str(key)):
                where = f" in {path}" if path else ""
                raise ValueError(f"the key '{key}'{where} may hold letters, digits, - and _ only")
            _refuse_what_is_not_kept(inner, f"{path}.{key}" if path else str(key))
    if isinstance(value, list):
        for index, inner in enumerate(value):
            _refuse_what_is_not_kept(inner, f"{path}[{index}]")


def _whole(value: Any) -> Any:
    """The value with 5 for 5.0: the engine sends every number as a float, and Bitbucket would store what it gets."""
    if isinstance(value, dict):
        return {key: _whole(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


JsonObject = Annotated[dict[str, Any], BeforeValidator(_property_value)]


class RepositoryPermission(str, Enum):
    """What a person or a group may do in a repository."""

    READ = "read"
    """See and clone the repository."""
    WRITE = "write"
    """Push to it as well."""
    ADMIN = "admin"
    """Change its settings and permissions as well."""


class ProjectPermission(str, Enum):
    """What a person or a group may do in every repository of a project."""

    READ = "read"
    """See and clone the repositories."""
    WRITE = "write"
    """Push to them as well."""
    CREATE_REPO = "create-repo"
    """Create repositories in the project as well."""
    ADMIN = "admin"
    """Change the project's settings and permissions as well."""


def level(permission: type[Enum], value: Any) -> int:
    """The rank of a permission, lowest first; -1 for any other value."""
    values = [member.value for member in permission]
    return values.index(value) if value in values else -1
