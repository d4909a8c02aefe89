"""The two endpoints that Bitbucket removed in April 2026 (CHANGE-2770), and what took their place.

The successors are asked first, the removed ones where a server has no successor.
https://developer.atlassian.com/cloud/bitbucket/changelog/#CHANGE-2770
"""

from collections.abc import Callable
from typing import TypeVar

from ..errors import NotFound
from ..rest.client import Path
from ..run.api import READ_PEOPLE, Api
from ..run.listings import Entry
from ..run.permissions import READS
from .function import every, remedy

T = TypeVar("T")
WORKSPACES = Path("/user/workspaces", READ_PEOPLE)
REMOVED_WORKSPACES = Path("/user/permissions/workspaces", READS)
REMOVED_REPOSITORIES = Path("/user/permissions/repositories", READS)


def workspaces(api: Api) -> list[Entry] | None:
    """The caller's workspaces, None where the server has no such list. One listing a process."""
    try:
        return api.listing(WORKSPACES, {}, lambda entry: [entry["workspace"]["slug"]]).all()
    except NotFound:
        return None


def within(api: Api, ask: Callable[[], T]) -> T | None:
    """What a successor answers about one workspace, None where the server has no successors. Raises NotFound."""
    try:
        return ask()
    except NotFound:
        if workspaces(api) is None:
            return None
        raise


def removed(api: Api, path: Path, **query: str) -> list[Entry]:
    """What the removed endpoint lists, where it is still alive."""
    with remedy(f"What took its place, {WORKSPACES.template}, is not there either: is baseUrl right?", 404, 410):
        return every(api, path, {}, **query)
