"""The base of every Args, State and Result, and what can be said of a field.

A field's docstring is its documentation everywhere: schema, SDKs, README. Names are snake_case here and camelCase at
Pulumi's border; the alias rule below is the only place that knows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

T = TypeVar("T")


class Unknown:
    """A value that a preview does not know yet."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


class Change(Enum):
    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"

    @classmethod
    def between(cls, before: Any, after: Any) -> "Change":
        if before is None:
            return cls.ADD
        return cls.DELETE if after is None else cls.UPDATE


@dataclass(frozen=True)
class ReplacesMark:
    """Changing the field replaces the resource, where `when(old, new)` says so."""

    when: Callable[[Any, Any], bool] = lambda old, new: True


@dataclass(frozen=True)
class HiddenMark:
    """No message shows the field's value."""


@dataclass(frozen=True)
class SecretMark(HiddenMark):
    """Nor does the state, which is sealed for it."""


@dataclass(frozen=True)
class Same:
    """`same(old, new, state)` is true when the two ways of writing the value mean one thing."""

    same: Callable[[Any, Any, Mapping[str, Any]], bool]


Replaces = Annotated[T, ReplacesMark()]
Secret = Annotated[T, SecretMark()]
Hidden = Annotated[T, HiddenMark()]


class Model(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        use_enum_values=True,
        hide_input_in_errors=True,
    )

    def bag(self) -> dict[str, Any]:
        """The plain dict of Pulumi's border: camelCase, without what is None."""
        return self.model_dump(by_alias=True, exclude_none=True, warnings=False)

    def __repr_args__(self) -> Any:
        secret = {name for name, field in type(self).model_fields.items() if mark(field, SecretMark)}
        return [(name, "[secret]" if name in secret else value) for name, value in super().__repr_args__()]


def mark(field: FieldInfo, kind: type[T]) -> T | None:
    """The mark of this kind on a field, also where it stands on a member of a union."""
    for found in (
        *field.metadata,
        *(m for arg in get_args(field.annotation) for m in getattr(arg, "__metadata__", ())),
    ):
        if isinstance(found, kind):
            return found
    return None


def secret_aliases(model: type[BaseModel]) -> set[str]:
    """The camelCase names of a model's secret fields."""
    return _marked(model, SecretMark)


def hidden_aliases(model: type[BaseModel]) -> set[str]:
    """The camelCase names of the fields whose values no message shows, the secret ones among them."""
    return _marked(model, HiddenMark)


def _marked(model: type[BaseModel], kind: type[Any]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items() if mark(field, kind)}
