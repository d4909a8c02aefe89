"""One person, many spellings."""

from __future__ import annotations

from typing import Any

import pytest
from bitbucket_user_emulator.seed import default_world
from bitbucket_user_provider.errors import BitbucketError
from bitbucket_user_provider.models.person import UserId, bare, is_uuid, normal, same_person
from bitbucket_user_provider.run import facts
from bitbucket_user_provider.run.grants import REPOSITORY_USERS
from bitbucket_user_provider.run.people import People
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from tests.conftest import CheckedEmulator, Clock
from tests.unit.core import connect

UUID = "d301aafa-d676-4ee0-88be-962be7417567"
BRACED = "{" + UUID + "}"
OLD, NEW, OLDEST = "557058:ba891f0d-1", "712020:8f4b2c1e-5d6a-4b3c-9e8f-7a6b5c4d3e2f", "5d5355d2c3f2ab0da2b6a1f4"
USER_ID: TypeAdapter[str] = TypeAdapter(UserId)


@pytest.mark.parametrize(
    "user_id", [UUID, BRACED, UUID.upper(), BRACED.upper(), OLD, NEW, OLDEST, "5b10a2844c20165700ede21g", "qm:1-a:b_c"]
)
def test_an_account_id_and_a_uuid_in_any_spelling_is_a_person_and_stays_as_written(user_id: str) -> None:
    assert USER_ID.validate_python(user_id) == user_id


@pytest.mark.parametrize(
    ("user_id", "reason"),
    [
        (
            "ada@acme.example",
            "'ada@acme.example' is an e-mail address; an account id or a UUID is needed; getWorkspaceM",
        ),
        ("ada", "'ada' is neither an account id nor a UUID; an account id"),
        ("Ada Lovelace", "neither an account id nor a UUID"),
        ("{" + UUID, "neither an account id nor a UUID"),
        (UUID + "}", "neither an account id nor a UUID"),
        ("{{" + UUID + "}}", "neither an account id nor a UUID"),
        (UUID[:-1], "neither an account id nor a UUID"),
        (UUID + "\n", "neither an account id nor a UUID"),
        ("557058:a/b", "neither an account id nor a UUID"),
        ("557058:", "neither an account id nor a UUID"),
        ("abcdefghijklmnopqrstuvwx", "neither an account id nor a UUID"),
        ("", "must be a string that is not empty; an account id"),
        (None, "must be a string that is not empty"),
        (7, "must be a string that is not empty"),
        ({UUID: None}, "this is a map; quote it: '{…}'"),
    ],
)
def test_anything_else_is_refused_in_words_that_name_the_way_to_find_it(user_id: Any, reason: str) -> None:
    with pytest.raises(ValidationError) as caught:
        USER_ID.validate_python(user_id)
    (error,) = caught.value.errors()
    assert reason in error["msg"]
    assert isinstance(user_id, dict) or "getWorkspaceMembers" in error["msg"]


def test_braces_and_case_of_a_uuid_never_matter_but_an_account_ids_case_does() -> None:
    assert {normal(form) for form in (UUID, BRACED, UUID.upper(), BRACED.upper())} == {UUID}
    assert normal("557058:AbC") == "557058:AbC"
    assert bare(BRACED.upper()) == UUID
    assert [is_uuid(text) for text in (UUID, BRACED, "{" + UUID, OLD)] == [True, True, False, False]


@pytest.mark.parametrize(
    ("old", "new", "state", "same"),
    [
        (UUID, BRACED.upper(), {}, True),
        (OLD, OLD, {}, True),
        (OLD, UUID, {"userUuid": UUID, "accountId": OLD}, True),
        (BRACED, OLD, {"userUuid": UUID, "accountId": OLD}, True),
        (OLD, UUID, {}, False),
        (OLD, NEW, {"userUuid": UUID, "accountId": OLD}, False),
        (OLD, UUID, {"userUuid": None, "accountId": None}, False),
    ],
)
def test_two_spellings_are_one_person_where_the_state_says_so(
    old: str, new: str, state: dict[str, Any], same: bool
) -> None:
    assert same_person(old, new, state) is same


def test_what_was_learnt_in_parts_is_known_as_a_whole() -> None:
    people = People()
    people.learn(UUID, OLD)
    people.learn("557058:other")
    people.learn(OLDEST, BRACED.upper(), None)
    assert people.forms(OLD) == people.forms(OLDEST) == people.forms(None, BRACED) == {UUID, OLD, OLDEST}
    assert people.forms("557058:other") == {"557058:other"}
    assert people.forms(NEW) == {NEW}
    assert people.forms() == people.forms(None) == frozenset()


