"""A page for each resource and function, from schema.json, the models, tests/operations.py and the lives."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from bitbucket_user_provider.functions import FUNCTIONS
from bitbucket_user_provider.resources import RESOURCES
from pydantic import BaseModel

from tests import operations
from tests.acceptance.lives import Life, Step, every_life
from tests.documentation import SCHEMA
from tests.operations import Operation
from tests.site import errors, programs

UP = "../../"
"""From the page of a resource or function to docs/."""
EVERY = operations.OPERATIONS + operations.SUCCESSORS
LIVES = every_life()
IDS = re.compile(r"\s*Ids for import look like .*")
KINDS: dict[str, Iterable[str]] = {"resources": RESOURCES, "functions": FUNCTIONS}


def pages() -> dict[str, str]:
    """Path below docs/ → text."""
    made = {"reference/index.md": index()}
    made |= {path("resources", name): resource(name) for name in RESOURCES}
    made |= {path("functions", name): function(name) for name in FUNCTIONS}
    return made


def path(folder: str, name: str) -> str:
    return f"reference/{folder}/{name}.md"


def index() -> str:
    return "\n".join(
        [
            "# Reference",
            "",
            "Names are written as in TypeScript and YAML. Python writes `repo_slug` for `repoSlug` and",
            "`get_workspace_members` for `getWorkspaceMembers`. A person is an account id or a UUID, never a username",
            "or an e-mail address. Dynamic and native resources have the same names, arguments and ids.",
            "",
            "In ids for `pulumi import` a variable may be named by its key, an SSH key by its fingerprint, a deploy",
            "key by its fingerprint or label, a deployment environment by its name, slug or UUID.",
            "",
            "## Resources",
            "",
            *(_entry("resources", name) for name in RESOURCES),
            "",
            "## Functions",
            "",
            "Functions ask Bitbucket in previews too. In Python `get_x` answers at once, `get_x_output` takes outputs.",
            "",
            *(_entry("functions", name) for name in FUNCTIONS),
            "",
        ]
    )


def _entry(folder: str, name: str) -> str:
    spec = _spec(folder, name)
    return f"[{name}]({folder}/{name}.md){' (deprecated)' * ('deprecationMessage' in spec)}\n:   {_first(spec)}\n"


def resource(name: str) -> str:
    spec, one = _spec("resources", name), RESOURCES[name]
    inputs, required = spec["inputProperties"], spec["requiredInputs"]
    outputs = {key: value for key, value in spec["properties"].items() if key not in inputs}
    secret = [f"`{key}`" for key, value in inputs.items() if value.get("secret")]
    first, second = one.EXAMPLES
    return _page(
        name,
        spec,
        [
            ("Arguments", "".join(_arguments(inputs, required, one.ARGS))),
            (
                "Outputs",
                "Besides the arguments and `id`:\n\n" + "".join(map(_output, outputs.items())) if outputs else "",
            ),
            (
                "What is secret",
                f"{', '.join(secret)}: encrypted in the state, shown in no error." if secret else "Nothing.",
            ),
            ("Credentials and scopes", _operations(name)),
            ("What it costs", _calls(LIVES[name])),
            (
                "Import",
                "With the plugin. Either form will do; the quotes keep the shell away from braces.\n\n"
                f"```console\n{_import(one.token, first)}\n{_import(one.token, second)}\n```",
            ),
            ("Errors", errors.of(name, UP)),
            ("See also", f"{_neighbours(name)}\n- Which one for what: [which resource]({UP}guides/choosing.md)"),
        ],
    )


def _import(token: str, id: str) -> str:
    return f"$ pulumi import {token} NAME '{id}'"


def function(name: str) -> str:
    spec, one = _spec("functions", name), FUNCTIONS[name]
    inputs, outputs = spec["inputs"], spec["outputs"]["properties"]
    listed = ", ".join(key if key in inputs["required"] else f"{key}?" for key in inputs["properties"])
    return _page(
        name,
        spec,
        [
            (
                "Arguments",
                f"`{name}({listed})`\n\n"
                + ("".join(_arguments(inputs["properties"], inputs["required"], one.ARGS)) or "It takes none."),
            ),
            ("Result", "".join(map(_output, outputs.items()))),
            ("Credentials and scopes", _operations(name)),
            (
                "What it costs",
                "One call for each 100 entries, in a preview too. The same arguments are asked once a process.",
            ),
            ("Errors", errors.of(name, UP)),
            ("See also", _neighbours(name)),
        ],
    )


def _page(name: str, spec: dict[str, Any], sections: Iterable[tuple[str, str]]) -> str:
    text, tabs = programs.split(spec["description"])
    parts = [f"---\ndescription: {json.dumps(_first(spec))}\n---\n\n# {name}", IDS.sub("", text)]
    if "deprecationMessage" in spec:
        parts.append(f'!!! warning "Deprecated"\n\n    {spec["deprecationMessage"]}')
    sections = [("Programs", tabs), *sections]
    parts += [f"## {title}\n\n{body.strip()}" for title, body in sections if body]
    return "\n\n".join(parts) + "\n"


def _arguments(inputs: dict[str, Any], required: list[str], model: type[BaseModel]) -> Iterator[str]:
    defaults = {info.alias or name: info for name, info in model.model_fields.items()}
    for key in sorted(inputs, key=lambda key: key not in required):
        marks = [_type(inputs[key])]
        if key in required:
            marks.append("**required**")
        elif (default := defaults[key].get_default()) is not None:
            marks.append(f"default `{json.dumps(default)}`")
        if inputs[key].get("willReplaceOnChanges"):
            marks.append("a change replaces")
        if inputs[key].get("secret"):
            marks.append("secret")
        yield f"`{key}` · {' · '.join(marks)}\n:   {inputs[key]['description']}\n\n"


def _output(item: tuple[str, dict[str, Any]]) -> str:
    key, spec = item
    text = f"`{key}` · {_type(spec)}\n:   {spec['description']}\n"
    for inner, field in (_object(spec) or {}).items():
        text += f"\n    - `{inner}` · {_type(field)}: {field['description']}"
    return f"{text}\n\n"


def _type(spec: dict[str, Any]) -> str:
    if "oneOf" in spec:  # an enum, or any string that names one of its values
        return _type(next(one for one in spec["oneOf"] if "$ref" in one))
    if "$ref" in spec:
        kind = _named(spec)
        return " or ".join(f"`{one['value']}`" for one in kind["enum"]) if "enum" in kind else "object"
    if spec["type"] == "array":
        return f"list of {_type(spec['items'])}"
    if spec["type"] == "object":
        inner = spec.get("additionalProperties")
        return f"map to {_type(inner)}" if inner else "object"
    return str(spec["type"])


def _object(spec: dict[str, Any]) -> dict[str, Any] | None:
    """The fields of an object, or of each object in a list or map."""
    inner = spec.get("items") or spec.get("additionalProperties") or spec
    kind = _named(inner) if "$ref" in inner else {}
    return kind.get("properties")


def _named(spec: dict[str, Any]) -> dict[str, Any]:
    kind: dict[str, Any] = SCHEMA["types"].get(spec["$ref"].removeprefix("#/types/"), {})
    return kind


def _operations(name: str) -> str:
    return (
        "".join(map(_operation, served(name)))
        + f"How to make a token: [credentials and scopes]({UP}guides/credentials.md)."
    )


def _operation(one: Operation) -> str:
    lines = [f"Credentials, best first: {one.kinds}."]
    for kind, scopes in (("an API token", one.api_token_scopes), ("OAuth and access tokens", one.oauth_scopes)):
        if scopes:
            lines.append(f"Scopes of {kind}: {' '.join(f'`{scope}`' for scope in scopes)}.")
    if one.upstream != operations.ALIVE:
        lines.append(f"*{one.upstream[0].upper()}{one.upstream[1:]}.*")
    return f"`{one.name}`\n:   " + "<br>\n    ".join(lines) + "\n\n"


def served(name: str) -> list[Operation]:
    return [one for one in EVERY if name in one.served_by.split()]


def _calls(life: Life) -> str:
    """What each step of the resource's life may cost; the tests hold it to the same numbers."""
    rows = [("preview, or nothing to do", "–", "0"), _row("create", life.created)]
    if life.updated:
        rows.append(_row("update", life.updated))
    rows += [_row("replace", life.replaced), ("destroy", _counted(life.deletes), "–")]
    lines = ["| step | writes | reads, at most |", "|---|---|---|"]
    lines += [f"| {step} | {writes} | {reads} |" for step, writes, reads in rows]
    note = "The steps of a tested stack with several grants. " if " " in life.created.writes else ""
    return "\n".join(
        [*lines, "", f"{note}A refresh lists each place once, 100 entries a call. [All about calls]({UP}calls.md)."]
    )


