"""The scopes of an API token, by what a program manages: a table to copy from."""

from __future__ import annotations

from collections.abc import Iterable

from bitbucket_user_provider.functions import FUNCTIONS
from bitbucket_user_provider.resources import RESOURCES
from bitbucket_user_provider.rest.credentials import Kind
from bitbucket_user_provider.rest.scopes import SUFFIX

from tests.operations import OPERATIONS, SUCCESSORS, Operation

ALWAYS = ("GET /user", "GET /workspaces/{workspace}/members")
"""Operations that a program asks whatever it manages."""
EVERY = [one for one in OPERATIONS + SUCCESSORS if one.prefers[0] is Kind.API_TOKEN]
"""Those for which an API token is the best credential."""


def table() -> str:
    always = _scopes(one for one in EVERY if one.name in ALWAYS)
    lines = ["| what the program uses | to read and refresh | to change, besides |", "|---|---|---|"]
    lines.append(f"| any resource or function | {_shown(always)} | – |")
    by_scopes: dict[tuple[str, str], list[str]] = {}
    for name in RESOURCES:
        served = [one for one in EVERY if name in one.served_by.split() and one.name not in ALWAYS]
        reads = _scopes(one for one in served if one.method == "GET")
        writes = [scope for scope in _scopes(one for one in served if one.method != "GET") if scope not in reads]
        if reads or writes:
            by_scopes.setdefault((_shown(reads), _shown(writes)), []).append(f"`{name}`")
    lines += [f"| {', '.join(names)} | {reads} | {writes} |" for (reads, writes), names in by_scopes.items()]
    known = {scope for one in EVERY if {*one.served_by.split()} & RESOURCES.keys() for scope in one.api_token_scopes}
    for name in FUNCTIONS:
        own = _scopes(one for one in EVERY if name in one.served_by.split())
        if more := [scope for scope in own if scope not in known | {*always}]:
            lines.append(f"| `{name}` | {_shown(more)} | – |")
    return "\n".join(lines)


def every() -> str:
    """All of them, as Bitbucket's form names them."""
    return "```text\n" + "\n".join(scope + SUFFIX for scope in _scopes(EVERY)) + "\n```"


def _scopes(operations: Iterable[Operation]) -> list[str]:
    return list(dict.fromkeys(scope for one in operations for scope in one.api_token_scopes))


def _shown(scopes: list[str]) -> str:
    return " ".join(f"`{scope}`" for scope in scopes) or "–"
