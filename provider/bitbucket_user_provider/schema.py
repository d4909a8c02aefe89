"""schema.json from the models: `python -m bitbucket_user_provider.schema` prints it, the same bytes on every run."""

import ast
import inspect
import json
import textwrap
import types
from enum import Enum
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from . import __version__
from .config import NAMESPACE, Config
from .functions import FUNCTIONS
from .functions.function import Function
from .models.model import ReplacesMark, SecretMark, mark
from .resources import RESOURCES
from .resources.resource import Resource

OWNER = "pulumi-bitbucket-user"
HOME = f"https://github.com/{OWNER}/pulumi-bitbucket-user"
LOGO = f"https://raw.githubusercontent.com/{OWNER}/pulumi-bitbucket-user/main/docs/logo.svg"
RELEASES = f"github://api.github.com/{OWNER}/pulumi-bitbucket-user"
"""Where an engine finds the plugin that is not installed; part of the name of the SDK's default provider."""
DESCRIPTION = "Bitbucket Cloud users, their permissions, variables, properties and SSH keys."
GO = f"github.com/{OWNER}/pulumi-bitbucket-user/sdk/go"
NETWORK = "Asks Bitbucket, in previews too: it needs network and a credential."

Spec = dict[str, Any]


def schema() -> Spec:
    collected: dict[str, Spec] = {}
    config = properties(Config, collected)
    return {
        "name": NAMESPACE,
        "displayName": "Bitbucket Cloud users and permissions",
        "version": __version__,
        "description": DESCRIPTION,
        "keywords": ["pulumi", "bitbucket", "permissions", "category/vcs", "kind/native"],
        "homepage": HOME,
        "repository": HOME,
        "logoUrl": LOGO,
        "pluginDownloadURL": RELEASES,
        "license": "Apache-2.0",
        "publisher": OWNER,
        "meta": {"moduleFormat": "(.*)"},
        "language": {
            "python": {
                "packageName": "pulumi_bitbucket_user",
                "respectSchemaVersion": True,
                "pythonRequires": ">=3.10",
                "requires": {"pulumi": ">=3.269.0,<4.0.0"},
            },
            "nodejs": {
                "packageName": "pulumi-bitbucket-user",
                "packageDescription": DESCRIPTION,
                "respectSchemaVersion": True,
                "typescriptVersion": "^5.0.0",
            },
            "go": {"importBasePath": f"{GO}/bitbucketuser", "modulePath": GO, "respectSchemaVersion": True},
        },
        "config": {"variables": config},
        "provider": {"description": docs(Config), "inputProperties": config},
        "resources": {one.token: resource(one, collected) for one in RESOURCES.values()},
        "functions": {one.token: function(one, collected) for one in FUNCTIONS.values()},
        "types": dict(sorted(collected.items())),
    }


def resource(one: Resource[Any, Any], collected: dict[str, Spec]) -> Spec:
    spec: Spec = {
        "description": f"{docs(type(one))}\n\nIds for import look like `{one.EXAMPLES[0]}` or `{one.EXAMPLES[1]}`.",
        "inputProperties": inputs(one.ARGS, collected),
        "requiredInputs": required(one.ARGS),
        "properties": properties(one.STATE, collected, outputs=True),
        "required": always(one.STATE),
        "aliases": [{"type": f"pulumi-python:dynamic/{NAMESPACE}:{type(one).__name__}"}],
    }
    if one.LISTS:
        where = {alias: spec["inputProperties"][alias] for alias in map(one.alias, one.KIND.where.fields)}
        spec["listInputs"] = {
            "type": "object",
            "properties": {alias: _without(inner, "willReplaceOnChanges") for alias, inner in where.items()},
            "required": list(where),
        }
    if one.DEPRECATED:
        spec["deprecationMessage"] = one.DEPRECATED
    return spec


def _without(spec: Spec, key: str) -> Spec:
    return {name: value for name, value in spec.items() if name != key}


def function(one: Function[Any, Any], collected: dict[str, Spec]) -> Spec:
    spec = {
        "description": f"{docs(type(one))}\n\n{NETWORK}",
        "inputs": {"properties": properties(one.ARGS, collected), "required": required(one.ARGS)},
        "outputs": {"properties": properties(one.RESULT, collected), "required": required(one.RESULT)},
    }
    if one.DEPRECATED:
        spec["deprecationMessage"] = one.DEPRECATED
    return spec


def properties(model: type[BaseModel], collected: dict[str, Spec], outputs: bool = False) -> Spec:
    """Those of the model's fields; of `outputs` only those that a state holds."""
    said = field_docs(model)
    names = {info.alias or name: name for name, info in model.model_fields.items()}
    if mute := {names[alias] for alias, _ in shown(model)} - said.keys():
        raise TypeError(f"{model.__name__} has no docstring below {', '.join(sorted(mute))}")
    return {
        alias: property_spec(info, said[names[alias]], collected)
        for alias, info in shown(model)
        if not (outputs and info.exclude)
    }


