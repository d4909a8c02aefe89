"""SSH keys: unique in the world, blocked after their end, with comments and expiries that answers leave out."""

from __future__ import annotations

from typing import Any

import pytest
from bitbucket_user_emulator.seed import default_world
from bitbucket_user_provider.errors import ApiError, BitbucketError, Exists, RateLimited, Unauthorized
from bitbucket_user_provider.models.model import UNKNOWN
from bitbucket_user_provider.models.person import bare
from bitbucket_user_provider.models.public_key import fingerprint
from bitbucket_user_provider.resources.user_ssh_key import same_moment

from tests.conftest import CheckedEmulator, Clock
from tests.unit.stack import Refused, Stack, urn_of
from tests.unit.test_public_key import packed

KIND = "UserSshKey"
ADA, GRACE = map(default_world().person, ("Ada", "Grace"))
ROUTE = "/users/{selected_user}/ssh-keys"


def ed25519(letter: str) -> str:
    return f"ssh-ed25519 {packed(b'ssh-ed25519', letter.encode() * 32)}"


def with_slash() -> str:
    """A key whose fingerprint holds a slash."""
    return next(key for key in map(ed25519, "abcdefghijklmnop") if "/" in fingerprint(key))


LAPTOP, PHONE = ed25519("l"), ed25519("p")


def ssh_key(key: Any = LAPTOP, user_id: str = ADA.account_id, **more: Any) -> tuple[str, dict[str, Any]]:
    return KIND, {"userId": user_id, "key": key, **more}


def sent(bitbucket: CheckedEmulator) -> list[str]:
    calls = ["LIST" if (one.method, one.route) == ("GET", ROUTE) else one.method for one in bitbucket.requests]
    bitbucket.clear()
    return calls


def held(bitbucket: CheckedEmulator) -> dict[str, str]:
    """Key → label."""
    return {one.key: one.label for one in bitbucket.ssh_keys("Ada")}


def test_a_key_costs_one_call_to_create_update_and_delete(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    shown = stack.preview({"laptop": ssh_key(label="laptop")})["laptop"]
    assert shown["uuid"] is shown["fingerprint"] is shown["userUuid"] is UNKNOWN
    stack.up({"laptop": ssh_key(f"{LAPTOP} ada@laptop", label="laptop")})
    assert sent(bitbucket) == ["POST"]
    [key] = bitbucket.ssh_keys("Ada")
    state = stack.state[KIND, "laptop"]
    assert state.id == f"{bare(ADA.uuid)}/{bare(key.uuid)}"
    assert state.outputs == {
        "userId": ADA.account_id,
        "key": f"{LAPTOP} ada@laptop",
        "label": "laptop",
        "uuid": bare(key.uuid),
        "fingerprint": fingerprint(LAPTOP),
        "comment": "ada@laptop",
        "createdOn": key.created_on,
        "userUuid": bare(ADA.uuid),
        "accountId": ADA.account_id,
    }
    stack.up({"laptop": ssh_key(f"{LAPTOP} ada@laptop", label="old laptop")})
    assert (sent(bitbucket), held(bitbucket)) == (["PUT"], {LAPTOP: "old laptop"})
    stack.destroy()
    assert (sent(bitbucket), held(bitbucket)) == (["DELETE"], {})


def test_comments_and_spellings_of_the_person_change_nothing(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"laptop": ssh_key(f"{LAPTOP} ada@laptop")})
    for user_id in (ADA.account_id, ADA.uuid, bare(ADA.uuid).upper()):
        stack.up({"laptop": ssh_key(f" {LAPTOP}  another comment", user_id)})
        assert not stack.diffs["laptop"]
    stack.refresh()
    assert stack.state[KIND, "laptop"].inputs["key"] == f"{LAPTOP} ada@laptop"
    stack.preview({"laptop": ssh_key()})
    assert not stack.diffs["laptop"]


def test_a_new_key_replaces_and_is_created_before_the_old_one_goes(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"laptop": ssh_key()})
    sent(bitbucket)
    stack.up({"laptop": ssh_key(PHONE)})
    assert stack.diffs["laptop"].replaces == ["key"] and stack.warned == []
    assert (sent(bitbucket), held(bitbucket)) == (["POST", "DELETE"], {PHONE: ""})