def _row(name: str, step: Step) -> tuple[str, str, str]:
    return name, _counted(step.writes), str(step.reads)


def _counted(writes: str) -> str:
    """`PUT PUT DELETE` as "2 PUT, 1 DELETE"."""
    return ", ".join(f"{count} {method}" for method, count in Counter(writes.split()).items()) or "–"


def _neighbours(name: str) -> str:
    """Those that begin alike: the single grant and the set, the function that reads what the resource writes."""
    alike = {
        other: folder
        for folder, names in KINDS.items()
        for other in names
        if other != name and (_stem(other) == _stem(name) or _what(other) == _what(name))
    }
    lines = [
        f"- [{other}]({UP}{path(folder, other)}): {_first(_spec(folder, other))}" for other, folder in alike.items()
    ]
    return "\n".join(lines)


def _stem(name: str) -> str:
    """`RepositoryUserPermission` of the set and of the functions too."""
    return name.removeprefix("get").removesuffix("s")


def _what(name: str) -> str:
    """`UserPermission` wherever it is held."""
    return re.sub(
        r"^(get)?(CurrentUser|Repository|Project|Workspace|Deployment|User(?=Pipeline))", "", name
    ).removesuffix("s")


def _spec(folder: str, name: str) -> dict[str, Any]:
    spec: dict[str, Any] = SCHEMA[folder][f"bitbucket-user:index:{name}"]
    return spec


def _first(spec: dict[str, Any]) -> str:
    return re.split(r"(?<=\.) ", spec["description"].partition("\n\n")[0])[0]
