"""The base class of every Args, State and Result, and the marks that a field can carry.

A field's docstring is its documentation everywhere: schema, SDKs, the site. Names are snake_case here and camelCase at
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
    """A change of the field replaces the resource if `when(old, new)` is true."""

    when: Callable[[Any, Any], bool] = lambda old, new: True


@dataclass(frozen=True)
class HiddenMark:
    """Error messages never show the field's value."""


@dataclass(frozen=True)
class SecretMark(HiddenMark):
    """The state holds the field's value encrypted, and error messages never show it."""


@dataclass(frozen=True)
class Same:
    """`same(old, new, state)` is true when both values mean the same, as two spellings of one person do."""

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
        """The plain dict that Pulumi gets: camelCase names, without None."""
        return self.model_dump(by_alias=True, exclude_none=True, warnings=False)

    def __repr_args__(self) -> Any:
        secret = {name for name, field in type(self).model_fields.items() if mark(field, SecretMark)}
        return [(name, "[secret]" if name in secret else value) for name, value in super().__repr_args__()]


def mark(field: FieldInfo, kind: type[T]) -> T | None:
    """The mark of this kind on a field, or on one member of its union type."""
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
    """The camelCase names of the fields whose values messages never show; secret fields are among them."""
    return _marked(model, HiddenMark)


def _marked(model: type[BaseModel], kind: type[Any]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items() if mark(field, kind)}
