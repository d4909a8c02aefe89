"""Property bags on the wire: protobuf Structs with Pulumi's marks for unknown and secret values."""

from collections.abc import Collection, Mapping
from typing import Any

from google.protobuf.struct_pb2 import ListValue, Struct, Value

from ..models.model import UNKNOWN

UNKNOWN_MARK = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


def to_bag(struct: Struct) -> dict[str, Any]:
    """Plain values, secrets unwrapped, UNKNOWN for what is not known."""
    return {key: _from_value(value) for key, value in struct.fields.items()}


def to_struct(bag: Mapping[str, Any], secrets: Collection[str] = ()) -> Struct:
    """The bag on the wire; what stands under a name of `secrets` is marked so."""
    marked = {key: {SIGNATURE: SECRET, "value": value} if key in secrets else value for key, value in bag.items()}
    return Struct(fields={key: _to_value(value) for key, value in marked.items()})


def _from_value(value: Value) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value == UNKNOWN_MARK else value.string_value
        case "number_value":
            return int(value.number_value) if value.number_value.is_integer() else value.number_value
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_from_value(item) for item in value.list_value.values]
        case "struct_value":
            bag = to_bag(value.struct_value)
            if bag.get(SIGNATURE) == SECRET:
                return bag.get("value")
            if bag.get(SIGNATURE) == OUTPUT:
                return bag.get("value", UNKNOWN)
            return bag
        case _:
            return None


def _to_value(value: Any) -> Value:
    if value is UNKNOWN:
        return Value(string_value=UNKNOWN_MARK)
    if value is None:
        return Value(null_value=0)  # type: ignore[arg-type]
    if isinstance(value, bool):
        return Value(bool_value=value)
    if isinstance(value, int | float):
        return Value(number_value=value)
    if isinstance(value, Mapping):
        return Value(struct_value=Struct(fields={str(key): _to_value(inner) for key, inner in value.items()}))
    if isinstance(value, list | tuple):
        return Value(list_value=ListValue(values=[_to_value(inner) for inner in value]))
    return Value(string_value=str(value))
