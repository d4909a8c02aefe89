"""GPG keys of an account: which text is a key, and what becomes of one that cannot be changed."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from bitbucket_user_provider.errors import ApiError, Exists
from bitbucket_user_provider.models.gpg_key import fingerprint, same_key
from bitbucket_user_provider.models.person import bare

from tests.acceptance.lives import ADA, gpg
from tests.conftest import CheckedEmulator, Clock
from tests.unit.stack import Refused, Stack, urn_of

KIND = "UserGpgKey"
ROUTE = "/users/{selected_user}/gpg-keys"
WORK, HOME = gpg("work"), gpg("home")
ED25519 = "mDMEU/NfCxYJKwYBBAHaRw8BAQdAPwmJlL3ZFu1AUxl5NOSofIBzOhKA1i+AEJkuQ+47JAY="
NAMED = "c959bdbafa32a2f89a153b678cfde12197965a9a"
"""The key of RFC 9580, A.1, and its fingerprint there."""


def armoured(data: bytes | str, kind: str = "PUBLIC KEY BLOCK", more: str = "") -> str:
    text = data if isinstance(data, str) else base64.b64encode(data).decode()
    return f"-----BEGIN PGP {kind}-----\n{more}\n{text}\n-----END PGP {kind}-----\n"


def key(text: Any = WORK, name: Any = "work", user_id: str = ADA.account_id) -> tuple[str, dict[str, Any]]:
    return KIND, {"userId": user_id, "key": text, "name": name} if name is not None else {
        "userId": user_id,
        "key": text,
    }


def sent(bitbucket: CheckedEmulator) -> list[str]:
    calls = ["LIST" if (one.method, one.route) == ("GET", ROUTE) else one.method for one in bitbucket.requests]
    bitbucket.clear()
    return calls


def held(bitbucket: CheckedEmulator) -> dict[str, str]:
    """Key → name."""
    return {one.key: one.name for one in bitbucket.person("Ada").gpg_keys.values()}


# What is a key

PACKET = base64.b64decode(ED25519)
BODY = PACKET[2:]


@pytest.mark.parametrize(
    "text",
    [
        armoured(ED25519),
        armoured(ED25519, more="Version: GnuPG v2\nComment: Ada\n"),
        armoured(f"{ED25519[:64]}\n{ED25519[64:]}\n=RZia"),
        armoured(ED25519).replace("\n", "\r\n"),
        f"\n  {armoured(ED25519)}\n",
        armoured(b"\xc6" + bytes([len(BODY)]) + BODY),
        armoured(b"\xc6\xff" + len(BODY).to_bytes(4, "big") + BODY),
        armoured(b"\x99" + len(BODY).to_bytes(2, "big") + BODY),
        armoured(PACKET + b"\xb4\x03Ada" + b"\xc2\xc0\x00" + bytes(192)),
    ],
    ids=["plain", "headers", "checksum", "CRLF", "spaces", "newer", "five bytes", "two bytes", "with a signature"],
)
def test_a_key_is_known_by_its_fingerprint_however_it_is_written(text: str) -> None:
    assert fingerprint(text) == NAMED
    assert same_key(armoured(ED25519), text, None) and not same_key(WORK, text, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (armoured("hush", "PRIVATE KEY BLOCK"), "this is a private key; give the public one"),
        (armoured(b"\x94" + PACKET[1:]), "it holds a private key; give the public one"),
        (armoured("hush", "SIGNATURE"), "this is a PGP SIGNATURE, no public key"),
        (armoured("hush", "MESSAGE"), "this is a PGP MESSAGE, no public key"),
        (armoured(b"\xb4\x03Ada"), "what is in the block is no public key"),
        (armoured(PACKET[:-1]), "is not the base64 of a whole key"),
        (armoured(PACKET[:1]), "is not the base64 of a whole key"),
        (armoured(b"\xc6\xff\x00"), "is not the base64 of a whole key"),
        (armoured(b"\xc6\xe1" + BODY), "is not the base64 of a whole key"),
        (armoured(b"\x06\x02xx"), "is not the base64 of a whole key"),
        (armoured("hush!"), "must be an ASCII-armoured public key"),
        (armoured("hus"), "is not the base64 of a whole key"),
        (armoured(PACKET + PACKET), "it holds 2 keys; export one"),
        (armoured(b"\x98\x01\x03"), "a key of this version is not supported"),
        ("ssh-ed25519 AAAA", "must be an ASCII-armoured public key"),
        ("", "must be an ASCII-armoured public key"),
        (7, "must be an ASCII-armoured public key"),
    ],
)
def test_what_is_no_public_key_is_refused_at_check_and_not_shown(
    bitbucket: CheckedEmulator, text: Any, reason: str
) -> None:
    with pytest.raises(Refused, match=f"^key: .*{reason}") as refusal:
        Stack(bitbucket).preview({"work": key(text)})
    assert "hus" not in str(refusal.value)
    assert [failure.property for failure in refusal.value.failures] == [""]


@pytest.mark.parametrize(("version", "length"), [(4, 40), (5, 64), (6, 64)])
def test_later_versions_have_longer_fingerprints(version: int, length: int) -> None:
    body = bytes([version]) + BODY[1:]
    assert len(fingerprint(armoured(b"\xc6" + bytes([len(body)]) + body))) == length


# What becomes of it


def test_a_key_costs_one_call_to_create_and_delete(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"work": key()})
    assert sent(bitbucket) == ["POST"]
    state = stack.state[KIND, "work"]
    assert state.id == f"{bare(ADA.uuid)}/{fingerprint(WORK)}"
    assert state.outputs == key()[1] | {
        "fingerprint": fingerprint(WORK),
        "keyId": fingerprint(WORK)[-16:],
        "createdOn": "2023-11-14T22:13:20+00:00",
        "userUuid": bare(ADA.uuid),
        "accountId": ADA.account_id,
    }
    stack.up({"work": key(WORK.replace("\n", "\r\n"), user_id=ADA.uuid)})
    assert not stack.diffs["work"] and sent(bitbucket) == []
    stack.refresh()
    assert sent(bitbucket) == ["LIST"]
    stack.up({"work": key(HOME)})
    assert stack.diffs["work"].replaces == ["key"]
    assert (sent(bitbucket), held(bitbucket)) == (["POST", "DELETE"], {HOME: "work"})
    stack.destroy()
    assert (sent(bitbucket), held(bitbucket)) == (["DELETE"], {})


def test_the_case_of_bitbuckets_fingerprint_does_not_matter(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"work": key()})
    id = stack.state[KIND, "work"].id
    stack.state[KIND, "work"].outputs["fingerprint"] = fingerprint(WORK).upper()
    stack.refresh()
    assert stack.state[KIND, "work"].id == id
    stack.state[KIND, "work"].outputs["fingerprint"] = fingerprint(WORK).upper()
    stack.destroy()
    assert held(bitbucket) == {}


def test_a_forced_replacement_by_the_same_key_is_refused_before_the_key_is_gone(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"work": key()})
    known = stack.state[KIND, "work"]
    known.outputs["fingerprint"] = fingerprint(WORK).upper()
    stack.start()
    with stack.on(KIND, "work"), pytest.raises(ApiError, match="already, by this very resource.*use another key"):
        stack.provider.check(KIND, known.inputs, known.inputs)
        stack.provider.diff(KIND, known.id, known.outputs, known.inputs)
        stack.provider.create(KIND, known.inputs)
    assert held(bitbucket) == {WORK: "work"}


def test_another_name_of_the_same_key_is_refused_in_the_preview(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"work": key()})
    with pytest.raises(Refused, match="name: Bitbucket cannot change what a key is called.*; or leave it 'work'"):
        stack.preview({"work": key(name="home")})
    stack.preview({"work": key(HOME, "home")})
    stack.up({"work": key(name=None)})
    assert not stack.diffs["work"], "a name that is not given may be any"


def test_a_name_that_bitbucket_makes_is_no_difference(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"work": key(name=None)})
    next(iter(bitbucket.person("Ada").gpg_keys.values())).name = "Ada <ada@acme.example>"
    before = stack.state[KIND, "work"].inputs
    stack.refresh()
    assert stack.state[KIND, "work"].inputs == before
    stack.preview({"work": key(name=None)})
    assert not stack.diffs["work"]


@pytest.mark.parametrize("spelling", [str.lower, str.upper])
def test_import_goes_by_fingerprint_in_any_case(bitbucket: CheckedEmulator, spelling: Any) -> None:
    bitbucket.add_gpg_key("Ada", WORK, "work")
    stack = Stack(bitbucket)
    inputs = stack.bring_in(KIND, "work", f"{ADA.account_id}/{spelling(fingerprint(WORK))}")
    assert inputs == key()[1]
    assert stack.state[KIND, "work"].id == f"{bare(ADA.uuid)}/{fingerprint(WORK)}"
    stack.preview({"work": (KIND, inputs)})
    assert not stack.diffs["work"]


@pytest.mark.parametrize("name", ["work", None])
def test_the_same_key_is_taken_over(bitbucket: CheckedEmulator, name: str | None) -> None:
    bitbucket.add_gpg_key("Ada", WORK, "work")
    stack = Stack(bitbucket)
    stack.up({"work": key(name=name)})
    assert sent(bitbucket) == ["POST", "LIST"]
    assert stack.said == ["was there already, as 'work': another stack may hold it too"]
    stack.up({"renamed": key(name=name)})
    assert stack.said[1:] == [f"kept in Bitbucket: {urn_of(KIND, 'renamed')} wants it"]
    assert held(bitbucket) == {WORK: "work"}


def test_the_same_key_under_another_name_is_not_taken_over(bitbucket: CheckedEmulator) -> None:
    bitbucket.add_gpg_key("Ada", WORK, "theirs")
    with pytest.raises(Exists, match="already, as 'theirs'; nothing was changed. Bitbucket cannot change the name"):
        Stack(bitbucket, adoptExisting=True).up({"work": key()})


def test_a_key_of_another_account_is_explained(bitbucket: CheckedEmulator) -> None:
    bitbucket.add_gpg_key("Grace", WORK)
    with pytest.raises(ApiError, match="not among those of .*: another account has it"):
        Stack(bitbucket).up({"work": key()})


@pytest.mark.parametrize("drop", ["before", "after", "during"])
def test_a_post_whose_answer_is_lost_makes_one_key(bitbucket: CheckedEmulator, clock: Clock, drop: str) -> None:
    bitbucket.fault(ROUTE, method="POST", drop=drop)
    stack = Stack(bitbucket)
    stack.up({"work": key()})
    assert held(bitbucket) == {WORK: "work"} and stack.outputs("work")["fingerprint"] == fingerprint(WORK)


def test_two_resources_of_one_key_are_refused(bitbucket: CheckedEmulator) -> None:
    with pytest.raises(Refused, match=f"key: {urn_of(KIND, 'one')} manages this key too"):
        Stack(bitbucket).preview({"one": key(), "two": key(WORK.replace("\n", "\r\n"), "other")})
