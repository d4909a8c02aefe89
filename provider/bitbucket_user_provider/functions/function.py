"""What a function is: Args, Result, one call. It reads, never writes; equal arguments cost one call a process."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Generic, TypeVar

from ..errors import ApiError
from ..models.model import Model
from ..rest.client import Path
from ..run.api import Api
from ..run.listings import Entry

A = TypeVar("A", bound=Model)
R = TypeVar("R", bound=Model)


class Function(ABC, Generic[A, R]):
    ARGS: ClassVar[type[Model]]
    RESULT: ClassVar[type[Model]]
    DEPRECATED: ClassVar[str | None] = None

    @abstractmethod
    def call(self, api: Api, args: A) -> R:
        """What Bitbucket answers, every page of it. Raises ApiError."""

    @property
    def token(self) -> str:
        return f"bitbucket-user:index:{self.name}"

    @property
    def name(self) -> str:
        kind = type(self).__name__
        return kind[0].lower() + kind[1:]


def every(api: Api, path: Path, fields: Any, /, **query: str) -> list[Entry]:
    """The entries of all pages, in Bitbucket's order."""
    return [entry for page in api.pages(path, fields, **query) for entry in page.values]


@contextmanager
def remedy(words: str, *statuses: int) -> Iterator[None]:
    """Adds to a refusal with one of the statuses what to do about it."""
    try:
        yield
    except ApiError as refusal:
        if refusal.status in statuses:
            refusal.args = (f"{refusal} {words}",)
        raise
