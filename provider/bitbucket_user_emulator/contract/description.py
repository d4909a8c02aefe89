"""The project's own description of Bitbucket: operations.yaml and schemas.yaml, and the scopes of the provider.

Loading it fails when a file is missing or says something that cannot be read: nothing is checked against half of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from bitbucket_user_provider.rest import scopes

FOLDER = Path(__file__).parent
NOTHING = "nothing"
OPEN = "..."


@dataclass(frozen=True)
class Part:
    """A body, an answer or a query parameter."""

    kind: Any
    because: str = ""
    """Why it departs from what Bitbucket publishes."""
    headers: tuple[str, ...] = ()
    required: bool = True
    rule: str = ""
    """The rule of `everywhere` that it comes from."""


@dataclass(frozen=True)
class Operation:
    method: str
    route: str
    credentials: tuple[str, ...]
    """Kinds that Bitbucket accepts, best first."""
    query: dict[str, Part]
    body: Part | None
    answers: dict[int, Part]
    because: str = ""

    @property
    def name(self) -> str:
        return f"{self.method} {self.route}"

    @property
    def path_parameters(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.route)

    @property
    def api_token_scopes(self) -> tuple[str, ...]:
        return tuple(f"{scope}{scopes.SUFFIX}" for scope in self._scopes[0].split())

    @property
    def oauth_scopes(self) -> tuple[str, ...]:
        return tuple(self._scopes[1].split())

    @property
    def _scopes(self) -> tuple[str, str]:
        key = scopes.key(self.method, self.route)
        if key not in scopes.SCOPES:
            raise LookupError(f"{key} has no scopes in bitbucket_user_provider/rest/scopes.py")
        return scopes.SCOPES[key]


def part(written: Any, required: bool = True, rule: str = "") -> Part:
    if isinstance(written, dict) and "is" in written:
        headers = tuple(written.get("headers", "").split())
        return Part(written["is"], written.get("because", ""), headers, required, rule)
    return Part(written, required=required, rule=rule)


def fields(written: dict[str, Any]) -> dict[str, Part]:
    """The fields of an object; a name with * is required."""
    return {name.rstrip("*"): part(kind, name.endswith("*")) for name, kind in written.items() if name != OPEN}


def load(folder: Path = FOLDER) -> tuple[dict[str, Operation], dict[str, dict[str, Any]]]:
    """Operations by "METHOD route", and schemas by name. Raises OSError, YAMLError, KeyError or ValueError."""
    operations, schemas = (
        yaml.safe_load((folder / name).read_text(encoding="utf-8")) for name in ("operations.yaml", "schemas.yaml")
    )
    found = {}
    for route, methods in operations["operations"].items():
        for method, written in methods.items():
            one = _operation(method, route, written, operations["everywhere"])
            found[one.name] = one
    return found, schemas


def _operation(method: str, route: str, written: dict[Any, Any], everywhere: dict[str, Any]) -> Operation:
    is_list = str(part(written.get(200)).kind).startswith("page of ")
    rules = ["operation", *(["read"] if method == "GET" else []), *(["list"] if is_list else [])]
    query: dict[str, Part] = {}
    answers: dict[int, Part] = {}
    for rule in rules:
        query |= {name: part(kind, False, rule) for name, kind in everywhere[rule].get("query", {}).items()}
        answers |= {status: part(kind, rule=rule) for status, kind in everywhere[rule].items() if status != "query"}
    more = {name: value for name, value in written.items() if not isinstance(name, int)}
    answers |= {status: part(kind) for status, kind in written.items() if isinstance(status, int)}
    query |= fields(more.pop("query", {}))
    body = part(more.pop("body")) if "body" in more else None
    credentials, because = tuple(more.pop("credentials").split()), more.pop("because", "")
    if more:
        raise ValueError(f"{method} {route}: what is {', '.join(more)}?")
    return Operation(method, route, credentials, query, body, answers, because)


OPERATIONS, SCHEMAS = load()
