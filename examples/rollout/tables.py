"""One table of all stacks: in columns for a terminal and a log, in Markdown for a comment."""

import re
from collections.abc import Mapping, Sequence

from changes import MARKS, Change

HEAD = ("", "stack", "where", "who", "change")
WORDS = {
    "−": ("loses access", "lose access"),
    "↓": ("gets a lower level", "get a lower level"),
    "~": ("other change", "other changes"),
    "↑": ("gets a higher level", "get a higher level"),
    "+": ("gains access", "gain access"),
}
TAKES = ("−", "↓")
Changed = Mapping[str, Sequence[Change]]
"""Stack → what changes there."""


def rows(changed: Changed, nothing: str, most: int | None = None) -> list[tuple[str, ...]]:
    """Of each stack at most so many changes, those first that take something away."""
    found: list[tuple[str, ...]] = []
    for stack, changes in changed.items():
        found += [(one.mark, stack, one.where, one.who, one.what) for one in changes[:most]]
        if not changes:
            found.append(("", stack, nothing, "", ""))
        elif most and len(changes) > most:
            found.append(("", stack, f"{len(changes) - most} more: see the log of the pipeline", "", ""))
    return found


def columns(changed: Changed, nothing: str = "no change") -> str:
    lines = [HEAD, *rows(changed, nothing)]
    widths = [max(len(row[number]) for row in lines if number < 2 or row[4]) for number in range(len(HEAD))]
    padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in lines]
    return "\n".join("  ".join(row).rstrip() for row in padded)


def markdown(changed: Changed, nothing: str = "no change", most: int = 100) -> str:
    """Short enough for a comment. What takes something away is bold, as there is no column of marks."""
    lines = [HEAD[1:], ("---",) * len(HEAD[1:])]
    for mark, *cells, what in rows(changed, nothing, most):
        cells = [escaped(cell) for cell in (*cells, what)]
        lines.append((*cells[:-1], f"**{cells[-1]}**" if mark in TAKES else cells[-1]))
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def summary(changed: Changed) -> str:
    """`1 loses access, 2 gain access`: how much of what, over all stacks."""
    marks = [one.mark for changes in changed.values() for one in changes]
    counts = [(marks.count(mark), WORDS[mark]) for mark in MARKS if mark in marks]
    return ", ".join(f"{count} {one if count == 1 else many}" for count, (one, many) in counts) or "no change"


def escaped(text: str) -> str:
    """A name may hold what Markdown takes for a mark."""
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", text.replace("\n", " "))
