"""A JSON object that Bitbucket has answered with, read field by field.

What is read from an answer can have another form than documented, and only here: the error then names the call and the
field. Everything else that goes wrong with a value is a defect of this package.
"""

from collections.abc import Iterator
from typing import Any

from ..errors import OddAnswer


class Answer:
    """Fields are named by their path in the object, as in `user.uuid`."""

    __slots__ = ("call", "data", "length", "moved")

    def __init__(self, call: str, data: Any) -> None:
        self.call = call
        self.data = data
        self.length = 0
        """Bytes."""
        self.moved = False
        """Whether it came after a redirect: the place has another name now."""

    def __repr__(self) -> str:
        return f"<the answer to {self.call}>"  # its content may be secret

    def has(self, path: str) -> bool:
        """Whether the field is there and not null."""
        return self._find(path) is not None

    def text(self, path: str) -> str:
        """Raises OddAnswer unless the field is a text."""
        value = self._find(path)
        if not isinstance(value, str):
            raise self.odd(path, value)
        return value

    def maybe(self, path: str) -> str | None:
        """A text that may be absent or null. Raises OddAnswer when it is anything else."""
        return self.text(path) if self.has(path) else None

    def flag(self, path: str) -> bool:
        """A boolean; false where it is absent or null. Raises OddAnswer when it is anything else."""
        value = self._find(path)
        if not isinstance(value, bool | None):
            raise self.odd(path, value)
        return bool(value)

    def count(self, path: str) -> int | None:
        """A number of things that may be absent or null. Raises OddAnswer when it is anything else."""
        value = self._find(path)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise self.odd(path, value)
        return value

    def each(self, path: str) -> Iterator["Answer"]:
        """The objects of a list; none where it is absent or null. Raises OddAnswer when it is no list."""
        value = self._find(path)
        if not isinstance(value, list | None):
            raise self.odd(path, value)
        return (Answer(self.call, one) for one in value or ())

    def object(self) -> dict[str, Any]:
        """The whole, where any object is right. Raises OddAnswer when it is none."""
        if not isinstance(self.data, dict):
            raise OddAnswer(f"{self.call} answered with {_kind(self.data)} where an object is documented.")
        return self.data

    def odd(self, path: str, value: Any) -> OddAnswer:
        what = f"`{path}` is {_kind(value)}" if value is not None else f"`{path}` is missing"
        return OddAnswer(f"{self.call} has an answer of another form than documented: {what}.")

    def _find(self, path: str) -> Any:
        """None where the field, or an object around it, is absent or null."""
        value: Any = self.object()
        for name in path.split("."):
            if value is None:
                return None
            if not isinstance(value, dict):
                raise self.odd(path, value)
            value = value.get(name)
        return value


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "a boolean", int: "a number", float: "a number"}
    return kinds.get(type(value), "null")
