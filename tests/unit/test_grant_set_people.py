"""People in sets: the credential's own account, and one person under two keys."""

from __future__ import annotations

import pytest
from bitbucket_user_provider.errors import InvalidInput, PartialFailure
from bitbucket_user_provider.models.model import UNKNOWN
from bitbucket_user_provider.models.person import bare

from tests.conftest import CheckedEmulator
from tests.unit.core import ADA as AS_ADA
from tests.unit.core import GRACE as AS_GRACE
from tests.unit.stack import Refused, Stack
from tests.unit.test_grant_sets import ADA, ALAN, BOB, GRACE, held, members, stand
from tests.unit.test_grants import sent


def test_the_caller_goes_last_and_with_a_warning(bitbucket: CheckedEmulator) -> None:
    stand(bitbucket, Grace="admin")
    stack = Stack(bitbucket, AS_GRACE)
    stack.up(members({GRACE.account_id: "admin", BOB.account_id: "write", ALAN.account_id: "write"}))
    sent(bitbucket)
    program = members({GRACE.account_id: "read", BOB.account_id: "read", ADA.account_id: "write"})
    stack.preview(program)
    assert stack.warned == ["acme/api: ~ Grace Hopper admin → read is the credential's own account; this is done last."]
    stack.up(program)
    calls = sent(bitbucket)
    assert calls[:2] == ["GET user", "PUT Ada"] and calls[-1] == "PUT Grace"
    assert held(bitbucket) == {"Grace": "read", "Bob": "read", "Ada": "write"}


def test_a_caller_whom_the_map_names_no_more_is_kept(bitbucket: CheckedEmulator) -> None:
    stand(bitbucket, Grace="admin")
    stack = Stack(bitbucket, AS_GRACE)
    stack.up(members({GRACE.account_id: "admin", BOB.account_id: "write"}))
    program = members({BOB.account_id: "write"})
    stack.preview(program)
    assert stack.said == ["acme/api: = Grace Hopper admin"]
    stack.up(program)
    assert held(bitbucket) == {"Grace": "admin", "Bob": "write"}
    stack.preview(program)
    assert not stack.diffs["set"]
    stack.preview(members({BOB.account_id: "write"}, keepCaller=False))
    assert stack.said == ["acme/api: − Grace Hopper"]


@pytest.mark.parametrize("level", ["admin", "write"])
def test_a_destroy_takes_the_caller_last(bitbucket: CheckedEmulator, level: str) -> None:
    stand(bitbucket, Grace="admin", Bob=level)
    stack = Stack(bitbucket, AS_GRACE)
    stack.up(members({GRACE.account_id: "admin", BOB.account_id: level, ALAN.account_id: level}))
    sent(bitbucket)
    stack.destroy()
    assert sent(bitbucket)[-1] == "DELETE Grace"
    assert held(bitbucket) == {}


def test_a_destroy_takes_a_caller_last_whom_no_call_has_told_before(bitbucket: CheckedEmulator) -> None:
    stand(bitbucket, Grace="admin", Bob="read")
    stack = Stack(bitbucket, AS_GRACE)
    stack.up(members({GRACE.account_id: "admin", BOB.account_id: "read"}))
    assert sent(bitbucket) == ["LIST"]
    stack.destroy()
    assert sent(bitbucket) == ["GET user", "DELETE Bob", "DELETE Grace"]


def test_another_caller_is_found_before_anybody_is_removed(bitbucket: CheckedEmulator) -> None:
    stand(bitbucket, Ada="admin", Grace="admin")
    stack = Stack(bitbucket, adoptExisting=True)
    program = members({BOB.account_id: "read"})
    stack.up(program)
    stack.config = {**AS_GRACE}
    stack.preview(program)
    assert stack.said == ["acme/api: − Grace Hopper"]  # as far as the state tells
    stack.up(program)
    assert held(bitbucket) == {"Ada": "admin", "Grace": "admin", "Bob": "read"}
    stack.preview(program)
    assert stack.said == ["acme/api: − Ada Lovelace"]
    stack.up(program)
    assert held(bitbucket) == {"Grace": "admin", "Bob": "read"}


