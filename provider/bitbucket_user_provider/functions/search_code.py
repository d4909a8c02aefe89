"""Search in the code of a user's repositories. Bitbucket ends it on November 1, 2026, and names nothing in its place.

Scopes: read:repository (OAuth and access tokens: repository).
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-search/#api-users-selected-user-search-code-get
"""

from itertools import islice
from typing import Annotated

from pydantic import Field

from ..models.model import Model
from ..rest.client import PAGE_LENGTH, Path
from ..run.api import READ_PEOPLE, Api
from ..run.listings import Entry
from .arguments import OfUser
from .function import Function, remedy

SEARCH = Path("/users/{user_id}/search/code", READ_PEOPLE)


class Args(OfUser):
    query: Annotated[str, Field(min_length=1)]
    """What to look for, as in Bitbucket's own search: `hello repo:api ext:py`."""

    limit: Annotated[int, Field(ge=1)] = 100
    """Most results to fetch."""


class CodeSearchLine(Model):
    """A line around a match."""

    line: int
    """Its number, from 1."""

    text: str
    """The whole line."""


class CodeSearchResult(Model):
    """A file that matches."""

    path: str
    """Path of the file in its repository."""

    match_count: int
    """How many matches its text holds; 0 when only the path matches."""

    lines: list[CodeSearchLine]
    """The matching lines, and those around them."""


class Result(Model):
    results: list[CodeSearchResult]
    """The files, best match first, at most `limit`."""

    size: int
    """How many files match in all."""


class SearchCode(Function[Args, Result]):
    """Searches the code of a user's repositories, where search is enabled for the account."""

    DEPRECATED = "Bitbucket ends code search on November 1, 2026; nothing replaces it."
    ARGS = Args
    RESULT = Result

    def call(self, api: Api, args: Args) -> Result:
        pages = api.pages(SEARCH, args, search_query=args.query, pagelen=str(min(args.limit, PAGE_LENGTH)))
        results: list[CodeSearchResult] = []
        size = None
        with remedy("Is search enabled for this account, at https://bitbucket.org/search?", 404, 410):
            for page in pages:
                size = page.size if size is None else size
                results += [_shown(entry) for entry in islice(page.values, args.limit - len(results))]
                if len(results) >= args.limit:
                    break
        return Result(results=results, size=len(results) if size is None else size)


def _shown(entry: Entry) -> CodeSearchResult:
    path = entry.get("file", {}).get("path")
    lines = [line for match in entry.get("content_matches") or () for line in match.get("lines") or ()]
    return CodeSearchResult(
        path=path or _joined(entry.get("path_matches")),
        match_count=entry.get("content_match_count") or 0,
        lines=[CodeSearchLine(line=line["line"], text=_joined(line.get("segments"))) for line in lines],
    )


def _joined(segments: list[Entry] | None) -> str:
    return "".join(segment.get("text") or "" for segment in segments or ())