def test_a_label_changed_by_hand_is_put_right(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"laptop": ssh_key(label="laptop")})
    bitbucket.ssh_keys("Ada")[0].label = "mine"
    stack.refresh()
    assert stack.state[KIND, "laptop"].inputs["label"] == "mine"
    stack.up({"laptop": ssh_key(label="laptop")})
    assert held(bitbucket) == {LAPTOP: "laptop"}


# Expiry


@pytest.mark.parametrize("answered", [True, False])
def test_an_expiry_goes_out_as_query_and_stays_in_state(bitbucket: CheckedEmulator, answered: bool) -> None:
    bitbucket.world.switches.expires_on_answered = answered
    stack = Stack(bitbucket)
    stack.up({"laptop": ssh_key(expiresOn="2099-06-30")})
    [request] = bitbucket.requests
    assert request.query == {"expires_on": "2099-06-30"} and set(request.request_body) == {"key", "label"}
    assert bitbucket.ssh_keys("Ada")[0].expires_on == "2099-06-30T00:00:00+00:00"
    stack.refresh()
    assert stack.outputs("laptop")["expiresOn"].startswith("2099-06-30")
    assert stack.state[KIND, "laptop"].inputs["expiresOn"] == "2099-06-30"
    for text in ("2099-06-30", "2099-06-30T00:00:00Z", "2099-06-30T02:00:00+02:00"):
        stack.preview({"laptop": ssh_key(expiresOn=text)})
        assert not stack.diffs["laptop"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2020-01-01", "expiresOn: '2020-01-01' is past; give a date to come"),
        ("2020-01-01T00:00:00Z", "is past"),
        ("tomorrow", "expiresOn: 'tomorrow' is no date; write it like 2027-06-30 or 2027-06-30T12:00:00Z"),
        ("30.06.2099", "is no date"),
        ("", "is no date"),
        (20990630, "expiresOn: must be a string"),
    ],
)
def test_an_expiry_that_is_past_or_none_is_refused_at_check(bitbucket: CheckedEmulator, text: Any, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        Stack(bitbucket).preview({"laptop": ssh_key(expiresOn=text)})


def test_a_key_that_has_expired_since_does_not_break_the_next_run(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"laptop": ssh_key(expiresOn="2099-06-30")})
    state = stack.state[KIND, "laptop"]
    for bag in (state.inputs, state.outputs):
        bag["expiresOn"] = "2020-06-30"
    for text in ("2020-06-30", "2020-06-30T00:00:00Z"):
        stack.up({"laptop": ssh_key(expiresOn=text)})
        assert not stack.diffs["laptop"]
    stack.up({"laptop": ssh_key(expiresOn="2020-06-30", label="dead")})
    assert held(bitbucket) == {LAPTOP: "dead"}
    with pytest.raises(Refused, match="is past"):
        stack.up({"laptop": ssh_key(expiresOn="2020-07-01")})
    stack.refresh()
    stack.destroy()


@pytest.mark.parametrize("adopt", [False, True])
@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.parametrize("drop", [None, "before", "after"])
@pytest.mark.parametrize(
    ("before", "after"),
    [("2099-01-01", "2099-06-30"), ("2099-01-01", None), (None, "2099-06-30")],
)
def test_another_expiry_of_the_same_key_is_refused_before_the_key_is_gone(
    bitbucket: CheckedEmulator,
    clock: Clock,
    adopt: bool,
    answered: bool,
    drop: str | None,
    before: str | None,
    after: str | None,
) -> None:
    bitbucket.world.switches.expires_on_answered = answered
    stack = Stack(bitbucket, adoptExisting=adopt)
    stack.up({"laptop": ssh_key(**({"expiresOn": before} if before else {}))})
    program = {"laptop": ssh_key(f"{LAPTOP} new@comment", **({"expiresOn": after} if after else {}))}
    stack.preview(program)
    assert stack.diffs["laptop"].replaces == ["expiresOn"] and not stack.diffs["laptop"].delete_first
    [warning] = stack.warned
    assert warning.startswith("This replacement will be refused, because the key text is the same: Bitbucket keeps a")
    if drop:
        bitbucket.fault(ROUTE, method="POST", drop=drop)
    with pytest.raises(BitbucketError, match="up to 30 days.*use another key") as refusal:
        stack.up(program)
    assert not isinstance(refusal.value, Exists), "it would be told to import what it has"
    assert held(bitbucket) == {LAPTOP: ""}
    assert stack.outputs("laptop").get("expiresOn", "")[:10] == (before or "")


