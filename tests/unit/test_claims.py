"""Who wants what in one run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from bitbucket_user_provider.operation import operation
from bitbucket_user_provider.run.claims import EVERYBODY, Claims

PLACE, OTHER = ("users", "acme", "api"), ("users", "acme", "web")


@pytest.fixture
def claims() -> Claims:
    return Claims()


@contextmanager
def as_(urn: str) -> Iterator[None]:
    with operation(urn):
        yield


def test_what_one_urn_wants_no_other_may_want_or_delete(claims: Claims) -> None:
    with as_("one"):
        assert claims.claim(PLACE, ["ada"]) is None
    with as_("two"):
        assert claims.claim(PLACE, ["grace", "ada"]) == "one"
        assert claims.others(PLACE, ["ada", "grace"]) == "one"
        assert claims.others(PLACE, ["grace"]) is None, "that one is this one's own"
        assert claims.others(OTHER, ["ada"]) is None


def test_a_urn_is_no_rival_of_itself(claims: Claims) -> None:
    with as_("one"):
        claims.claim(PLACE, ["ada"])
        assert claims.claim(PLACE, ["ada"]) is None
        assert claims.others(PLACE, ["ada"]) is None
        assert claims.at(PLACE) == set()


def test_a_check_anew_forgets_what_the_same_urn_wanted_before(claims: Claims) -> None:
    with as_("one"):
        claims.claim(PLACE, ["ada"])
    with as_("two"):
        claims.claim(PLACE, ["bob"])
    with as_("one"):
        claims.renew()
        claims.claim(PLACE, ["grace"])
    with as_("three"):
        assert [claims.others(PLACE, [name]) for name in ("ada", "bob", "grace")] == [None, "two", "one"]


def test_a_set_claims_everybody_and_sees_who_else_is_there(claims: Claims) -> None:
    with as_("single"):
        claims.claim(PLACE, ["ada"])
    with as_("set"):
        claims.claim(PLACE, [EVERYBODY, "grace"])
        assert claims.at(PLACE) == {"single"}
        assert claims.at(OTHER) == set()
    with as_("single"):
        assert claims.others(PLACE, [EVERYBODY]) == "set"


def test_what_was_taken_over_in_a_run_is_known_to_be(claims: Claims) -> None:
    with as_("one"):
        claims.adopt("uuid")
        assert claims.adopted("uuid") == "one"
    with as_("two"):
        assert claims.adopted("uuid") == "one"
        assert claims.adopted("other") is None


def test_what_the_state_holds_is_known_by_place_and_person(claims: Claims) -> None:
    claims.hold(PLACE, ["ada", "uuid"])
    assert claims.holds(PLACE, ["uuid"])
    assert not claims.holds(OTHER, ["uuid"])
    assert not claims.holds(PLACE, ["grace"])
