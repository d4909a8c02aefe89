"""Search in the code of a user's repositories. Bitbucket ends it on November 1, 2026, and names nothing in its place.

Scopes: read:repository (OAuth and access tokens: repository).
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-search/#api-users-selected-user-search-code-get
"""

from itertools import islice
from typing import Annotated

from pydantic import Field

from ..models.model import Model
from ..rest.answer import Answer
from ..rest.client import PAGE_LENGTH, Path
from ..run.api import Api
from ..run.place import READ_PEOPLE
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
        pages = api.pages(SEARCH, args, {"search_query": args.query, "pagelen": str(min(args.limit, PAGE_LENGTH))})
        results: list[CodeSearchResult] = []
        size = None
        with remedy("Is search enabled for this account, at https://bitbucket.org/search?", 404, 410):
            for page in pages:
                size = page.size if size is None else size
                results += [_shown(entry) for entry in islice(page.values, args.limit - len(results))]
                if len(results) >= args.limit:
                    break
        return Result(results=results, size=len(results) if size is None else size)


def _shown(entry: Answer) -> CodeSearchResult:
    lines = [line for match in entry.each("content_matches") for line in match.each("lines")]
    return CodeSearchResult(
        path=entry.maybe("file.path") or _joined(entry, "path_matches"),
        match_count=entry.count("content_match_count") or 0,
        lines=[CodeSearchLine(line=line.count("line") or 0, text=_joined(line, "segments")) for line in lines],
    )


def _joined(entry: Answer, path: str) -> str:
    return "".join(segment.maybe("text") or "" for segment in entry.each(path))
