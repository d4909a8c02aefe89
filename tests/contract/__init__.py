"""Every exchange with the emulator, held against Bitbucket's published specification where it is at hand.

`problems(exchanges)` says what is wrong with requests and answers; `summary()` how many a session has looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from tests.emulator.log import Exchange

from . import corrections, specification

TOKEN_ENDPOINT = "/site/oauth2/access_token"  # OAuth's own, in no path of the specification
ERROR = {"$ref": "#/components/schemas/error"}

# By "METHOD route", over the whole session.
validated: Counter[str] = Counter()
answered: Counter[str] = Counter()  # of those whose request was not looked at


def problems(exchanges: Iterable[Exchange], requests: bool = True) -> list[str]:
    """What in these exchanges contradicts the specification; nothing when the specification is absent.

    Without `requests` only the answers are looked at, for tests that ask badly on purpose.
    """
    if not specification.present():
        return []
    found = []
    for exchange in exchanges:
        if exchange.route == TOKEN_ENDPOINT:
            continue
        name = f"{exchange.method} {exchange.route or exchange.path}"
        if exchange.route:
            (validated if requests else answered)[name] += 1
        found += [f"{name} → {exchange.status}: {problem}" for problem in _of(exchange, requests)]
    return found


def _of(exchange: Exchange, requests: bool) -> list[str]:
    if not exchange.route or specification.operation(exchange.method, exchange.route) is None:
        return ["no such operation"]
    found = [*_of_query(exchange), *_of_path(exchange), *_of_request(exchange)] if requests else []
    return found if exchange.fault or not exchange.status else found + _of_response(exchange)


def _of_path(exchange: Exchange) -> list[str]:
    sent = exchange.raw_path.partition("?")[0]
    return [f"{sign} is not percent-encoded in {sent}" for sign in '{}"<> ' if sign in sent]


def _of_query(exchange: Exchange) -> list[str]:
    known = specification.parameters(exchange.method, exchange.route, "query")
    more = {rule.name for rule in specification.allows(corrections.QUERIES, exchange.method, exchange.route)}
    found = [f"unknown query parameter {name}" for name in exchange.query if name not in known and name not in more]
    for name, parameter in known.items():
        if name not in exchange.query:
            found += [f"query parameter {name} is required"] if parameter.get("required") else []
            continue
        value = exchange.query[name]
        kind = parameter["schema"]["type"]
        fits = {"integer": value.isdigit(), "boolean": value in ("true", "false")}.get(kind, True)
        found += [] if fits else [f"query parameter {name} is no {kind}: {value}"]
    return found


def _of_request(exchange: Exchange) -> list[str]:
    operation = specification.operation(exchange.method, exchange.route, request=True)
    assert operation is not None
    documented: dict[str, Any] = operation.get("requestBody", {})
    schema = specification.body_schema(documented)
    if exchange.request_body is None:
        return ["a request body is required"] if documented.get("required") else []
    if schema is None:
        return ["a request body is not documented"]
    kind = exchange.request_headers.get("Content-Type", "")
    found = [] if kind.startswith("application/json") else [f"the request body is sent as {kind or 'nothing'}"]
    return found + specification.complaints(schema, exchange.request_body, request=True)


def _of_response(exchange: Exchange) -> list[str]:
    operation = specification.operation(exchange.method, exchange.route)
    assert operation is not None
    responses = operation["responses"]
    documented = responses.get(str(exchange.status))
    if documented is None and exchange.status >= 400:
        rules = specification.allows(corrections.STATUSES, exchange.method, exchange.route)
        allowed = "default" in responses or exchange.status in {rule.status for rule in rules}
        documented = {} if allowed else None
    if documented is None:
        return ["the status is not documented"]
    kind = exchange.response_headers.get("Content-Type", "")
    if exchange.status == 401 and kind.startswith("text/plain"):
        return []  # the login layer does not speak JSON
    schema = specification.body_schema(documented) or (ERROR if exchange.status >= 400 else None)
    if schema is None:
        return [] if exchange.response_body is None else ["a body is not documented"]
    if not kind.startswith("application/json"):
        return [f"the answer is {kind or 'nothing'}, not JSON"]
    if "fields" in exchange.query and exchange.status < 400:
        return []  # a part of the documented answer
    missing = [
        f"header {name} is missing" for name in documented.get("headers", {}) if name not in exchange.response_headers
    ]
    return missing + specification.complaints(schema, exchange.response_body)


def summary() -> str:
    """One line for the end of a test session."""
    if not specification.present():
        return "contract: the specification is not at hand, no exchange was validated"
    patches = len(corrections.PATCHES) + len(corrections.REQUEST_PATCHES)
    rules = patches + len(corrections.STATUSES) + len(corrections.QUERIES)
    return (
        f"contract: {validated.total()} exchanges of {len(validated)} operations validated against the specification, "
        f"and {answered.total()} answers to generated requests, with {rules} corrections"
    )
