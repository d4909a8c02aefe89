"""The shared listing: what n readers cost at most, what they find, who asks."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from bitbucket_user_provider.errors import ApiError, BitbucketError, Cancelled, NotFound, Unanswered
from bitbucket_user_provider.operation import operation
from bitbucket_user_provider.rest.client import Page
from bitbucket_user_provider.run.listings import Entry, Listing
from hypothesis import given
from hypothesis import strategies as st


class Place:
    """What Bitbucket holds, how much it shows on a page, and how often it was asked."""

    def __init__(self, names: list[str], on_a_page: int = 100, sizes: bool = True) -> None:
        self.names = names
        self.on_a_page = on_a_page
        self.sizes = sizes
        self.pages = 0
        self.alone = 0
        self.trouble: BitbucketError | None = None
        self.listing = Listing(self._fetch, lambda entry: [entry["name"], entry["name"].upper()])

    @property
    def calls(self) -> int:
        return self.pages + self.alone

    def _fetch(self) -> Iterator[Page]:
        start = 0
        while True:
            self.pages += 1
            if self.trouble:
                raise self.trouble
            shown = [{"name": name} for name in self.names[start : start + self.on_a_page]]
            start += self.on_a_page
            last = start >= len(self.names)
            yield Page(shown, last, len(self.names) if self.sizes else None)
            if last:
                return

    def ask(self, name: str) -> Callable[[], Entry | None]:
        def alone() -> Entry | None:
            self.alone += 1
            return {"name": name} if name in self.names else None

        return alone

    def read(self, name: str, **how: Any) -> str | None:
        found = self.listing.find([name], self.ask(name), **how)
        return found["name"] if found else None


NAMES = [f"n{number}" for number in range(60)]
names = st.sampled_from(NAMES)


@given(st.lists(names, unique=True), st.integers(1, 12), st.lists(names, max_size=80))
def test_n_readers_cost_at_most_n_and_one_calls_and_find_what_is_there(
    there: list[str], on_a_page: int, readers: list[str]
) -> None:
    place = Place(there, on_a_page)
    for count, name in enumerate(readers, 1):
        assert place.read(name) == (name if name in there else None)
        assert place.calls <= count + 1


@given(
    st.lists(names, unique=True, max_size=30),
    st.integers(1, 12),
    st.lists(st.tuples(st.sampled_from(["read", "glance", "put", "remove"]), names), max_size=60),
)
def test_with_writes_in_between_the_bound_holds_and_readers_see_them(
    there: list[str], on_a_page: int, steps: list[tuple[str, str]]
) -> None:
    place = Place(list(there), on_a_page)
    readers = 0
    for what, name in steps:
        if what in ("read", "glance"):
            readers += 1
            found = place.read(name, fresh=what == "read")
            assert found == (name if name in place.names else None)
        elif what == "put":
            place.names = [*[one for one in place.names if one != name], name]
            place.listing.wrote([name], {"name": name})
        else:
            place.names = [one for one in place.names if one != name]
            place.listing.wrote([name, name.upper()], None)
        assert place.calls <= readers + 1


@given(st.lists(names, unique=True), st.integers(1, 12), st.lists(names, max_size=80), st.booleans())
def test_the_bound_holds_when_all_readers_have_come_before_the_first_is_served(
    there: list[str], on_a_page: int, readers: list[str], sizes: bool
) -> None:
    place = Place(there, on_a_page, sizes)
    place.listing.readers = len(readers)
    for name in readers:
        place.listing.readers -= 1  # this one is counted when it comes
        assert place.read(name) == (name if name in there else None)
    assert place.calls <= len(readers) + 1


@pytest.mark.parametrize("pages", range(1, 8))
@pytest.mark.parametrize("readers", range(1, 6))
def test_pages_are_read_to_the_end_as_soon_as_that_costs_no_more_than_asking_alone(pages: int, readers: int) -> None:
    place = Place(NAMES[:pages], 1)
    place.listing.readers = readers
    for number in range(readers):
        place.listing.readers -= 1
        assert place.read(f"missing{number}") is None
    assert place.calls == min(pages, readers + 1)


def test_those_who_wait_together_pay_for_all_pages_whatever_their_order() -> None:
    place = Place([f"v{number}" for number in range(500)])
    place.listing.readers = 4
    for number in reversed(range(500)):
        place.read(f"v{number}")
    assert (place.pages, place.alone) == (5, 0)


def test_threads_at_once_ask_for_each_page_once() -> None:
    place = Place(NAMES[:30])
    together = threading.Barrier(10)

    def read(name: str) -> str | None:
        together.wait()
        return place.read(name)

    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(read, NAMES[:10])) == NAMES[:10]
    assert (place.pages, place.alone) == (1, 0)


def test_a_lone_reader_of_a_long_list_pays_two_calls() -> None:
    place = Place([f"v{number}" for number in range(2_000)])
    assert place.read("v1999") == "v1999"
    assert (place.pages, place.alone) == (1, 1)


def test_readers_of_a_long_list_in_any_but_the_worst_order_pay_little_more_than_its_pages() -> None:
    everybody = [f"v{number}" for number in range(500)]
    place = Place(everybody, sizes=False)
    for name in random.Random(1).sample(everybody, 500):
        assert place.read(name) == name
    assert place.pages == 5
    assert place.calls < 25


def test_a_complete_list_answers_without_a_call_even_for_what_is_not_there() -> None:
    place = Place(NAMES[:5])
    assert [place.read(name) for name in ("n0", "n9", "N1")] == ["n0", None, "n1"]
    assert place.calls == 1


def test_without_a_way_to_ask_alone_every_page_is_read() -> None:
    place = Place(NAMES, 10)
    assert place.listing.find(["n59"]) == {"name": "n59"}
    assert place.listing.find(["other"]) is None
    assert place.pages == 6


def test_all_is_in_bitbuckets_order_and_asked_once() -> None:
    place = Place(list(reversed(NAMES)), 7)
    for _ in range(2):
        assert [entry["name"] for entry in place.listing.all()] == list(reversed(NAMES))
    assert place.pages == 9


def test_the_first_write_drops_what_was_listed() -> None:
    place = Place(NAMES[:5])
    place.read("n0")
    place.names = ["n1", "new"]
    place.listing.wrote(["new"], {"name": "new"})
    assert [place.read(name) for name in ("n0", "n1", "new")] == [None, "n1", "new"]
    assert place.pages == 2


def test_a_glance_is_content_with_what_was_listed_before_and_written_since() -> None:
    place = Place(NAMES[:5])
    place.read("n0")
    place.listing.wrote(["new"], {"name": "new"})
    place.listing.wrote(["n1"], None)
    assert [place.read(name, fresh=False) for name in ("n0", "n1", "new", "n9")] == ["n0", None, "new", None]
    assert place.calls == 1


def test_a_page_that_a_write_may_have_shifted_is_not_relied_upon() -> None:
    place = Place(NAMES[:4], 2)
    assert [place.read(name) for name in ("n0", "n1")] == ["n0", "n1"]
    place.names = place.names[1:]
    place.listing.wrote(["n0"], None)
    assert place.read("n2", fresh=False) == "n2"


def test_writes_before_the_first_glance_cost_it_no_more_than_one_listing() -> None:
    place = Place(NAMES[:50])
    place.listing.wrote(["n0"], {"name": "n0"})
    for name in NAMES:
        assert place.read(name, fresh=False) == (name if name in NAMES[:50] else None)
    assert place.calls == 1


REFUSALS: list[BitbucketError] = [
    ApiError("refused", 403),
    NotFound("not found", 404),
    Unanswered("nobody there", sent=True),
    BitbucketError("no page"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
def test_a_refusal_is_told_to_every_reader_without_asking_again(refusal: BitbucketError) -> None:
    place = Place(NAMES)
    place.trouble = refusal
    for _ in range(3):
        with pytest.raises(type(refusal), match=str(refusal)):
            place.read("n0")
    assert place.calls == 1


@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
def test_a_refusal_in_the_middle_leaves_what_was_seen_before(refusal: BitbucketError) -> None:
    place = Place(NAMES, 10)
    for name in NAMES[:10]:
        place.read(name)
    place.trouble = refusal
    with pytest.raises(type(refusal)):
        place.read("n15")
    assert place.read("n3") == "n3"
    assert place.calls == 2


@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
def test_after_a_refusal_a_write_or_a_full_list_asks_again(refusal: BitbucketError) -> None:
    place = Place(NAMES[:5])
    for write in (True, False):
        place.listing.wrote((), None)
        place.trouble = refusal
        with pytest.raises(type(refusal)):
            place.listing.all()
        place.trouble = None
        if write:
            place.listing.wrote((), None)
            assert place.read("n0") == "n0"
        else:
            assert len(place.listing.all()) == 5


def test_a_place_that_was_not_there_may_have_been_made_when_something_is_created_in_it() -> None:
    place = Place(NAMES[:5])
    place.trouble = NotFound("not found", 404)
    with pytest.raises(NotFound):
        place.read("n0")
    place.trouble = None
    assert place.read("n0", fresh=False) == "n0"


def test_one_readers_deadline_is_nobody_elses() -> None:
    place = Place(NAMES[:5])
    place.trouble = Cancelled("over")
    with pytest.raises(Cancelled):
        place.read("n0")
    place.trouble = None
    assert place.read("n1") == "n1"


def test_nobody_waits_for_another_reader_beyond_their_deadline() -> None:
    place = Place(NAMES[:5])
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        with place.listing._lock:
            held.set()
            over.wait()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(hold)
        held.wait()
        try:
            with operation(seconds=0.01), pytest.raises(Cancelled):
                place.read("n0")
        finally:
            over.set()
