"""The generated parts of the documentation: docs/operations.md, and README.md's tables and the scopes of its token.

`python -m tests.documentation` writes them, with `--check` it fails when something is not current.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

from bitbucket_user_provider.resources import RESOURCES
from bitbucket_user_provider.rest.credentials import Kind

from tests import operations
from tests.engine.builds import ROOT

SCHEMA = json.loads((ROOT / "provider" / "schema.json").read_text())
README = ROOT / "README.md"
OPERATIONS = ROOT / "docs" / "operations.md"


def resources() -> str:
    lines = ["| resource | inputs | more outputs | |", "|---|---|---|---|"]
    for token, spec in SCHEMA["resources"].items():
        inputs = spec["inputProperties"]
        required = spec["requiredInputs"]
        marked = [
            _input(name, inputs[name], required) for name in sorted(inputs, key=lambda name: name not in required)
        ]
        more = [f"`{name}`" for name in spec["properties"] if name not in inputs]
        text = _first_sentence(spec["description"])
        if "deprecationMessage" in spec:
            text = f"{text} **Deprecated**: {spec['deprecationMessage']}"
        lines.append(f"| `{_name(token)}` | {' '.join(marked)} | {' '.join(more) or '–'} | {text} |")
    return "\n".join(lines)


def ids() -> str:
    lines = ["| resource | ids |", "|---|---|"]
    for name, resource in RESOURCES.items():
        first, second = resource.EXAMPLES
        lines.append(f"| `{name}` | `'{first}'`<br>`'{second}'` |")
    return "\n".join(lines)


def functions() -> str:
    lines = ["| function | result | |", "|---|---|---|"]
    for token, spec in SCHEMA["functions"].items():
        required = spec["inputs"]["required"]
        arguments = ", ".join(name if name in required else f"{name}?" for name in spec["inputs"]["properties"])
        results = " ".join(_output(name, one) for name, one in spec["outputs"]["properties"].items())
        text = _first_sentence(spec["description"])
        if "deprecationMessage" in spec:
            text = f"{text} **Deprecated**: {spec['deprecationMessage']}"
        lines.append(f"| `{_name(token)}({arguments})` | {results} | {text} |")
    return "\n".join(lines)


def _input(name: str, spec: dict[str, Any], required: list[str]) -> str:
    marks = f"{'*' * (name in required)}{'!' * bool(spec.get('willReplaceOnChanges'))}{'†' * bool(spec.get('secret'))}"
    return f"`{name}`{marks}".replace("*", r"\*")


def _output(name: str, spec: dict[str, Any]) -> str:
    """The name of a result; for a list of objects also their fields."""
    item = SCHEMA["types"].get(spec.get("items", {}).get("$ref", "").removeprefix("#/types/"))
    return f"`{name}: [{' '.join(item['properties'])}]`" if item else f"`{name}`"


def _name(token: str) -> str:
    return token.rpartition(":")[2]


def _first_sentence(description: str) -> str:
    return re.split(r"(?<=\.) ", description.partition("\n\n")[0])[0]


ALWAYS = ("GET /user", "GET /workspaces/{workspace}/members")
"""Operations that a program asks whatever it manages."""
SCOPES = re.compile(r"  # It needs .*?(?=\n  bitbucket-user:email)", re.DOTALL)


def scopes() -> str:
    """The comment on the API token in README.md: the scopes of every operation for which it is the best credential."""
    listed = [one for one in operations.OPERATIONS + operations.SUCCESSORS if one.prefers[0] is Kind.API_TOKEN]
    always = [scope for one in listed if one.name in ALWAYS for scope in one.api_token_scopes]
    more = [scope for one in listed for scope in one.api_token_scopes if scope not in always]
    text = f"It needs {', '.join(always)}, and of what you use: {', '.join(dict.fromkeys(more))}."
    return textwrap.fill(
        f"{text} None of them contains another.",
        118,
        initial_indent="  # ",
        subsequent_indent="  # ",
        break_on_hyphens=False,
    )


SECTIONS = {"resources": resources, "ids": ids, "functions": functions}


def readme(text: str) -> str:
    """The README with its generated sections made anew. Raises ValueError when one is missing."""
    for name, section in SECTIONS.items():
        begin, end = f"<!-- {name}: generated -->\n", "<!-- end -->"
        if begin not in text:
            raise ValueError(f"README.md has no section {begin.strip()}")
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}\n{section()}\n\n{end}{rest.partition(end)[2]}"
    if not SCOPES.search(text):
        raise ValueError("README.md does not say which scopes an API token needs")
    return SCOPES.sub(scopes(), text, count=1)


def pages() -> dict[Path, str]:
    return {OPERATIONS: operations.page(), README: readme(README.read_text())}


def main(arguments: list[str]) -> None:
    stale = {path: text for path, text in pages().items() if not path.exists() or path.read_text() != text}
    if arguments == ["--check"]:
        if stale:
            names = "\n".join(f"  {path.relative_to(ROOT)}" for path in stale)
            sys.exit(f"Not current, run `make generate`:\n{names}")
        return
    for path, text in stale.items():
        path.write_text(text)


if __name__ == "__main__":
    main(sys.argv[1:])
