"""The examples in the descriptions of schema.json: docs/examples/NAME.yaml, and what Pulumi's generators make of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic.alias_generators import to_snake

from tests.engine.builds import ROOT

FOLDER = ROOT / "docs" / "examples"
LANGUAGES = ("typescript", "python", "go", "java")
BEGIN = "\n\n{{% examples %}}"


def described(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Stem and specification of all that has an example: `user_ssh_key`, `get_user`."""
    for token, spec in (schema["resources"] | schema["functions"]).items():
        yield to_snake(token.rpartition(":")[2]), spec


def added(schema: bytes, programs: Path) -> bytes:
    """The schema with its examples. In `programs` there is a folder for each, with a file for each language."""
    spec = json.loads(schema)
    for stem, one in described(spec):
        source = FOLDER / f"{stem}.yaml"
        if source.exists():
            texts = {name: (programs / stem / name).read_text() for name in LANGUAGES} | {"yaml": source.read_text()}
            blocks = "\n".join(f"```{language}\n{text}```" for language, text in texts.items())
            example = f"## Example Usage\n{{{{% example %}}}}\n\n{blocks}\n{{{{% /example %}}}}\n{{{{% /examples %}}}}"
            one["description"] += f"{BEGIN}\n{example}"
    return (json.dumps(spec, indent=2, ensure_ascii=False) + "\n").encode()


def without(description: str) -> str:
    return description.partition(BEGIN)[0]
