"""The project's description against what Bitbucket publishes, where that lies beside the checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from bitbucket_user_emulator.contract.description import NOTHING, OPERATIONS, SCHEMAS, Operation, Part, fields

from .openapi import KINDS, page_of

FILES = sorted((Path(__file__).resolve().parents[3] / "shared" / "spec").glob("*.yaml"))
METHODS = ("get", "put", "post", "delete")


def present() -> bool:
    return bool(FILES)


def documents() -> list[dict[str, Any]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [yaml.load(path.read_text(), Loader=loader) for path in FILES]  # noqa: S506 (a safe loader either way)


def explained() -> dict[str, Part]:
    """The places of the description that say why they depart from what is published."""
    found = {}
    for one in OPERATIONS.values():
        parts = {one.name: Part(None, one.because)}
        parts |= {f"{one.name} ?{name}": query for name, query in one.query.items()}
        parts |= {f"{one.name} {status}": answer for status, answer in one.answers.items()}
        parts |= {f"{one.name} body": one.body} if one.body else {}
        found.update(parts)
    for name, written in SCHEMAS.items():
        found.update({f"{name}.{field}": inner for field, inner in fields(written).items()})
    return {place: inner for place, inner in found.items() if inner.because}


def differences(published: list[dict[str, Any]]) -> dict[str, str]:
    """Where the description and OpenAPI documents differ, and how."""
    found: dict[str, str] = {}
    known = set()
    for document in published:
        for route, item in document["paths"].items():
            for method in METHODS:
                name = f"{method.upper()} {route}"
                if method not in item:
                    continue
                known.add(name)
                if name in OPERATIONS:
                    _Comparison(document, found).operation(OPERATIONS[name], item, item[method])
                else:
                    found[name] = "is not described"
    return found | {name: "is not published" for name in OPERATIONS if name not in known}


class _Comparison:
    def __init__(self, document: dict[str, Any], found: dict[str, str]) -> None:
        self._document = document
        self.found = found
        self._seen: set[tuple[str, str]] = set()

    def operation(self, ours: Operation, item: dict[str, Any], theirs: dict[str, Any]) -> None:
        listed = [*item.get("parameters", []), *theirs.get("parameters", [])]
        path = sorted(one["name"] for one in listed if one["in"] == "path" and one["schema"] == KINDS["string"])
        self._same(f"{ours.name} path", sorted(ours.path_parameters), path)
        query = {one["name"]: one for one in listed if one["in"] == "query"}
        self._names(ours.name, " ?", ours.query, query)
        for name in ours.query.keys() & query.keys():
            place = f"{ours.name} ?{name}"
            self._same(place, ours.query[name].required, query[name].get("required", False))
            self.part(place, ours.query[name], query[name]["schema"])
        self._body(ours, theirs.get("requestBody"))
        answers = {int(status): one for status, one in theirs["responses"].items() if status != "default"}
        self._names(ours.name, " ", ours.answers, answers)
        for status in ours.answers.keys() & answers.keys():
            place = f"{ours.name} {status}"
            self._same(place, set(ours.answers[status].headers), set(answers[status].get("headers", {})))
            content = _schema(answers[status])
            if content or status < 400:  # some refusals are published without their body
                self.part(place, ours.answers[status], content)
        oauth = [scope for one in theirs["security"] for scope in one.get("oauth2", [])]
        api_token = [scope for one in theirs.get("x-atlassian-oauth2-scopes", []) for scope in one["scopes"]]
        self._same(f"{ours.name} OAuth scopes", sorted(ours.oauth_scopes), sorted(oauth))
        self._same(f"{ours.name} API token scopes", sorted(ours.api_token_scopes), sorted(api_token))
        takes_it = "api-token" in theirs.get("x-atlassian-auth-types", [])
        self._same(f"{ours.name} takes API tokens", "api-token" in ours.credentials, takes_it)

    def _body(self, ours: Operation, theirs: dict[str, Any] | None) -> None:
        place = f"{ours.name} body"
        if ours.body is None or theirs is None:
            self._same(place, ours.body is not None, theirs is not None)
        else:
            self.part(place, ours.body, _schema(theirs), request=True)

    def part(self, place: str, ours: Part, theirs: dict[str, Any] | None, request: bool = False) -> None:
        """Of a part that says why it differs, all differences count as one."""
        inner = _Comparison(self._document, {}) if ours.because else self
        inner.kind(place, ours.kind, theirs, request)
        if inner is not self and inner.found:
            self.found[place] = "; ".join(f"{where} {how}" for where, how in inner.found.items())

    def kind(self, place: str, ours: Any, theirs: dict[str, Any] | None, request: bool = False) -> None:
        if theirs is None or ours == NOTHING:
            self._same(place, ours == NOTHING, theirs is None)
            return
        reference, theirs = theirs.get("$ref", ""), self._resolved(theirs)
        if isinstance(ours, str) and ours in SCHEMAS:
            if (ours, reference) not in self._seen:
                self._seen |= {(ours, reference)} if reference else set()
                self._object(ours, SCHEMAS[ours], theirs, request)
        elif isinstance(ours, str) and ours.startswith("page of "):
            self._object("page", page_of(ours.removeprefix("page of ")), theirs, request)
        elif isinstance(ours, dict):
            self._object(place, ours, theirs, request)
        elif isinstance(ours, list) and theirs.get("type") == "array":
            self.kind(place, ours[0], theirs["items"], request)
        else:
            self._same(place, _sorted(ours), _kind(theirs))

    def _object(self, place: str, written: dict[str, Any], theirs: dict[str, Any], request: bool) -> None:
        ours, published, required = fields(written), theirs.get("properties", {}), theirs.get("required", [])
        # A published request is the schema of the answer, with what only the server gives.
        self._names(place, ".", ours, {name: published[name] for name in published if name in ours or not request})
        for name in ours.keys() & published.keys():
            if not (request and name in required):
                self._same(f"{place}.{name}", ours[name].required, name in required)
            self.part(f"{place}.{name}", ours[name], published[name], request)

    def _resolved(self, theirs: dict[str, Any]) -> dict[str, Any]:
        """A schema without references and inheritance of its own."""
        if "$ref" in theirs:
            theirs = self._document["components"]["schemas"][theirs["$ref"].rpartition("/")[2]]
        if "allOf" not in theirs:
            return theirs
        parts = [self._resolved(one) for one in theirs["allOf"]]
        properties = {name: value for one in parts for name, value in one.get("properties", {}).items()}
        required = [name for one in parts for name in one.get("required", [])]
        return {"type": "object", "properties": properties, "required": required}

    def _names(self, place: str, between: str, ours: Any, theirs: Any) -> None:
        self.found.update({f"{place}{between}{name}": "is not published" for name in ours.keys() - theirs.keys()})
        self.found.update({f"{place}{between}{name}": "is not described" for name in theirs.keys() - ours.keys()})

    def _same(self, place: str, ours: object, theirs: object) -> None:
        if ours != theirs:
            self.found[place] = f"is {ours}, published as {theirs}"


def _schema(holder: dict[str, Any]) -> dict[str, Any] | None:
    found: dict[str, Any] | None = holder.get("content", {}).get("application/json", {}).get("schema")
    return found


def _kind(theirs: dict[str, Any]) -> str:
    """A published schema in the words of schemas.yaml."""
    if "enum" in theirs:
        return _sorted("one of " + " ".join(map(str, theirs["enum"])))
    if "anyOf" in theirs:
        return _sorted(" or ".join(_kind(one) for one in theirs["anyOf"]))
    shape = {name: theirs[name] for name in ("type", "format") if name in theirs}
    if shape.get("type") == "integer":
        shape.pop("format", None)
    return next((name for name, one in KINDS.items() if one == shape), str(shape))


def _sorted(kind: Any) -> str:
    return " ".join(sorted(kind.split())) if isinstance(kind, str) else str(kind)
