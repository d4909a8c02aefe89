"""What a function is: Args, Result, one call. It reads, never writes; equal arguments cost one call a process."""

from abc import ABC, abstractmethod
from typing import ClassVar, Generic, TypeVar

from ..api import Api
from ..model import Model

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
