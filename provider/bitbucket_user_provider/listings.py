"""One listing of a place, shared by everything in the run that asks about the place.

Reading n things costs never more than n + 1 calls, whatever the order: each reader brings one call with it, and a
further page is fetched only while one call is left over to ask for the thing alone.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .client import Page
from .errors import ApiError

Entry = dict[str, Any]


class Listing:
    """Safe for threads: one of them fetches, the others wait for what it finds."""

    def __init__(self, pages: Callable[[], Iterator[Page]], names: Callable[[Entry], Iterable[str]]) -> None:
        self._fetch = pages
        self._names = names
        self._lock = threading.RLock()
        self._count_lock = threading.Lock()
        self.readers = 0
        self._calls = 0
        self._start()

    def _start(self) -> None:
        self._pages: Iterator[Page] | None = None
        self._index: dict[str, Entry] = {}
        self._complete = False
        self._written = False
        self._refusal: ApiError | None = None

    def find(
        self, names: Iterable[str], alone: Callable[[], Entry | None] | None = None, *, fresh: bool = True
    ) -> Entry | None:
        """The entry that answers to one of the names, or None. Raises ApiError, the same one to every reader.

        `alone` asks Bitbucket for this one entry; without it pages are read to the end. `fresh` of False is content
        with what was listed before this run's own writes, and with what those answered.
        """
        with self._count_lock:
            self.readers += 1
        with self._lock:
            if fresh and self._written:
                self._start()
            while True:
                for name in names:
                    if name in self._index:
                        return self._index[name]
                if self._complete:
                    return None
                if alone and (self._written or self._calls + 1 > self.readers):
                    self._calls += 1
                    break
                self._next_page()
        return alone()

    def all(self) -> list[Entry]:
        """Every entry, in Bitbucket's order. Raises ApiError."""
        with self._lock:
            if self._written:
                self._start()
            while not self._complete:
                self._next_page()
            return list({id(entry): entry for entry in self._index.values()}.values())

    def wrote(self, names: Iterable[str], entry: Entry | None) -> None:
        """Says that this run has put `entry` there, or removed what answers to `names`."""
        with self._lock:
            for name in {*names}:
                self._index.pop(name, None)
            if entry is not None:
                self._add(entry)
            self._written = True

    def _next_page(self) -> None:
        if self._refusal:
            raise self._refusal
        try:
            self._pages = self._pages or self._fetch()
            self._calls += 1
            page = next(self._pages)
        except ApiError as refusal:
            self._refusal = refusal
            raise
        self._complete = page.last
        for entry in page.values:
            self._add(entry)

    def _add(self, entry: Entry) -> None:
        for name in self._names(entry):
            self._index[name] = entry
