"""The published specification, corrected and closed, and one validator for each body in it."""

from __future__ import annotations

import copy
import functools
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

from . import corrections

PATH = Path(__file__).resolve().parents[3] / "shared" / "spec" / "bitbucket-user-api.yaml"
METHODS = ("get", "put", "post", "delete")


def present() -> bool:
    return PATH.exists()


@functools.cache
def raw() -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document: dict[str, Any] = yaml.load(PATH.read_text(), Loader=loader)  # noqa: S506 (a safe loader either way)
    return document


@functools.cache
def corrected(request: bool) -> dict[str, Any]:
    document = copy.deepcopy(raw())
    for patch in corrections.PATCHES + (corrections.REQUEST_PATCHES if request else []):
        *path, last = [part.replace("~1", "/").replace("~0", "~") for part in patch.pointer.split("/")[1:]]
        at: Any = document
        for part in path:
            at = at[int(part)] if isinstance(at, list) else at[part]
        at[last] = patch.value
    for name, schema in document["components"]["schemas"].items():
        if name not in corrections.OPEN_SCHEMAS:
            document["components"]["schemas"][name] = _strict(schema)
    return document


def _strict(schema: Any, whole: bool = False) -> Any:
    """The schema without its permission for keys of any name, and with none for what it refers to as a whole."""
    if isinstance(schema, list):
        return [_strict(item, whole) for item in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref", "").rpartition("/")[2]
    if reference:
        closed = whole and reference not in corrections.OPEN_SCHEMAS
        return {**schema, "unevaluatedProperties": False} if closed else schema
    return {
        name: _strict(value, name != "allOf")
        for name, value in schema.items()
        if not (name == "additionalProperties" and value is True)
    }


def operation(method: str, route: str, request: bool = False) -> dict[str, Any] | None:
    item = corrected(request)["paths"].get(route, {})
    found: dict[str, Any] | None = item.get(method.lower())
    return found


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Method, route and definition of every operation."""
    return [
        (method.upper(), route, item[method])
        for route, item in raw()["paths"].items()
        for method in METHODS
        if method in item
    ]


def parameters(method: str, route: str, place: str) -> dict[str, dict[str, Any]]:
    item = raw()["paths"][route]
    listed = [*item.get("parameters", []), *item[method.lower()].get("parameters", [])]
    return {one["name"]: one for one in listed if one["in"] == place}


def body_schema(holder: dict[str, Any]) -> dict[str, Any] | None:
    """The JSON schema of a response or request body."""
    found: dict[str, Any] | None = holder.get("content", {}).get("application/json", {}).get("schema")
    return found


@functools.cache
def _validator(reference: str, request: bool) -> jsonschema_rs.Validator:
    schema = _strict({"inner": {"$ref": reference}}, whole=True)["inner"]
    return _compile(schema, request)


def _compile(schema: dict[str, Any], request: bool) -> jsonschema_rs.Validator:
    whole = {**schema, "components": corrected(request)["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def complaints(schema: dict[str, Any], body: Any, request: bool = False) -> list[str]:
    reference = schema.get("$ref")
    validator = _validator(reference, request) if reference else _compile(schema, request)
    return [
        f"{'.'.join(map(str, error.instance_path)) or 'body'}: {error.message}" for error in validator.iter_errors(body)
    ]


def allows(rules: list[Any], method: str, route: str) -> list[Any]:
    """The corrections among `rules` that speak of an operation."""
    return [rule for rule in rules if re.fullmatch(rule.operations, f"{method} {route}")]
