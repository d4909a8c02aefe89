"""The base class of functions: Args, Result and one call, which only reads.

Calls with equal arguments are answered from memory within one process.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Generic, TypeVar

from ..errors import ApiError
from ..models.model import Model
from ..rest.answer import Answer
from ..rest.client import Path
from ..run.api import Api
from ..run.listing import Listing

A = TypeVar("A", bound=Model)
R = TypeVar("R", bound=Model)


class Function(ABC, Generic[A, R]):
    ARGS: ClassVar[type[Model]]
    RESULT: ClassVar[type[Model]]
    DEPRECATED: ClassVar[str | None] = None

    @abstractmethod
    def call(self, api: Api, args: A) -> R:
        """What Bitbucket answers, every page of it. Raises BitbucketError."""

    @property
    def token(self) -> str:
        return f"bitbucket-user:index:{self.name}"

    @property
    def name(self) -> str:
        kind = type(self).__name__
        return kind[0].lower() + kind[1:]


def every(
    api: Api, path: Path, fields: Any, name: Callable[[Answer], str], query: Mapping[str, str] | None = None
) -> list[Answer]:
    """The entries of all pages, in Bitbucket's order; `name` tells one from another. Raises NotKnown when the list does
    not add up: half an answer would pass for the whole."""
    return (
        Listing(lambda: api.pages(path, fields, query), lambda entry: [name(entry)], path.shown(fields)).all().entries
    )


def all_of(*conditions: str | None) -> dict[str, str]:
    """The query of a list in Bitbucket's query language: what fulfils each of the conditions that are given."""
    given = [one for one in conditions if one]
    return {"q": given[0] if len(given) == 1 else " AND ".join(f"({one})" for one in given)} if given else {}


def quoted(text: str) -> str:
    """A text as a condition takes it."""
    return json.dumps(text, ensure_ascii=False)


@contextmanager
def remedy(words: str, *statuses: int) -> Iterator[None]:
    """Adds to an error of Bitbucket with one of these statuses what the user can do about it."""
    try:
        yield
    except ApiError as refusal:
        raise (refusal.advised(words) if refusal.status in statuses else refusal) from None
