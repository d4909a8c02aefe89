"""The generated pages of the documentation that are committed: docs/operations.md and those of Pulumi's registry. The
reference is made by `make docs`.

`python -m tests.documentation` writes them, with `--check` it fails when one is not current.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests import operations, registry
from tests.engine.builds import ROOT

SCHEMA = json.loads((ROOT / "provider" / "schema.json").read_text())
OPERATIONS = ROOT / "docs" / "operations.md"


def pages() -> dict[Path, str]:
    return {OPERATIONS: operations.page()} | registry.pages(SCHEMA)


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
