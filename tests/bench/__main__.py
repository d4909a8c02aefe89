"""`make bench`: how many calls and seconds a run takes, and how much of that is the engine's own."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench import counts, growth, process
from tests.bench.stacks import PEOPLE, REPOSITORIES, Bitbucket, Stack, bitbucket, crosswise, sets, singles
from tests.engine.builds import ROOT

LATENCY_MS = 100
PARALLEL = 16
PHASES = {
    "create": ("up", "--skip-preview"),
    "refresh": ("refresh", "--skip-preview"),
    "change all": ("up", "--skip-preview"),
    "destroy": ("destroy", "--skip-preview"),
}


def main() -> None:
    print("API calls\n")
    _table(
        ["operation", "resources", "calls", "one by one"],
        [[row.operation, f"{row.resources:,}", f"{row.calls:,}", f"{row.one_by_one:,}"] for row in counts.rows()],
    )
    small, large = (f"{size:,}" for size in growth.SIZES)
    print("\nCPU of the provider for each thing, in milliseconds\n")
    _table(
        ["what", small, large, "ratio"],
        [[row.what, *(f"{each:.2f}" for each in row.milliseconds), f"{row.ratio:.1f}"] for row in growth.rows()],
    )
    print("\nThe plugin's process\n")
    _table(["what", "figure"], [[row.what, row.figure] for row in process.rows()])
    layout = f"{REPOSITORIES * PEOPLE} permissions in {REPOSITORIES} repositories"
    print(f"\nUnder the engine: {layout}, {LATENCY_MS} ms latency, --parallel {PARALLEL}, no preview\n")
    rows = []
    with bitbucket(LATENCY_MS) as server:
        for what, program in {"sets": sets, "singles": singles, "singles, by person": crosswise}.items():
            own = _seconds(program, server, PARALLEL, instant=True)
            for concurrency in (16, 32) if what == "sets" else (16,):
                rows += _rows(what, program, server, concurrency, own)
    _table(["resources", "concurrent", "phase", "calls", "seconds", "engine alone", "latency bound"], rows)


def _rows(
    what: str, program: Callable[[str], Any], server: Bitbucket, concurrency: int, own: dict[str, tuple[float, int]]
) -> list[list[str]]:
    rows = []
    for phase, (seconds, calls) in _seconds(program, server, concurrency).items():
        bound = calls / concurrency * LATENCY_MS / 1000
        figures = [f"{calls:,}", f"{seconds:.1f}", f"{own[phase][0]:.1f}", f"{bound:.1f}"]
        rows.append([what, str(concurrency), phase, *figures])
    return rows


def _seconds(
    program: Callable[[str], Any], server: Bitbucket, concurrency: int, instant: bool = False
) -> dict[str, tuple[float, int]]:
    """Phase → seconds and calls."""
    found = {}
    with _stack(server, concurrency, instant) as stack:
        for phase, command in PHASES.items():
            stack.write(program("read" if phase == "create" else "write"))
            server.clear()
            seconds = stack.run(*command, "--yes", "--non-interactive", "--parallel", str(PARALLEL))
            found[phase] = seconds, server.calls()
    return found


@contextmanager
def _stack(server: Bitbucket, concurrency: int, instant: bool) -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="bitbucket-user-bench-") as name:
        folder = Path(name)
        plugin = folder / "bin" / "pulumi-resource-bitbucket-user"
        plugin.parent.mkdir()
        if instant:
            plugin.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tests.bench.instant "$@"\n')
            plugin.chmod(0o755)
        else:
            shutil.copy(ROOT / ".venv" / "bin" / plugin.name, plugin)
        stack = Stack(folder, server, plugin, concurrency)
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


main()
