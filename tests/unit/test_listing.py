"""The shared listing: what n readers cost at most, what they find, what it proves, who asks."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from bitbucket_user_provider.errors import ApiError, BitbucketError, Cancelled, NotFound, NotKnown, Unanswered
from bitbucket_user_provider.operation import operation
from bitbucket_user_provider.rest.answer import Answer
from bitbucket_user_provider.rest.client import Page
from bitbucket_user_provider.run.evidence import Absent, Evidence, Seen
from bitbucket_user_provider.run.evidence import NotKnown as Unproven
from bitbucket_user_provider.run.listing import Listing
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
        self.between: Callable[[], object] = lambda: None
        """What happens before a page after the first."""
        self.listing = Listing(self._fetch, _names, "acme/api")

    @property
    def calls(self) -> int:
        return self.pages + self.alone

    def _fetch(self) -> Iterator[Page]:
        start = 0
        while True:
            self.pages += 1
            if start:
                self.between()
            if self.trouble:
                raise self.trouble
            shown = [_entry(name) for name in self.names[start : start + self.on_a_page]]
            start += self.on_a_page
            last = start >= len(self.names)
            yield Page(shown, last, len(self.names) if self.sizes else None)
            if last:
                return

    def find(self, name: str) -> Evidence:
        def alone() -> Evidence:
            self.alone += 1
            return Seen(_entry(name)) if name in self.names else Absent("asked alone")

        return self.listing.find([name], alone)

    def read(self, name: str) -> str | None:
        return _shown(self.find(name))

    def glance(self, name: str) -> str | None:
        """As a create looks."""

        def alone() -> Evidence:
            self.alone += 1
            return Seen(_entry(name)) if name in self.names else Absent("asked alone")

        entry = self.listing.seen([name], alone)
        return entry.text("name") if entry else None


def _entry(name: str) -> Answer:
    return Answer("GET /list", {"name": name})


def _names(entry: Answer) -> list[str]:
    return [entry.text("name"), entry.text("name").upper()]


def _shown(found: Evidence) -> str | None:
    if isinstance(found, Unproven):
        raise found.why
    return found.entry.text("name") if isinstance(found, Seen) else None


def pages(*shown: list[str | None], size: int | list[int] | None = None) -> Listing:
    """A listing that comes in just these pages, the same ones at each reading; a name of None cannot be read."""

    def fetch() -> Iterator[Page]:
        for number, names in enumerate(shown, 1):
            entries = [Answer("GET /list", {"name": name}) for name in names]
            told = size[number - 1] if isinstance(size, list) else size
            yield Page(entries, number == len(shown), told)

    return Listing(fetch, _names, "acme/api")


def asked(found: str | None) -> Callable[[], Evidence]:
    return lambda: Seen(_entry(found)) if found else Absent("asked alone")


NAMES = [f"n{number}" for number in range(60)]
names = st.sampled_from(NAMES)


# What readers cost


@given(st.lists(names, unique=True, min_size=1), st.integers(1, 12), st.data())
def test_n_readers_of_what_is_there_cost_at_most_n_and_one_calls(
    there: list[str], on_a_page: int, data: st.DataObject
) -> None:
    place = Place(there, on_a_page)
    for count, name in enumerate(data.draw(st.lists(st.sampled_from(there), max_size=80)), 1):
        assert place.read(name) == name
        assert place.calls <= count + 1


@given(st.lists(names, unique=True), st.integers(1, 12), st.lists(names, max_size=80))
def test_each_reader_of_what_is_missing_costs_one_call_more_and_all_find_what_is_there(
    there: list[str], on_a_page: int, readers: list[str]
) -> None:
    place, missing = Place(there, on_a_page), 0
    for count, name in enumerate(readers, 1):
        missing += name not in there
        assert place.read(name) == (name if name in there else None)
        assert place.calls <= count + 1 + missing


@given(
    st.lists(names, unique=True, max_size=30),
    st.integers(1, 12),
    st.lists(st.tuples(st.sampled_from(["read", "glance", "put", "remove"]), names), max_size=60),
)
def test_with_writes_in_between_readers_see_them_and_the_bound_holds(
    there: list[str], on_a_page: int, steps: list[tuple[str, str]]
) -> None:
    place = Place(list(there), on_a_page)
    readers = missing = 0
    for what, name in steps:
        if what in ("read", "glance"):
            readers += 1
            missing += name not in place.names
            found = place.read(name) if what == "read" else place.glance(name)
            assert found == (name if name in place.names else None)
        elif what == "put":
            place.names = [*[one for one in place.names if one != name], name]
            place.listing.wrote([name], _entry(name))
        else:
            place.names = [one for one in place.names if one != name]
            place.listing.wrote([name, name.upper()], None)
        assert place.calls <= readers + 1 + missing


@given(st.lists(names, unique=True, min_size=1), st.integers(1, 12), st.data(), st.booleans())
def test_the_bound_holds_when_all_readers_have_come_before_the_first_is_served(
    there: list[str], on_a_page: int, data: st.DataObject, sizes: bool
) -> None:
    readers = data.draw(st.lists(st.sampled_from(there), max_size=80))
    place = Place(there, on_a_page, sizes)
    place.listing.readers = len(readers)
    for name in readers:
        place.listing.readers -= 1  # this one is counted when it comes
        assert place.read(name) == name
    assert place.calls <= len(readers) + 1


@pytest.mark.parametrize("count", range(1, 8))
@pytest.mark.parametrize("readers", range(1, 6))
def test_pages_are_read_to_the_end_as_soon_as_that_costs_no_more_than_asking_alone(count: int, readers: int) -> None:
    place = Place(NAMES[:count], 1)
    place.listing.readers = readers
    for number in range(readers):
        place.listing.readers -= 1
        assert place.glance(f"missing{number}") is None
    assert place.calls == min(count, readers + 1)
    assert place.alone == (0 if count <= readers + 1 else readers)


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


@pytest.mark.parametrize("sizes", [True, False])
def test_a_page_and_a_call_for_one_thing_cost_one_call_each_and_one_reader_pays_for_one(sizes: bool) -> None:
    place = Place(NAMES[:4], 1, sizes)
    assert [place.glance(name) for name in ("other", "n0", "more")] == [None, "n0", None]
    assert (place.pages, place.alone) == (2, 2)


def test_all_is_in_bitbuckets_order_and_asked_once() -> None:
    place = Place(list(reversed(NAMES)), 7)
    for _ in range(2):
        listed = place.listing.all()
        assert [entry.text("name") for entry in listed.entries] == list(reversed(NAMES))
        assert listed.long
    assert place.pages == 9
    assert [Place(NAMES[:count], 7).listing.all().long for count in (7, 8)] == [False, True]


# What a list proves


def test_a_whole_list_of_one_page_proves_an_absence_without_a_call_more() -> None:
    place = Place(NAMES[:5])
    assert [place.read(name) for name in ("n0", "n9", "N1")] == ["n0", None, "n1"]
    assert place.calls == 1


def test_an_absence_from_a_list_of_several_pages_is_confirmed_by_one_call() -> None:
    """Somebody deletes an entry of page 1 meanwhile: what begins page 2 slides to page 1, and is on neither."""
    place = Place(NAMES[:4], 2, sizes=False)
    place.between = lambda: place.names.pop(0)
    place.listing._served = 5  # who are served before leave calls for all pages
    assert place.read("n2") == "n2"
    assert (place.pages, place.alone) == (2, 1)
    assert place.read("gone") is None
    assert (place.pages, place.alone) == (2, 2)


def test_where_nothing_can_be_asked_alone_an_absence_takes_a_second_whole_reading() -> None:
    place = Place(NAMES[:6], 2)
    assert _shown(place.listing.find(["n5"])) == "n5"
    assert place.pages == 3
    assert isinstance(place.listing.find(["other"]), Absent)
    assert place.pages == 6


def test_a_second_reading_finds_what_slid_over_a_page_boundary_in_the_first() -> None:
    place = Place(NAMES[:4], 2, sizes=False)

    def once() -> None:
        place.names = place.names[1:]
        place.between = lambda: None

    place.between = once
    assert _shown(place.listing.find(["n2"])) == "n2"
    assert place.pages == 4


NOT_WHOLE: dict[str, tuple[Callable[[], Listing], str]] = {
    "its size says more, and there is no next": (
        lambda: pages(["a", "b"], size=150),
        "it says that it has 150 entries, and 2 came",
    ),
    "its size says less": (lambda: pages(["a", "b"], size=1), "it says that it has 1 entries, and 2 came"),
    "an entry comes twice": (lambda: pages(["a", "b"], ["b", "c"], size=4), "an entry came twice"),
    "an entry cannot be read": (
        lambda: pages(["a", None, "c"], size=3),
        "one of its entries cannot be read (GET /list has an answer of another form than documented: `name` is "
        "missing.)",
    ),
    "its size changes between two pages": (
        lambda: pages(["a"], ["b"], size=[3, 2]),
        "its size changed from 3 to 2 between two pages",
    ),
}


@pytest.mark.parametrize("why", NOT_WHOLE)
def test_a_list_that_does_not_add_up_proves_no_absence_and_shows_what_it_has(why: str) -> None:
    make, words = NOT_WHOLE[why]
    listing = make()
    listing.readers = 5
    assert _shown(listing.find(["a"], asked(None))) == "a"
    assert _shown(listing.find(["z"], asked("z"))) == "z", "what can be asked alone, is"
    assert isinstance(listing.find(["z"], asked(None)), Absent)
    unproven = listing.find(["z"])
    assert isinstance(unproven, Unproven)
    assert str(unproven.why) == (
        f"The list of acme/api cannot be trusted: {words}. What it does not show may be there all the same, so nothing "
        "was changed. Run again; if it stays so, Bitbucket has to be told."
    )


@pytest.mark.parametrize("why", NOT_WHOLE)
def test_a_list_that_does_not_add_up_stops_whoever_needs_all_of_it(why: str) -> None:
    make, words = NOT_WHOLE[why]
    listing = make()
    for _ in range(2):
        with pytest.raises(NotKnown, match=re.escape(words)):
            listing.all()


def test_a_list_that_adds_up_at_the_second_reading_is_good() -> None:
    place = Place(NAMES[:4], 2)

    def once() -> None:
        place.names = place.names[1:]
        place.between = lambda: None

    place.between = once
    assert [entry.text("name") for entry in place.listing.all().entries] == NAMES[1:4]


def test_a_create_is_content_with_what_a_whole_list_does_not_show_and_asks_where_it_is_not_whole() -> None:
    assert pages(["a"], size=1).seen(["z"], asked("z")) is None
    found = pages(["a"], size=150).seen(["z"], asked("z"))
    assert found and found.text("name") == "z"


def test_a_404_of_a_later_page_is_no_404_of_the_place() -> None:
    place = Place(NAMES[:4], 2)

    def vanish() -> None:
        place.trouble = NotFound("GET /list: 404.", 404)

    place.between = vanish
    with pytest.raises(NotKnown, match=r"GET /list: 404\. The first page was there"):
        place.listing.all()
    with pytest.raises(NotFound):
        place.listing.all()  # read anew: now it is the first page


def test_whether_the_place_has_answered_and_by_a_redirect_is_remembered() -> None:
    place = Place(NAMES[:2])
    assert not place.listing.answered
    place.read("n0")
    assert place.listing.answered and not place.listing.moved
    redirected = Listing(lambda: iter([Page([], True, 0, moved=True)]), _names, "acme/api")
    redirected.all()
    assert redirected.moved


# After writes of this process


def test_the_first_write_drops_what_was_listed() -> None:
    place = Place(NAMES[:5])
    place.read("n0")
    place.names = ["n1", "new"]
    place.listing.wrote(["new"], _entry("new"))
    assert [place.read(name) for name in ("n0", "n1", "new")] == [None, "n1", "new"]
    assert place.pages == 2


def test_a_create_is_content_with_what_was_listed_before_and_written_since() -> None:
    place = Place(NAMES[:5])
    place.read("n0")
    place.listing.wrote(["new"], _entry("new"))
    place.listing.wrote(["n1"], None)
    assert [place.glance(name) for name in ("n0", "n1", "new", "n9")] == ["n0", None, "new", None]
    assert place.calls == 1


@pytest.mark.parametrize("sizes", [True, False])
def test_a_page_that_a_write_may_have_shifted_is_not_relied_upon(sizes: bool) -> None:
    place = Place(NAMES[:4], 2, sizes)
    assert [place.read(name) for name in ("n0", "n1")] == ["n0", "n1"]
    place.names = place.names[1:]
    place.listing.wrote(["n0"], None)
    assert place.glance("n2") == "n2"


def test_writes_before_the_first_look_of_a_create_cost_it_no_more_than_one_listing() -> None:
    place = Place(NAMES[:50])
    place.listing.wrote(["n0"], _entry("n0"))
    for name in NAMES:
        assert place.glance(name) == (name if name in NAMES[:50] else None)
    assert place.calls == 1


# Refusals

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
    with pytest.raises(BitbucketError, match=str(refusal)):
        place.read("n15")
    assert place.read("n3") == "n3"
    assert place.calls == 2


@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
@pytest.mark.parametrize("how", ["write", "all"])
def test_after_a_refusal_a_write_or_a_full_list_asks_again(refusal: BitbucketError, how: str) -> None:
    place = Place(NAMES[:5])
    place.trouble = refusal
    with pytest.raises(type(refusal)):
        place.listing.all()
    place.trouble = None
    if how == "write":
        place.listing.wrote((), None)
        assert place.read("n0") == "n0"
    else:
        assert len(place.listing.all().entries) == 5


def test_a_place_that_was_not_there_may_have_been_made_when_something_is_created_in_it() -> None:
    place = Place(NAMES[:5])
    place.trouble = NotFound("not found", 404)
    with pytest.raises(NotFound):
        place.read("n0")
    place.trouble = None
    assert place.glance("n0") == "n0"


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
