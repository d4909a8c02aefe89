"""The world as JSON, and its file."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

from .switches import Switches
from .world import World


def to_json(world: World) -> dict[str, Any]:
    return dataclasses.asdict(world)


def from_json(data: object) -> World:
    """Raises ValueError when the data is not a world."""
    from pydantic import TypeAdapter  # late: it takes longer to import than everything else here

    return TypeAdapter(World).validate_python(data)


def switched(switches: Switches, changes: object) -> Switches:
    """The switches with some of them changed. Raises ValueError when one is unknown or has no such value."""
    from pydantic import TypeAdapter

    held = dataclasses.asdict(switches)
    if not isinstance(changes, dict):
        raise ValueError("switches are an object")
    if unknown := sorted(set(changes) - set(held)):
        raise ValueError(f"no such switch: {', '.join(unknown)}")
    return TypeAdapter(Switches).validate_python(held | changes)


def save(world: World, path: Path) -> None:
    """Whole or not at all: a reader, or a crash, never meets half a file."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(json.dumps(to_json(world)), encoding="utf-8")
    os.replace(draft, path)


def load(path: Path) -> World:
    return from_json(json.loads(path.read_text(encoding="utf-8")))
