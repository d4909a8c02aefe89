"""`make bench`: how many calls and seconds a run takes, and how much of that is the engine's own. `make bench CHECK=1`
fails on more calls than there need be, and where a thing costs more CPU among many than among few."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.bench import counts, growth, process
from tests.bench.stacks import (
    PARALLEL,
    Bitbucket,
    PythonStack,
    Resources,
    Stack,
    bitbucket,
    crosswise,
    few,
    one_set,
    sets,
    sets_with_groups,
    singles,
)
from tests.engine.builds import ROOT

LATENCY_MS = 100
PHASES = {
    "create": ("up", "--skip-preview"),
    "refresh": ("refresh", "--skip-preview"),
    "change all": ("up", "--skip-preview"),
    "destroy": ("destroy", "--skip-preview"),
}


class Program(NamedTuple):
    what: str
    resources: Callable[[str], Resources]
    """For a level that all permissions have."""
    grants: int
    lists: int
    """Pages of a refresh."""
    concurrency: tuple[int, ...] = (16,)
    stack: type[Stack] | type[PythonStack] = Stack

    def most(self, phase: str) -> int:
        """Calls: one for each grant and place, and a set asks who the caller is."""
        return {"create": self.grants + self.lists + 1, "refresh": self.lists}.get(phase, self.grants + 1)


PROGRAMS = [
    Program("500 in 50 sets", sets, 500, 50, (16, 32)),
    Program("500 and 50 groups in 50 sets", sets_with_groups, 550, 100),
    Program("500 singles", singles, 500, 50),
    Program("500 singles, by person", crosswise, 500, 50),
    Program("500 singles, in Python", singles, 500, 50, stack=PythonStack),
    Program("20 singles in 4 repositories", few, 20, 4),
    Program("5,000 in 1 set", one_set, 5_000, 50, (16, 32)),
]


def main() -> None:
    exceeded = []
    print("API calls\n")
    found = counts.rows()
    _table(
        ["operation", "resources", "calls", "one by one"],
        [[row.operation, f"{row.resources:,}", f"{row.calls:,}", f"{row.one_by_one:,}"] for row in found],
    )
    exceeded += [f"{row.operation}: {row.calls} calls, not {row.most}" for row in found if row.calls > row.most]
    small, large = (f"{size:,}" for size in growth.SIZES)
    print("\nCPU of the provider for each thing, in milliseconds\n")
    grown = growth.rows()
    _table(
        ["what", small, large, "ratio"],
        [[row.what, *(f"{each:.2f}" for each in row.milliseconds), f"{row.ratio:.1f}"] for row in grown],
    )
    exceeded += [f"{row.what}: ratio {row.ratio:.1f}" for row in grown if row.ratio > growth.MOST_RATIO]
    print("\nThe plugin's process\n")
    held = process.rows()
    _table(["what", "figure"], [[row.what, f"{row.figure:.{row.digits}f}"] for row in held])
    exceeded += [f"{row.what}: {row.figure:.1f}" for row in held if row.figure > row.most]
    print(f"\nUnder the engine: {LATENCY_MS} ms latency, --parallel {PARALLEL}, no preview\n")
    with bitbucket(LATENCY_MS) as server:
        for program in PROGRAMS:
            rows = []
            own = _seconds(program, server, PARALLEL, instant=True)
            for concurrency in program.concurrency:
                measured = _seconds(program, server, concurrency)
                rows += _rows(concurrency, measured, own)
                exceeded += [
                    f"{program.what}, {phase}: {calls} calls, not {program.most(phase)}"
                    for phase, (_, calls) in measured.items()
                    if calls > program.most(phase)
                ]
            _table([program.what, "concurrent", "calls", "seconds", "engine alone", "latency bound"], rows)
            print()
    if exceeded and "CHECK" in os.environ:
        sys.exit("\nMore than there should be:\n" + "\n".join(exceeded))


def _rows(
    concurrency: int, measured: dict[str, tuple[float, int]], own: dict[str, tuple[float, int]]
) -> list[list[str]]:
    rows = []
    for phase, (seconds, calls) in measured.items():
        bound = calls / concurrency * LATENCY_MS / 1000
        figures = [f"{calls:,}", f"{seconds:.1f}", f"{own[phase][0]:.1f}", f"{bound:.1f}"]
        rows.append([phase, str(concurrency), *figures])
    return rows


def _seconds(
    program: Program, server: Bitbucket, concurrency: int, instant: bool = False
) -> dict[str, tuple[float, int]]:
    """Phase → seconds and calls."""
    found = {}
    with _stack(program.stack, server, concurrency, instant) as stack:
        for phase, command in PHASES.items():
            stack.write(program.resources("read" if phase == "create" else "write"))
            server.clear()
            seconds = stack.run(*command, "--yes", "--non-interactive", "--parallel", str(PARALLEL))
            found[phase] = seconds, server.calls()
    return found


@contextmanager
def _stack(
    kind: type[Stack] | type[PythonStack], server: Bitbucket, concurrency: int, instant: bool
) -> Iterator[Stack | PythonStack]:
    with tempfile.TemporaryDirectory(prefix="bitbucket-user-bench-") as name:
        folder = Path(name)
        plugin = folder / "bin" / "pulumi-resource-bitbucket-user"
        plugin.parent.mkdir()
        if instant:
            plugin.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tests.bench.instant "$@"\n')
            plugin.chmod(0o755)
        else:
            shutil.copy(ROOT / ".venv" / "bin" / plugin.name, plugin)
        stack = kind(folder, server, plugin, concurrency)
        stack.write({})
        stack.run("stack", "init", "bench")
        yield stack


def _table(head: list[str], rows: list[list[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, ["-" * width for width in widths], *rows):
        cells = [
            f"{cell:{'<' if index == 0 else '>'}{width}}"
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells), flush=True)


if __name__ == "__main__":
    main()
