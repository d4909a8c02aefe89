"""The two endpoints that Bitbucket removed in April 2026 (CHANGE-2770), and what took their place.

The successors are asked first, the removed ones where a server has no successor.
https://developer.atlassian.com/cloud/bitbucket/changelog/#CHANGE-2770
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from ..errors import EndpointGone, NotFound
from ..rest.answer import Answer
from ..rest.client import Path
from ..run.api import Api
from ..run.kinds import CALLERS_WORKSPACES as WORKSPACES
from ..run.place import READS
from .function import every, remedy

T = TypeVar("T")
REMOVED_WORKSPACES = Path("/user/permissions/workspaces", READS)
REMOVED_REPOSITORIES = Path("/user/permissions/repositories", READS)


def workspaces(api: Api) -> list[Answer] | None:
    """The caller's workspaces, None where the server has no such list. Listed once in each process."""
    try:
        return api.things(WORKSPACES, {}).all().entries
    except (NotFound, EndpointGone):
        return None


def within(api: Api, ask: Callable[[], T]) -> T | None:
    """The new operation's answer about one workspace, None on a server that has only the old one. Raises ApiError."""
    try:
        return ask()
    except (NotFound, EndpointGone):
        if workspaces(api) is None:
            return None
        raise


def removed(api: Api, path: Path, name: str, query: Mapping[str, str] | None = None) -> list[Answer]:
    """The list of the removed operation, on a server that still has it."""
    with remedy("What took its place, /user/workspaces, is not there either: is baseUrl right?", 404, 410):
        return every(api, path, {}, lambda entry: entry.text(name), query)
