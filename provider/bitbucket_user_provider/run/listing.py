"""One listing of a place, shared by everything in the process that asks about the place, and what it proves.

Reading n things that are there costs n + 1 calls at most, in any order. So a page is fetched only while there have been
no more calls than readers served, which leaves one call to ask for the thing alone, or when there are at least as many
readers waiting as pages left.

A thing that is missing from the list is proven absent when the list was one page and whole. Pages may shift while they
are read, so after several pages the thing is asked for alone, or, where the API cannot, the list is read once more.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from ..errors import BitbucketError, Cancelled, NotFound, NotKnown, OddAnswer
from ..operation import current
from ..rest.answer import Answer
from ..rest.client import Page
from .evidence import Absent, Evidence, Seen
from .evidence import NotKnown as Unproven

READINGS = 2
"""How often a list is read that does not add up, or that has to prove an absence by itself."""


class Listed(NamedTuple):
    entries: list[Answer]
    """Every entry, in Bitbucket's order."""
    long: bool
    """Whether there were several pages: what was there before and is missing now has to be asked for alone."""


class Listing:
    """Safe for threads: one of them fetches, the others wait for what it finds."""

    def __init__(
        self, pages: Callable[[], Iterator[Page]], names: Callable[[Answer], Iterable[str]], place: str
    ) -> None:
        self._fetch = pages
        self._names = names
        self._place = place
        self._lock = threading.RLock()
        self._count_lock = threading.Lock()
        self.readers = 0
        """How many have asked, those who still wait included."""
        self._served = 0
        self._calls = 0
        self.answered = False
        """Whether the place has answered with a list: it exists, and the credential sees it."""
        self.moved = False
        """Whether it answered by a redirect."""
        self._restart()

    def _restart(self) -> None:
        self._pages: Iterator[Page] | None = None
        self._index: dict[str, Answer] = {}
        self._entries: list[Answer] = []
        self._came: set[str] = set()
        """Names of what the pages have shown, without what this process has written."""
        self._page_count = 0
        self._complete = False
        self._doubt = ""
        self._seen = 0
        self._size: int | None = None
        self._written = False
        self._shifted = False
        self._refusal: BitbucketError | None = None

    def find(self, names: Collection[str], alone: Callable[[], Evidence] | None = None) -> Evidence:
        """The thing that answers to one of the names, as it is after this process's own writes.

        `alone` asks Bitbucket for this one thing. Raises BitbucketError, the same one to every reader, when the place
        answers with an error.
        """
        with self._turn():
            if self._written:
                self._restart()
            entry, ask = self._look(names, alone is not None)
            if entry:
                return Seen(entry)
            if not ask and not self._doubt and self._page_count == 1:
                return Absent("it is not in the list")
            if alone is None:
                return self._read_again(names)
            self._calls += 1
        return alone()

    def seen(self, names: Collection[str], alone: Callable[[], Evidence] | None = None) -> Answer | None:
        """The thing, for a create that only has to heed what is there: content with what was listed before this
        process's own writes, and with what those answered. None is no proof, except of a list that adds up."""
        with self._turn():
            if isinstance(self._refusal, NotFound):  # the place may have been made since
                self._restart()
            entry, ask = self._look(names, alone is not None)
            if entry or not (ask or self._doubt) or alone is None:
                return entry
            self._calls += 1
        found = alone()
        return found.entry if isinstance(found, Seen) else None

    def all(self) -> Listed:
        """Everything in the list. Raises NotKnown when it does not add up, BitbucketError when the place refuses; asks
        anew after either."""
        with self._turn():
            for _ in range(READINGS):
                if self._written or self._refusal or self._doubt:
                    self._restart()
                self._read_to_the_end()
                if not self._doubt:
                    return Listed([*self._entries], self._page_count > 1)
            raise self._not_whole()

    @property
    def is_whole(self) -> bool:
        """Whether it was read to its end and adds up, so that what it does not show was not there."""
        return self._complete and not self._doubt

    def forget(self) -> None:
        """Asks Bitbucket anew the next time."""
        with self._lock:
            self._restart()

    def wrote(self, names: Iterable[str], entry: Answer | None) -> None:
        """Says that this process has put `entry` there, or removed what answers to `names`."""
        with self._lock:
            for name in names:
                self._index.pop(name, None)
            if entry is not None:
                self._index.update(dict.fromkeys(self._names(entry), entry))
            self._written = True
            self._shifted = self._pages is not None  # the next page may leave something out

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """The lock, for which nobody waits beyond their deadline. Raises Cancelled."""
        with self._count_lock:
            self.readers += 1
        while not self._lock.acquire(timeout=-1 if (left := current.get().remaining()) is None else left):
            pass
        try:
            yield
        finally:
            self._served += 1
            self._lock.release()

    def _look(self, names: Collection[str], can_ask: bool) -> tuple[Answer | None, bool]:
        """What the pages show, as far as they are worth a call; and whether the thing had better be asked for alone."""
        while True:
            if known := next((name for name in names if name in self._index), None):
                return self._index[known], False
            if self._complete:
                return None, False
            if self._refusal:
                raise self._refusal.with_traceback(None)
            if can_ask and (self._shifted or not self._affords_a_page()):
                return None, True
            self._next_page()

    def _read_again(self, names: Collection[str]) -> Evidence:
        """What a second whole reading says of a thing that the first did not show."""
        for _ in range(READINGS - 1):
            self._restart()
            self._read_to_the_end()
            if known := next((name for name in names if name in self._index), None):
                return Seen(self._index[known])
        return Unproven(self._not_whole()) if self._doubt else Absent("it was not in the list, read twice")

    def _read_to_the_end(self) -> None:
        while not self._complete:
            self._next_page()

    def _not_whole(self) -> NotKnown:
        return NotKnown(
            f"The list of {self._place} cannot be trusted: {self._doubt}. What it does not show may be there all the "
            "same, so nothing was changed. Run again; if it stays so, Bitbucket has to be told."
        )

    def _affords_a_page(self) -> bool:
        left = (self._size - self._seen) * self._page_count / self._seen if self._size and self._seen else None
        return self._calls <= self._served or (left is not None and self._calls + left <= self.readers + 1)

    def _next_page(self) -> None:
        self._pages = self._pages or self._fetch()
        self._calls += 1
        try:
            page = next(self._pages)
        except NotFound as missing:
            self._refusal = missing if not self._page_count else self._broken_off(missing)
            raise self._refusal from None
        except Cancelled:  # that is one reader's end, not an answer
            self._restart()
            raise
        except BitbucketError as refusal:
            self._refusal = refusal
            raise
        self.answered = True
        self.moved = self.moved or page.moved
        self._page_count += 1
        for entry in page.values:
            self._take(entry)
        self._seen += len(page.values)
        if self._page_count > 1 and page.size != self._size:
            self._doubt = self._doubt or f"its size changed from {self._size} to {page.size} between two pages"
        self._size = page.size
        self._complete = page.last
        if page.last and page.size is not None and self._seen != page.size:
            self._doubt = self._doubt or f"it says that it has {page.size} entries, and {self._seen} came"

    def _take(self, entry: Answer) -> None:
        try:
            names = [*self._names(entry)]
        except OddAnswer as odd:
            self._doubt = self._doubt or f"one of its entries cannot be read ({odd})"
            return
        if not self._came.isdisjoint(names):
            self._doubt = self._doubt or "an entry came twice"
            return
        self._came.update(names)
        if any(name in self._index for name in names):  # this process has written it, and knows better
            return
        self._entries.append(entry)
        self._index.update(dict.fromkeys(names, entry))

    def _broken_off(self, missing: NotFound) -> NotKnown:
        """A 404 of a later page: the place answered a moment ago, so it is not gone."""
        return NotKnown(f"{missing} The first page was there, so this proves nothing; run again.")
