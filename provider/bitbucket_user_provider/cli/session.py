"""One run of a command: who asks Bitbucket, how far it has got, what is said meanwhile."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from contextvars import copy_context
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING, Any, TypeVar

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from ..config import NAMESPACE, Config, load
from ..errors import ConfigurationError
from ..operation import now, operation
from ..rest.credentials import Origin
from ..run.api import Api
from .journal import Journal

if TYPE_CHECKING:
    from .reading import Skipped

T = TypeVar("T")
R = TypeVar("R")
WORTH_SAYING_CALLS = 100
BETWEEN_REMARKS_SECONDS = 60.0
"""Of a wait, where there is no progress bar to show it beside."""
NARROW = 100
"""Columns that a table with explanations needs."""
WIDE = 100_000
"""Columns of what is no terminal: a program that reads lines wants them whole."""


def plain(text: str) -> str:
    """Text of somebody else without what a terminal would obey."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "\N{REPLACEMENT CHARACTER}" for sign in text)


def counted(number: int, what: str) -> str:
    """`1 repository`, `1,200 repositories`."""
    many = f"{what[:-1]}ies" if what.endswith("y") and what[-2] not in "aeiou" else f"{what}s"
    return f"{number:,} {what if number == 1 else many}"


class Session:
    def __init__(self, stack: str | None, as_json: bool) -> None:
        self.stack = stack
        self.as_json = as_json
        width = None if sys.stdout.isatty() else WIDE
        self.out = Console(markup=False, highlight=False, emoji=False, width=width)
        self.err = Console(stderr=True, markup=False, highlight=False, emoji=False)
        self.journal: Journal | None = None
        self.skipped: list[Skipped] = []
        self._progress: Progress | None = None
        self._warned: set[str] = set()
        self._remarked = -inf

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind and "api" in vars(self):
            self.api.cancel()
        if self.journal:
            self.journal.close()
        if kind and self.journal and self.journal.known:
            self.say("What was read so far is kept: the same command with --resume goes on from there.")

    @cached_property
    def config(self) -> Config:
        return load(configuration(self.stack) if self.stack else {})

    @cached_property
    def api(self) -> Api:
        """Raises ConfigurationError when there is no credential."""
        origin = Origin(f"stack {self.stack}") if self.stack else Origin("configuration")
        made = Api(self.config, os.environ, origin)
        _ = made.credentials
        return made

    def say(self, text: str) -> None:
        self.err.print(plain(text), soft_wrap=True)

    def tell(self, lines: Iterable[str]) -> None:
        """The answer of a command, for people."""
        for line in lines:
            self.out.print(plain(line), soft_wrap=True)

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Columns that have something in them; on a narrow terminal a row becomes a few lines."""
        cells = [[plain(cell) for cell in row] for row in rows]
        used = [number for number in range(len(headings)) if number == 0 or any(row[number] for row in cells)]
        if len(used) > 2 and self.out.width < NARROW:
            for row in cells:
                self.out.print(row[0], style="bold", soft_wrap=True)
                for number in used[1:]:
                    if row[number]:
                        self.out.print(Padding(f"{headings[number]}: {row[number]}", (0, 0, 0, 2)))
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for number in used:
            table.add_column(headings[number], overflow="fold")
        for row in cells:
            table.add_row(*(Text(row[number]) for number in used))
        self.out.print(table)

    def expect(self, calls: int, what: str) -> None:
        """Says how many calls are coming when they are many: Bitbucket allows about 1,000 an hour."""
        if calls > WORTH_SAYING_CALLS:
            self.say(f"About {calls:,} calls: {what}. Bitbucket allows about 1,000 an hour; longer runs wait for it.")

    def each(self, label: str, items: Sequence[T], work: Callable[[T], R]) -> list[R]:
        """What `work` returns for each, in order, several at a time; the first error ends it."""
        if not items:
            return []
        threads = min(len(items), self.config.max_concurrent_requests)
        with self._shown(label, len(items)) as advance, ThreadPoolExecutor(threads) as pool:
            try:
                futures = [pool.submit(copy_context().run, self._one, work, item) for item in items]
                for one in as_completed(futures):
                    one.result()
                    advance()
            except BaseException:
                self.api.cancel()
                pool.shutdown(cancel_futures=True)
                raise
        return [future.result() for future in futures]

    def once(self, work: Callable[[], R]) -> R:
        """One call, or a few, with what is said meanwhile."""
        return self._one(lambda _: work(), None)

    def _one(self, work: Callable[[T], R], item: T) -> R:
        with operation(say=self._remark, warn=self._warn):
            return work(item)

    @contextmanager
    def _shown(self, label: str, total: int) -> Iterator[Callable[[], None]]:
        """What advances a progress bar on a terminal, and does nothing elsewhere."""
        if not self.err.is_terminal:
            yield lambda: None
            return
        note = TextColumn("{task.fields[note]}", markup=False)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), note)
        with Progress(*columns, console=self.err, transient=True) as progress:
            task = progress.add_task(label, total=total, note="")
            self._progress = progress
            try:
                yield lambda: progress.advance(task)
            finally:
                self._progress = None

    def _remark(self, text: str) -> None:
        if self._progress:
            self._progress.update(self._progress.task_ids[0], note=plain(text))
        elif text and now() - self._remarked > BETWEEN_REMARKS_SECONDS:
            self._remarked = now()
            self.say(text)

    def _warn(self, text: str) -> None:
        if text not in self._warned:
            self._warned.add(text)
            self.say(f"Warning: {text}")


def configuration(stack: str) -> dict[str, Any]:
    """The package's keys in the configuration of a stack. Raises ConfigurationError."""
    command = ["pulumi", "config", "--json", "--show-secrets", "--non-interactive", "--stack", stack]
    try:
        # Pulumi writes UTF-8, whatever the locale is.
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    except FileNotFoundError:
        raise ConfigurationError("--stack needs the Pulumi CLI, and there is no `pulumi` on PATH.") from None
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise ConfigurationError(
            f"The configuration of stack {stack} cannot be read: {said[-1] if said else 'no word'}"
        )
    try:
        found = json.loads(done.stdout or "{}")
    except ValueError:
        raise ConfigurationError("`pulumi config --json` has not answered with JSON.") from None
    prefix = f"{NAMESPACE}:"
    return {key.removeprefix(prefix): _value(one) for key, one in found.items() if key.startswith(prefix)}


def _value(entry: dict[str, Any]) -> Any:
    return entry.get("objectValue", entry.get("value"))
