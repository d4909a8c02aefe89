"""One listing of a place, shared by everything in the run that asks about the place.

Reading n things costs never more than n + 1 calls, whatever the order. A page is fetched only when no more calls have
been made than readers were served, so that one is left over to ask for the thing alone; or when those who wait by now
pay for all the pages that are left.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import BitbucketError, Cancelled, NotFound
from ..operation import current
from ..rest.client import Page

Entry = dict[str, Any]


class Listing:
    """Safe for threads: one of them fetches, the others wait for what it finds."""

    def __init__(self, pages: Callable[[], Iterator[Page]], names: Callable[[Entry], Iterable[str]]) -> None:
        self._fetch = pages
        self._names = names
        self._lock = threading.RLock()
        self._count_lock = threading.Lock()
        self.readers = 0
        """How many have asked, those who still wait included."""
        self._served = 0
        self._calls = 0
        self._start()

    def _start(self) -> None:
        self._pages: Iterator[Page] | None = None
        self._index: dict[str, Entry] = {}
        self._complete = False
        self._seen = 0
        self._pages_left: int | None = None
        self._written = False
        self._shifted = False
        self._refusal: BitbucketError | None = None

    def find(
        self, names: Collection[str], alone: Callable[[], Entry | None] | None = None, *, fresh: bool = True
    ) -> Entry | None:
        """The entry that answers to one of the names, or None. Raises BitbucketError, the same one to every reader.

        `alone` asks Bitbucket for this one entry; without it pages are read to the end. `fresh` of False is content
        with what was listed before this run's own writes, and with what those answered.
        """
        with self._count_lock:
            self.readers += 1
        with self._turn():
            try:
                missing = not fresh and isinstance(self._refusal, NotFound)  # it may have been made since
                if missing or (fresh and self._written):
                    self._start()
                while True:
                    if known := next((name for name in names if name in self._index), None):
                        return self._index[known]
                    if self._complete:
                        return None
                    if self._refusal:
                        raise self._refusal.with_traceback(None)
                    if alone and (self._shifted or not self._affords_a_page()):
                        self._calls += 1
                        break
                    self._next_page()
            finally:
                self._served += 1
        return alone()

    def all(self) -> list[Entry]:
        """Every entry, in Bitbucket's order. Raises BitbucketError; asks anew after one."""
        with self._turn():
            if self._written or self._refusal:
                self._start()
            while not self._complete:
                self._next_page()
            return list({id(entry): entry for entry in self._index.values()}.values())

    def knows(self, names: Iterable[str]) -> bool:
        """Whether an entry that answers to one of the names has been seen."""
        with self._lock:
            return any(name in self._index for name in names)

    def wrote(self, names: Iterable[str], entry: Entry | None) -> None:
        """Says that this run has put `entry` there, or removed what answers to `names`."""
        with self._lock:
            for name in {*names}:
                self._index.pop(name, None)
            if entry is not None:
                self._index.update(dict.fromkeys(self._names(entry), entry))
            self._written = True
            self._shifted = self._pages is not None and not self._complete  # the next page may leave something out

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """The lock, for which nobody waits beyond their deadline. Raises Cancelled."""
        while not self._lock.acquire(timeout=-1 if (left := current.get().remaining()) is None else left):
            pass
        try:
            yield
        finally:
            self._lock.release()

    def _affords_a_page(self) -> bool:
        waiting = self._pages_left is not None and self._calls + self._pages_left <= self.readers + 1
        return waiting or self._calls <= self._served

    def _next_page(self) -> None:
        self._pages = self._pages or self._fetch()
        self._calls += 1
        try:
            page = next(self._pages)
            found = {name: entry for entry in page.values for name in self._names(entry)}
        except (LookupError, TypeError, AttributeError, ValueError) as surprise:
            what = type(surprise).__name__
            self._refusal = BitbucketError(f"An entry of a list has another form than its documentation says ({what}).")
            raise self._refusal from None
        except Cancelled:  # that is one reader's end, not an answer
            self._start()
            raise
        except BitbucketError as refusal:
            self._refusal = refusal
            raise
        self._index.update(found)
        self._complete = page.last
        self._seen += len(page.values)
        if page.size is not None and page.values:
            self._pages_left = -(-(page.size - self._seen) // len(page.values))
