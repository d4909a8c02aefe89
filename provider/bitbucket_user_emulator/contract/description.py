"""The project's own description of Bitbucket: operations.yaml and schemas.yaml, and the scopes of the provider.

Loading it fails when a file is missing or says something that cannot be read: nothing is checked against half of it.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from bitbucket_user_provider.rest import scopes

if TYPE_CHECKING:
    import jsonschema_rs

FOLDER = Path(__file__).parent
KINDS: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "null": {"type": "null"},
    "list": {"type": "array"},
    "object": {"type": "object"},
    "moment": {"type": "string", "format": "date-time"},
    "uri": {"type": "string", "format": "uri"},
}
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
        return scopes.SCOPES[scopes.key(self.method, self.route)]


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
    operations, schemas = (yaml.safe_load((folder / name).read_text()) for name in ("operations.yaml", "schemas.yaml"))
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


def schema(kind: Any) -> dict[str, Any]:
    """The JSON schema of a kind. Raises ValueError when there is no such kind."""
    kind = part(kind).kind
    if isinstance(kind, list):
        return {"type": "array", "items": schema(kind[0])}
    if isinstance(kind, dict):
        named = fields(kind)
        return {
            "type": "object",
            "properties": {name: schema(field.kind) for name, field in named.items()},
            "required": [name for name, field in named.items() if field.required],
            "additionalProperties": OPEN in kind,
        }
    if kind.startswith("page of "):
        return schema(page_of(kind.removeprefix("page of ")))
    if kind.startswith("one of "):
        return {"enum": kind.removeprefix("one of ").split()}
    if " or " in kind:
        return {"anyOf": [schema(one) for one in kind.split(" or ")]}
    if kind in KINDS:
        return KINDS[kind]
    if kind in SCHEMAS:
        return {"$ref": f"#/components/schemas/{kind}"}
    raise ValueError(f"There is no kind {kind}")


def page_of(kind: str) -> dict[str, Any]:
    return {name: [kind] if name == "values*" else written for name, written in SCHEMAS["page"].items()}


@functools.cache
def document() -> dict[str, Any]:
    """All of it in OpenAPI's words, for tools that read those."""
    paths: dict[str, Any] = {}
    for one in OPERATIONS.values():
        parameters = [
            {"name": name, "in": "path", "required": True, "schema": KINDS["string"]} for name in one.path_parameters
        ]
        parameters += [
            {"name": name, "in": "query", "required": query.required, "schema": schema(query.kind)}
            for name, query in one.query.items()
        ]
        made: dict[str, Any] = {
            "parameters": parameters,
            "responses": {str(status): _response(answer) for status, answer in one.answers.items()},
            "security": [{"oauth2": list(one.oauth_scopes)}],
            "x-atlassian-oauth2-scopes": [{"scopes": list(one.api_token_scopes)}],
            "x-atlassian-auth-types": [kind for kind in one.credentials if kind == "api-token"],
        }
        if one.body:
            made["requestBody"] = {"required": True, "content": _content(one.body)}
        paths.setdefault(one.route, {})[one.method.lower()] = made
    components = {"schemas": {name: schema(written) for name, written in SCHEMAS.items()}}
    info = {"title": "Bitbucket Cloud, as far as it is used here", "version": "2.0"}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": components}


def _response(answer: Part) -> dict[str, Any]:
    made: dict[str, Any] = {"description": ""}
    if answer.headers:
        made["headers"] = {name: {"schema": KINDS["string"]} for name in answer.headers}
    return made if answer.kind == NOTHING else made | {"content": _content(answer)}


def _content(body: Part) -> dict[str, Any]:
    return {"application/json": {"schema": schema(body.kind)}}


@functools.cache
def _validator(kind: str) -> jsonschema_rs.Validator:
    import jsonschema_rs  # late: only who checks answers needs it, not who serves them

    whole = {**schema(kind), "components": document()["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def complaints(kind: str, body: Any) -> list[str]:
    """What in a body is not as the kind has it."""
    return [
        f"{'.'.join(map(str, error.instance_path)) or 'body'}: {error.message}"
        for error in _validator(kind).iter_errors(body)
    ]
