"""Every exchange with the emulator, held against the project's own description of Bitbucket.

`problems(exchanges)` says what is wrong with requests and answers; `summary()` how many a session has looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bitbucket_user_emulator import Exchange
from bitbucket_user_emulator.contract import description
from bitbucket_user_emulator.contract.description import NOTHING, Operation

from . import openapi, published

TOKEN_ENDPOINT = "/site/oauth2/access_token"  # OAuth's own, no operation of the API

# By "METHOD route", over the whole session.
validated: Counter[str] = Counter()
answered: Counter[str] = Counter()  # of those whose request was not looked at


def problems(exchanges: Iterable[Exchange], requests: bool = True) -> list[str]:
    """What in these exchanges contradicts the description.

    Without `requests` only the answers are looked at, for tests that ask badly on purpose.
    """
    found = []
    for exchange in exchanges:
        if exchange.route == TOKEN_ENDPOINT:
            continue
        name = f"{exchange.method} {exchange.route or exchange.path}"
        if exchange.route:
            (validated if requests else answered)[name] += 1
        operation = description.OPERATIONS.get(name) if exchange.route else None
        complaints = ["no such operation"] if operation is None else _of(exchange, operation, requests)
        found += [f"{name} → {exchange.status}: {problem}" for problem in complaints]
    return found


def _of(exchange: Exchange, operation: Operation, requests: bool) -> list[str]:
    found = []
    if requests:
        found = [*_of_query(exchange, operation), *_of_path(exchange), *_of_request(exchange, operation)]
    return found if exchange.fault or not exchange.status else found + _of_response(exchange, operation)


def _of_path(exchange: Exchange) -> list[str]:
    sent = exchange.raw_path.partition("?")[0]
    return [f"{sign} is not percent-encoded in {sent}" for sign in '{}"<> ' if sign in sent]


def _of_query(exchange: Exchange, operation: Operation) -> list[str]:
    found = [f"unknown query parameter {name}" for name in exchange.query if name not in operation.query]
    for name, parameter in operation.query.items():
        if name not in exchange.query:
            found += [f"query parameter {name} is required"] if parameter.required else []
            continue
        value = exchange.query[name]
        fits = {"integer": value.isdigit(), "boolean": value in ("true", "false")}.get(parameter.kind, True)
        found += [] if fits else [f"query parameter {name} is no {parameter.kind}: {value}"]
    return found


def _of_request(exchange: Exchange, operation: Operation) -> list[str]:
    if operation.body is None:
        return [] if exchange.request_body is None else ["a request body is not described"]
    if exchange.request_body is None:
        return ["a request body is required"]
    kind = exchange.request_headers.get("Content-Type", "")
    found = [] if kind.startswith("application/json") else [f"the request body is sent as {kind or 'nothing'}"]
    return found + openapi.complaints(operation.body.kind, exchange.request_body)


def _of_response(exchange: Exchange, operation: Operation) -> list[str]:
    answer = operation.answers.get(exchange.status)
    if answer is None:
        return ["the status is not described"]
    kind = exchange.response_headers.get("Content-Type", "")
    if exchange.status == 401 and kind.startswith("text/plain"):
        return []  # the login layer does not speak JSON
    missing = [f"header {name} is missing" for name in answer.headers if name not in exchange.response_headers]
    if answer.kind == NOTHING:
        return missing + ([] if exchange.response_body is None else ["a body is not described"])
    if not kind.startswith("application/json"):
        return [f"the answer is {kind or 'nothing'}, not JSON"]
    if "fields" in exchange.query and exchange.status < 400:
        return []  # a part of the described answer
    return missing + openapi.complaints(answer.kind, exchange.response_body)


def summary() -> str:
    """One line for the end of a test session."""
    compared = "" if published.present() else "; the published specification is not at hand to compare it with"
    return (
        f"contract: {validated.total()} exchanges of {len(validated)} operations and {answered.total()} answers to "
        f"generated requests held against the description of Bitbucket{compared}"
    )