def test_an_expiry_that_bitbucket_imposes_is_no_difference(bitbucket: CheckedEmulator) -> None:
    bitbucket.world.switches.expires_on_answered = True
    stack = Stack(bitbucket)
    stack.up({"laptop": ssh_key()})
    bitbucket.ssh_keys("Ada")[0].expires_on = "2099-06-30T00:00:00+00:00"
    stack.refresh()
    stack.preview({"laptop": ssh_key()})
    assert not stack.diffs["laptop"] and stack.warned == []


def test_an_expiry_of_an_answer_that_is_no_date_is_another_one_and_no_defect() -> None:
    assert not same_moment("never", "2099-01-01", None)
    assert same_moment("never", "never", None)


@pytest.mark.parametrize(("status", "wrong"), [(401, Unauthorized), (429, RateLimited)])
def test_a_refusal_that_is_not_about_the_key_is_not_followed_by_a_look(
    bitbucket: CheckedEmulator, status: int, wrong: type[Exception]
) -> None:
    bitbucket.fault(ROUTE, method="POST", status=status)
    with pytest.raises(wrong):
        Stack(bitbucket, maxRateLimitWaitSeconds=0).up({"laptop": ssh_key()})
    assert sent(bitbucket) == ["POST"]


def test_an_expiry_that_is_not_known_yet_does_not_warn(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"laptop": ssh_key(expiresOn="2099-01-01")})
    stack.preview({"laptop": ssh_key(expiresOn=UNKNOWN)})
    assert stack.diffs["laptop"].replaces == ["expiresOn"] and stack.warned == []


# What stands there already


@pytest.mark.parametrize("adopt", [True, False])
def test_a_key_of_ones_own_is_taken_over_with_the_label_of_the_program(bitbucket: CheckedEmulator, adopt: bool) -> None:
    standing = bitbucket.add_ssh_key("Ada", f"{LAPTOP} by@hand", "by hand")
    stack = Stack(bitbucket, adoptExisting=adopt)
    stack.up({"laptop": ssh_key(label="laptop")})
    assert sent(bitbucket) == ["POST", "LIST", "PUT"]
    assert held(bitbucket) == {LAPTOP: "laptop"}
    assert stack.said == ["was there already, as 'by hand': another stack may hold it too"]
    assert stack.state[KIND, "laptop"].id == f"{bare(ADA.uuid)}/{bare(standing.uuid)}"


def test_a_renamed_key_that_was_taken_over_is_not_deleted(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket, adoptExisting=True)
    stack.up({"before": ssh_key()})
    stack.up({"after": ssh_key()})
    assert stack.said[1:] == [f"kept in Bitbucket: {urn_of(KIND, 'after')} wants it"]
    assert (bitbucket.count("DELETE"), held(bitbucket)) == (0, {LAPTOP: ""})
    stack.destroy()
    assert held(bitbucket) == {}


def test_a_key_with_another_expiry_is_not_taken_over(bitbucket: CheckedEmulator) -> None:
    bitbucket.world.switches.expires_on_answered = True
    bitbucket.add_ssh_key("Ada", LAPTOP)
    with pytest.raises(Exists, match="to change its expiry, use another key"):
        Stack(bitbucket, adoptExisting=True).up({"laptop": ssh_key(expiresOn="2099-01-01")})


@pytest.mark.parametrize("deleted", [True, False])
def test_a_key_of_somebody_else_or_one_that_is_blocked_is_explained(bitbucket: CheckedEmulator, deleted: bool) -> None:
    if deleted:
        bitbucket.delete_ssh_key("Ada", bitbucket.add_ssh_key("Ada", LAPTOP).uuid)
    else:
        bitbucket.add_ssh_key("Grace", LAPTOP)
    with pytest.raises(ApiError, match="The key is not among those of .*or it was deleted lately.*use another key"):
        Stack(bitbucket, adoptExisting=True).up({"laptop": ssh_key()})


