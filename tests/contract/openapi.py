"""The project's description of Bitbucket in OpenAPI's words, and what in a body is not as it says."""

from __future__ import annotations

import functools
from typing import Any

import jsonschema_rs
from bitbucket_user_emulator.contract.description import NOTHING, OPEN, OPERATIONS, SCHEMAS, Part, fields, part

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
    whole = {**schema(kind), "components": document()["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def complaints(kind: str, body: Any) -> list[str]:
    """What in a body is not as the kind has it."""
    return [
        f"{'.'.join(map(str, error.instance_path)) or 'body'}: {error.message}"
        for error in _validator(kind).iter_errors(body)
    ]
