"""The world as JSON, and its file."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

from .world import World


def to_json(world: World) -> dict[str, Any]:
    return dataclasses.asdict(world)


def from_json(data: object) -> World:
    """Raises ValueError when the data is not a world."""
    from pydantic import TypeAdapter  # late: it takes longer to import than everything else here

    return TypeAdapter(World).validate_python(data)


def save(world: World, path: Path) -> None:
    """Whole or not at all: a reader, or a crash, never meets half a file."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(json.dumps(to_json(world)))
    os.replace(draft, path)


def load(path: Path) -> World:
    return from_json(json.loads(path.read_text()))