def inputs(model: type[BaseModel], collected: dict[str, Spec]) -> Spec:
    """The same for what a program writes. Levels may be texts, as programs read them from configuration and files. What
    is true or false by default is shown with its default, as an IDE shows it."""
    found: Spec = properties(model, collected)
    for alias, info in shown(model):
        found[alias] = _relaxed(found[alias], collected)
        if isinstance(default := info.get_default(), bool):
            found[alias]["default"] = default
    return found


def _relaxed(spec: Spec, collected: dict[str, Spec]) -> Spec:
    """With each enum as one of a text and the enum."""
    reference = spec.get("$ref", "")
    if "enum" in collected.get(reference.removeprefix("#/types/"), {}):
        return {"oneOf": [{"type": "string"}, {"$ref": reference}], **_without(spec, "$ref")}
    if "additionalProperties" in spec:
        return {**spec, "additionalProperties": _relaxed(spec["additionalProperties"], collected)}
    return spec


def required(model: type[BaseModel]) -> list[str]:
    return [alias for alias, info in shown(model) if info.is_required()]


def always(model: type[BaseModel]) -> list[str]:
    """Properties that every state has: the required ones, and those with a default other than None."""
    return [alias for alias, info in shown(model) if info.is_required() or info.get_default() is not None]


def shown(model: type[BaseModel]) -> list[tuple[str, FieldInfo]]:
    pairs = [(info.alias or name, info) for name, info in model.model_fields.items()]
    pairs.sort(key=lambda pair: bool(pair[1].exclude))  # what no state holds comes last
    return [(alias, info) for alias, info in pairs if not alias.startswith("__")]


def property_spec(info: FieldInfo, description: str, collected: dict[str, Spec]) -> Spec:
    spec = type_spec(info.annotation, collected) | {"description": " ".join(description.split())}
    if mark(info, SecretMark):
        spec["secret"] = True
    if mark(info, ReplacesMark) == ReplacesMark():
        spec["willReplaceOnChanges"] = True
    return spec


def type_spec(annotation: Any, collected: dict[str, Spec]) -> Spec:
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_spec(args[0], collected)
    if origin in (Union, types.UnionType):
        (inner,) = (arg for arg in args if arg is not type(None))
        return type_spec(inner, collected)
    if origin is list:
        return {"type": "array", "items": type_spec(args[0], collected)}
    if origin is dict:
        return {"type": "object", "additionalProperties": type_spec(args[1], collected)}
    if annotation is Any:
        return {"$ref": "pulumi.json#/Any"}
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return reference(annotation, enum_spec(annotation), collected)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        spec = {
            "type": "object",
            "description": docs(annotation),
            "properties": properties(annotation, collected),
            "required": required(annotation),
        }
        return reference(annotation, spec, collected)
    return {"type": {str: "string", bool: "boolean", int: "integer", float: "number"}[annotation]}


def reference(kind: type, spec: Spec, collected: dict[str, Spec]) -> Spec:
    token = f"{NAMESPACE}:index:{kind.__name__}"
    if collected.setdefault(token, spec) != spec:
        raise TypeError(f"Two types are called {kind.__name__}")
    return {"$ref": f"#/types/{token}"}


def enum_spec(kind: type[Enum]) -> Spec:
    said = field_docs(kind)
    names = ((member, "".join(part.capitalize() for part in member.name.split("_"))) for member in kind)
    members = [{"name": name, "value": one.value, "description": said[one.name]} for one, name in names]
    return {"type": "string", "description": docs(kind), "enum": members}


@cache
def field_docs(model: type[BaseModel] | type[Enum]) -> dict[str, str]:
    """The string below each field, or member of an enum.

    It has to be read from the source, which takes longer than all the rest of a plugin's start; so nothing but the
    generation of schema.json does it.
    """
    found: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if not issubclass(kind, BaseModel | Enum) or kind in (BaseModel, Enum):
            continue
        (definition,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
        assert isinstance(definition, ast.ClassDef)
        for field, below in pairwise(definition.body):
            target = getattr(field, "target", None) or getattr(field, "targets", [None])[0]
            if isinstance(target, ast.Name) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
                found[target.id] = inspect.cleandoc(str(below.value.value))
    return found


def docs(kind: type) -> str:
    """Raises TypeError when it has none of its own: Python hands down that of a library's base class."""
    if not kind.__doc__:
        raise TypeError(f"{kind.__name__} has no docstring")
    return " ".join(kind.__doc__.split())


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2, ensure_ascii=False))