@pytest.mark.parametrize("drop", ["before", "after", "during"])
def test_a_post_whose_answer_is_lost_makes_one_key(bitbucket: CheckedEmulator, clock: Clock, drop: str) -> None:
    bitbucket.fault(ROUTE, method="POST", drop=drop)
    stack = Stack(bitbucket)
    stack.up({"laptop": ssh_key(label="laptop")})
    [key] = bitbucket.ssh_keys("Ada")
    assert stack.state[KIND, "laptop"].id == f"{bare(ADA.uuid)}/{bare(key.uuid)}"
    stack.preview({"laptop": ssh_key(label="laptop")})
    assert not stack.diffs["laptop"]


def test_keys_of_other_people_are_refused_in_bitbuckets_words(bitbucket: CheckedEmulator) -> None:
    with pytest.raises(ApiError, match="answered 403: .* its owner needs the right to this"):
        Stack(bitbucket).up({"laptop": ssh_key(user_id=GRACE.account_id)})


def test_two_resources_of_one_key_are_refused(bitbucket: CheckedEmulator) -> None:
    with pytest.raises(Refused, match=f"key: {urn_of(KIND, 'one')} manages this key too"):
        Stack(bitbucket, adoptExisting=True).up({"one": ssh_key(), "two": ssh_key(f"{LAPTOP} elsewhere")})
    assert held(bitbucket) == {LAPTOP: ""}


def test_the_advice_to_import_under_another_name_deletes_no_key(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"before": ssh_key()})
    stack.bring_in(KIND, "after", stack.state[KIND, "before"].id)
    stack.up({"after": ssh_key()})
    assert held(bitbucket) == {LAPTOP: ""}


# Import and refresh


@pytest.mark.parametrize("user_id", [ADA.account_id, ADA.uuid, bare(ADA.uuid)])
@pytest.mark.parametrize("by", ["uuid", "braced", "fingerprint"])
def test_import_goes_by_uuid_and_by_fingerprint(bitbucket: CheckedEmulator, user_id: str, by: str) -> None:
    text = with_slash()
    key = bitbucket.add_ssh_key("Ada", f"{text} ada@desk", "desk")
    part = {"uuid": bare(key.uuid), "braced": key.uuid, "fingerprint": fingerprint(text)}[by]
    stack = Stack(bitbucket)
    inputs = stack.bring_in(KIND, "desk", f"{user_id}/{part}")
    assert stack.state[KIND, "desk"].id == f"{bare(ADA.uuid)}/{bare(key.uuid)}"
    assert inputs == {"userId": user_id, "key": text, "label": "desk"}
    stack.preview({"desk": (KIND, inputs)})
    assert not stack.diffs["desk"]


def test_a_key_deleted_by_hand_is_gone_and_its_delete_is_done(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"laptop": ssh_key(), "phone": ssh_key(PHONE)})
    bitbucket.delete_ssh_key("Ada", bitbucket.ssh_keys("Ada")[0].uuid)
    stack.refresh()
    assert [name for _, name in stack.state] == ["phone"]
    bitbucket.delete_ssh_key("Ada", bitbucket.ssh_keys("Ada")[0].uuid)
    stack.destroy()
    assert stack.said == ["was gone from Bitbucket already"]


def test_many_keys_are_refreshed_with_one_call(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({letter: ssh_key(ed25519(letter)) for letter in "abcdefghijklmnop"})
    sent(bitbucket)
    stack.refresh()
    assert sent(bitbucket) == ["LIST"]


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("ssh-ed25519 AAAA", "key: what follows ssh-ed25519 is not the base64 of a whole key"),
        ("", "key: must be an OpenSSH public key, as in the .pub file"),
        (7, "key: must be an OpenSSH public key"),
        ("ssh-rsa " + LAPTOP.split()[1], "key: it says ssh-rsa, but holds a key of another type"),
    ],
)
def test_what_is_no_key_is_refused_at_check_together_with_the_rest(
    bitbucket: CheckedEmulator, key: Any, reason: str
) -> None:
    with pytest.raises(Refused, match=reason) as refusal:
        Stack(bitbucket).preview({"laptop": ssh_key(key, "ada", expiresOn="then")})
    assert [failure.property for failure in refusal.value.failures] == ["userId", "", "expiresOn"]