def test_a_person_has_the_name_that_came_with_any_spelling() -> None:
    people = People()
    people.learn(UUID, OLD, name="Ada Lovelace")
    people.learn(UUID, OLDEST, name="Ada King")
    people.learn(NEW)
    assert [people.name(form) for form in (OLD, BRACED.upper(), OLDEST, NEW)] == [*["Ada King"] * 3, None]


def test_people_of_whom_one_spelling_alone_is_known_are_told_by_its_form() -> None:
    people = People()
    people.learn(UUID, OLD)
    people.learn(NEW)
    other = BRACED.replace("d", "e")
    assert people.unresolved([UUID, OLD]) == {}
    assert people.unresolved([OLD, NEW, OLDEST]) == dict.fromkeys([NEW, OLDEST], facts.ACCOUNT_ID)
    assert people.unresolved([OLD, other]) == {bare(other): facts.UUID}
    assert people.unresolved([NEW, other]) == {NEW: facts.ACCOUNT_ID, bare(other): facts.UUID}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), max_size=12))
def test_people_never_run_together_and_spellings_find_each_other(lessons: list[tuple[int, int, int]]) -> None:
    people = People()
    seen: dict[int, set[str]] = {}
    for who, one, other in lessons:
        forms = [f"{who}:{one}", f"{who}:{other}"]
        people.learn(*forms)
        joined = set(forms)
        for group in [group for group in seen.values() if group & joined]:
            joined |= group
        for form in joined:
            seen[hash(form)] = joined
    for joined in seen.values():
        for form in joined:
            assert people.forms(form) == joined
            assert {known.split(":")[0] for known in people.forms(form)} == {form.split(":")[0]}


def test_an_entry_of_a_list_says_what_a_person_is_called(bitbucket: CheckedEmulator) -> None:
    api, grace = connect(bitbucket), bitbucket.person("Grace")
    bitbucket.grant("acme", "api", "Grace", "read")
    api.things(REPOSITORY_USERS, {"workspace": "acme", "repo_slug": "api"}).all()
    assert api.people.name(grace.account_id) == api.people.name(grace.uuid) == "Grace Hopper"


# Whom Bitbucket is asked for

ADA, GRACE = map(default_world().person, ("Ada", "Grace"))


def test_the_credentials_own_account_is_asked_for_once_and_known_by_both_spellings(bitbucket: CheckedEmulator) -> None:
    api = connect(bitbucket)
    assert api.caller_uuid() == api.caller_uuid() == bare(ADA.uuid)
    assert api.who_is(ADA.account_id) == api.who_is(ADA.uuid) == {bare(ADA.uuid), ADA.account_id}
    assert [api.is_caller(one.uuid.upper()) for one in (ADA, GRACE)] == [True, False]
    assert [one.route for one in bitbucket.requests] == ["/user"]


def test_nobody_is_the_caller_where_bitbucket_does_not_let_it_ask(bitbucket: CheckedEmulator) -> None:
    bitbucket.fault("/user", status=403, times=None)
    assert not connect(bitbucket).is_caller(ADA.uuid)


@pytest.mark.parametrize("trouble", [{"drop": "before"}, {"status": 500}, {"status": 401}], ids=str)
def test_who_the_caller_is_must_be_known_where_bitbucket_lets_it_ask(
    bitbucket: CheckedEmulator, clock: Clock, trouble: dict[str, Any]
) -> None:
    """Taken for a no, it would let the own administrator right go before all else."""
    bitbucket.fault("/user", times=None, **trouble)
    with pytest.raises(BitbucketError):
        connect(bitbucket).is_caller(ADA.uuid)


@pytest.mark.parametrize("spelling", [GRACE.account_id, GRACE.uuid])
def test_anybody_is_asked_for_once_and_known_by_both_spellings(bitbucket: CheckedEmulator, spelling: str) -> None:
    api = connect(bitbucket)
    for asked in (spelling, GRACE.account_id, GRACE.uuid):
        assert api.who_is(asked) == {bare(GRACE.uuid), GRACE.account_id}
    assert [one.route for one in bitbucket.requests] == ["/users/{selected_user}"]


def test_a_person_has_the_spelling_that_was_asked_for_though_the_answer_leaves_it_out(
    bitbucket: CheckedEmulator,
) -> None:
    bitbucket.switches.account_ids = False
    api = connect(bitbucket)
    assert api.who_is(GRACE.account_id) == api.who_is(GRACE.uuid) == {bare(GRACE.uuid), GRACE.account_id}
    assert len(bitbucket.requests) == 1
