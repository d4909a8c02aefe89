"""The errors that one meets, from docs/errors.yaml: for the reference and for the guide to troubleshooting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

import yaml

from tests.engine.builds import ROOT


@dataclass(frozen=True)
class Known:
    words: str
    """What does not change of a message; "…" stands for what does."""
    do: str
    said_by: str

    def item(self, up: str) -> str:
        """As an entry of a definition list. `up` leads from the page to docs/."""
        code = f"`` {self.words} ``" if "`" in self.words else f"`{self.words}`"
        return f"{code}\n:   {self.do.replace('](', f']({up}')}\n"

    @property
    def pieces(self) -> list[str]:
        return [piece.strip() for piece in self.words.split("…") if len(piece.strip()) > 1]


@dataclass(frozen=True)
class Group:
    title: str
    about: tuple[str, ...]
    errors: tuple[Known, ...]

    def concerns(self, name: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in self.about)

    @property
    def is_for_all(self) -> bool:
        return "*" in self.about


def _groups() -> Iterator[Group]:
    for one in yaml.safe_load((ROOT / "docs" / "errors.yaml").read_text()):
        by = one.get("said by", "the package")
        errors = tuple(Known(error["words"], error["do"], by) for error in one["errors"])
        yield Group(one["group"], tuple(one["about"]), errors)


GROUPS = tuple(_groups())


def of(name: str, up: str) -> str:
    """The errors that one resource or function has beyond those of all."""
    own = [error for group in GROUPS if group.concerns(name) and not group.is_for_all for error in group.errors]
    rest = f"What any of them may say is in [troubleshooting]({up}guides/troubleshooting.md).\n"
    return "\n".join([*(error.item(up) for error in own), rest])


def all_of_them(up: str) -> str:
    sections = (f"## {group.title}\n\n" + "\n".join(error.item(up) for error in group.errors) for group in GROUPS)
    return "\n".join(sections)
