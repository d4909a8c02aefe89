"""GPG keys of one's own account."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

import pytest
from bitbucket_user_emulator import Emulator

BODY = bytes([4]) + (1_700_000_000).to_bytes(4, "big") + bytes([22]) + b"\x09+\x06\x01\x04\x01\xdaG\x0f\x01" + b"k" * 34
FINGERPRINT = hashlib.sha1(b"\x99" + len(BODY).to_bytes(2, "big") + BODY).hexdigest()


def armoured(packet: bytes) -> str:
    data = base64.encodebytes(packet).decode()
    return f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{data}=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n"


KEY = armoured(bytes([0x98, len(BODY)]) + BODY)


@pytest.fixture
def bitbucket() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def keys(bitbucket: Emulator) -> str:
    return f"/users/{bitbucket.person('Ada').uuid}/gpg-keys"


def test_a_key_is_added_read_and_deleted_by_its_fingerprint(bitbucket: Emulator, keys: str) -> None:
    answer = bitbucket.ask("POST", keys, json={"key": KEY, "name": "laptop"})
    made = answer.json()
    assert (answer.status_code, made["fingerprint"], made["key_id"]) == (201, FINGERPRINT, FINGERPRINT[-16:])
    assert (made["name"], made["created_on"]) == ("laptop", "2023-11-14T22:13:20+00:00")
    assert bitbucket.ask("GET", made["links"]["self"]["href"]).json() == made
    assert bitbucket.ask("GET", keys).json()["values"] == [made]
    assert bitbucket.ask("POST", keys, json={"key": KEY}).status_code == 400
    assert bitbucket.ask("DELETE", f"{keys}/{FINGERPRINT}").status_code == 204
    assert bitbucket.ask("DELETE", f"{keys}/{FINGERPRINT}").status_code == 404
    assert bitbucket.gpg_keys("Ada") == []


def test_the_key_itself_is_shown_when_it_is_asked_for(bitbucket: Emulator, keys: str) -> None:
    assert "key" not in bitbucket.ask("POST", keys, json={"key": KEY}).json()
    assert bitbucket.ask("GET", f"{keys}/{FINGERPRINT}?fields=%2Bkey").json()["key"] == KEY
    assert bitbucket.ask("GET", f"{keys}?fields=%2Bvalues.key").json()["values"][0]["key"] == KEY


def test_both_formats_of_packets_are_read(bitbucket: Emulator, keys: str) -> None:
    newer = armoured(bytes([0xC6, len(BODY)]) + BODY)
    assert bitbucket.ask("POST", keys, json={"key": newer}).json()["fingerprint"] == FINGERPRINT


@pytest.mark.parametrize("text", ["", "ssh-ed25519 AAAA", armoured(b""), armoured(b"\x98\x50short"), KEY[:80]])
def test_what_is_no_key_is_refused(bitbucket: Emulator, keys: str, text: str) -> None:
    assert bitbucket.ask("POST", keys, json={"key": text}).status_code == 400


def test_other_peoples_keys_are_out_of_reach(bitbucket: Emulator, keys: str) -> None:
    assert bitbucket.ask("GET", keys, "grace-api-token").status_code == 403