def test_who_is_dropped_from_the_map_and_the_caller_no_more_is_named_by_the_next_preview(
    bitbucket: CheckedEmulator,
) -> None:
    stack = Stack(bitbucket, AS_GRACE)
    stand(bitbucket, Grace="admin")
    stack.up(members({GRACE.account_id: "admin", BOB.account_id: "read"}, exclusive=False))
    stack.config = {**AS_ADA}
    stack.up(members({BOB.account_id: "read"}, exclusive=False))
    assert held(bitbucket) == {"Grace": "admin", "Bob": "read"}
    stack.preview(members({BOB.account_id: "read"}, exclusive=False))
    assert stack.said == ["acme/api: − Grace Hopper"]


def test_who_was_the_caller_once_is_a_stranger_after_a_refresh(bitbucket: CheckedEmulator) -> None:
    stand(bitbucket, Ada="admin", Grace="admin")
    stack = Stack(bitbucket)
    program = members({GRACE.account_id: "admin", BOB.account_id: "read"})
    stack.up(program)
    stack.refresh()
    stack.preview(program)
    assert not stack.diffs["set"]
    stack.config = {**AS_GRACE}
    stack.refresh()
    stack.preview(program)
    assert stack.said == ["acme/api: − Ada Lovelace"]


def test_a_caller_whose_level_is_not_known_yet_is_not_said_to_be_removed(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up(members({ADA.account_id: "admin"}, keepCaller=False))
    for permissions in (UNKNOWN, {ADA.account_id: UNKNOWN, GRACE.account_id: "read"}):
        stack.preview(members(permissions, keepCaller=False))
        assert stack.warned == []
    stack.preview(members({}, keepCaller=False))
    assert stack.warned == ["acme/api: − Ada Lovelace is the credential's own account; this is done last."]


@pytest.mark.parametrize("other", [bare(GRACE.uuid), bare(GRACE.uuid).upper(), GRACE.uuid.upper()])
def test_one_person_under_two_keys_is_refused_where_spelling_tells(bitbucket: CheckedEmulator, other: str) -> None:
    with pytest.raises(Refused, match="the same person as"):
        Stack(bitbucket).preview(members({GRACE.uuid: "read", other: "write"}))


def test_one_person_under_two_keys_is_refused_before_any_write_where_the_listing_tells(
    bitbucket: CheckedEmulator,
) -> None:
    stand(bitbucket, Grace="read")
    with pytest.raises(InvalidInput, match="are the same person"):
        Stack(bitbucket).up(members({GRACE.uuid: "read", GRACE.account_id: "write"}))
    assert sent(bitbucket) == ["LIST"]


def test_one_person_under_two_keys_is_refused_in_the_preview_where_the_state_tells(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up(members({GRACE.uuid: "read"}))
    with pytest.raises((InvalidInput, Refused), match="the same person"):
        stack.preview(members({GRACE.uuid: "read", GRACE.account_id: "read"}))
    stack.refresh()
    assert len(stack.state) == 1


def test_one_person_under_two_keys_is_asked_for_before_anything_is_written(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up(members({BOB.account_id: "read"}))
    sent(bitbucket)
    with pytest.raises(InvalidInput, match="are the same person: keep one"):
        stack.up(members({GRACE.uuid: "read", GRACE.account_id: "read"}))
    assert len(sent(bitbucket)) == 1
    assert held(bitbucket) == {"Bob": "read"}


def test_one_person_under_two_keys_stops_the_removals_where_only_an_answer_tells(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up(members({BOB.account_id: "read"}))
    bitbucket.fault("/users/{selected_user}", status=403, times=None)
    with pytest.raises(PartialFailure, match="are the same person: keep one") as failure:
        stack.up(members({GRACE.uuid: "read", GRACE.account_id: "read"}))
    assert failure.value.reasons[-1] == "not tried, so that nobody loses access meanwhile (− Bob Kahn)"
    assert held(bitbucket) == {"Bob": "read", "Grace": "read"}
    stack.up(members({GRACE.uuid: "read"}))
    assert held(bitbucket) == {"Grace": "read"}
