"""SSH keys of one's own account."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
from bitbucket_user_emulator import Emulator

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKqP3Cr632C2dNhhgKVcon4ldUSAeKiku2yP9O9/bDtY"


def packed(*parts: bytes) -> str:
    return base64.b64encode(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).decode()


def rsa(bits: int) -> str:
    return f"ssh-rsa {packed(b'ssh-rsa', bytes([1, 0, 1]), (1 << bits - 1).to_bytes(bits // 8 + 1, 'big'))}"


@pytest.fixture
def bitbucket() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def keys(bitbucket: Emulator) -> str:
    return f"/users/{bitbucket.person('Ada').uuid}/ssh-keys"


def test_a_key_lives_from_post_to_delete(bitbucket: Emulator, keys: str) -> None:
    answer = bitbucket.ask("POST", f"{keys}?expires_on=2099-12-31", json={"key": f"{KEY} ada@desk top"})
    made = answer.json()
    assert answer.status_code == 201
    assert (made["key"], made["comment"], made["label"]) == (KEY, "ada@desk top", "")
    assert made["fingerprint"] == "w9tZSiFoZ8oXwS4ZSWrJopGxwvnPIewA6Mo4owAHPrI"
    assert (made["last_used"], made["expires_on"]) == (None, None)
    assert made["links"]["self"]["href"].endswith(made["uuid"].strip("{}"))
    assert bitbucket.ask("GET", made["links"]["self"]["href"]).json() == made
    assert bitbucket.ssh_keys("Ada")[0].expires_on == "2099-12-31T00:00:00+00:00"
    one = f"{keys}/{made['uuid']}"
    assert bitbucket.ask("PUT", one, json={"label": "desk"}).json() == {**made, "label": "desk"}
    assert bitbucket.ask("PUT", one, json={"key": rsa(2048)}).status_code == 400
    bitbucket.world.switches.expires_on_answered = True
    assert bitbucket.ask("GET", keys).json()["values"][0]["expires_on"] == "2099-12-31T00:00:00+00:00"
    assert bitbucket.ask("DELETE", one).status_code == 204
    assert bitbucket.ask("GET", one).status_code == 404
    assert bitbucket.ssh_keys("Ada") == []


def test_a_key_is_unique_in_the_world_and_blocked_after_its_end(bitbucket: Emulator, keys: str) -> None:
    uuid = bitbucket.add_ssh_key("Grace", f"{KEY} grace@host").uuid
    taken = bitbucket.ask("POST", keys, json={"key": f"{KEY} another comment"})
    assert (taken.status_code, taken.json()["error"]["message"]) == (
        400,
        "Someone has already registered that SSH key.",
    )
    bitbucket.switches.taken_key = "added"
    assert "already added" in bitbucket.ask("POST", keys, json={"key": KEY}).json()["error"]["message"]
    bitbucket.delete_ssh_key("Grace", uuid)
    blocked = bitbucket.ask("POST", keys, json={"key": KEY})
    assert blocked.status_code == 400 and "up to 30 days" in blocked.json()["error"]["message"]
    bitbucket.world.deleted_ssh_keys.clear()
    assert bitbucket.ask("POST", keys, json={"key": KEY}).status_code == 201


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ssh-ed25519",
        "ssh-ed25519 AAAA",
        "ssh-ed25519 !!!!",
        KEY.replace("ssh-ed25519", "ssh-rsa"),
        KEY.replace("ssh-ed25519", "sk-ssh-ed25519@openssh.com"),
        KEY[:-8],
        rsa(1024),
        f"{KEY}\n{rsa(2048)}",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
    ],
)
def test_what_is_no_openssh_key_is_refused(bitbucket: Emulator, keys: str, text: str) -> None:
    answer = bitbucket.ask("POST", keys, json={"key": text})
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["key"])


def test_a_long_rsa_key_is_taken(bitbucket: Emulator, keys: str) -> None:
    assert bitbucket.ask("POST", keys, json={"key": rsa(2048), "label": "old"}).status_code == 201


@pytest.mark.parametrize("moment", ["soon", "2020-01-01", "2020-01-01T00:00:00.000Z", "2099-13-01"])
def test_an_expiry_is_a_moment_to_come(bitbucket: Emulator, keys: str, moment: str) -> None:
    assert bitbucket.ask("POST", f"{keys}?expires_on={moment}", json={"key": KEY}).status_code == 400
    assert bitbucket.ssh_keys("Ada") == []


def test_keys_of_others_are_not_accessible(bitbucket: Emulator, keys: str) -> None:
    graces = f"/users/{bitbucket.person('Grace').uuid}/ssh-keys"
    assert bitbucket.ask("GET", graces).status_code == 403
    assert bitbucket.ask("POST", graces, json={"key": KEY}).status_code == 403
    assert bitbucket.ask("GET", "/users/nobody/ssh-keys").status_code == 404
    assert bitbucket.ask("GET", keys, "acme-access-token").status_code == 403
    assert bitbucket.ask("GET", keys, bitbucket.mint()).status_code == 403, "an app is nobody's self"
