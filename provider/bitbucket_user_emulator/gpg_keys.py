"""GPG keys of one's own account: named by their fingerprint, added and deleted, never changed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from datetime import datetime, timezone
from typing import Any

from . import errors, pages
from .operations import Answer, Call, operation
from .people import brief
from .ssh_keys import owner, text_field
from .world import GpgKey, Person, now

KEYS = "/users/{selected_user}/gpg-keys"
KEY = f"{KEYS}/{{fingerprint}}"
ARMOUR = re.compile(
    r"-----BEGIN PGP PUBLIC KEY BLOCK-----\n(?:.+\n)*\n"  # then headers, and an empty line
    r"([A-Za-z0-9+/=\n]+?)(?:\n=[\w+/]{4})?\n-----END PGP PUBLIC KEY BLOCK-----"  # a checksum before the end
)
PUBLIC_KEY = 6  # the tag of the packet


def invalid() -> errors.Refusal:
    return errors.invalid_field("key", "Invalid GPG key.")


def primary(text: str) -> bytes:
    """The body of the first packet, which is the primary key."""
    match = ARMOUR.fullmatch(text.strip().replace("\r\n", "\n"))
    if not match:
        raise invalid()
    try:
        data = base64.b64decode(match[1].replace("\n", ""), validate=True)
        tag, rest = data[0], data[1:]
        if tag & 0x40:  # the newer format of packets
            kind, header, length = tag & 0x3F, 1, rest[0]
            if length >= 192:
                header, length = 2, ((rest[0] - 192) << 8) + rest[1] + 192
        else:
            kind, header = (tag >> 2) & 0xF, 1 << (tag & 3)
            length = int.from_bytes(rest[:header], "big")
        body = rest[header : header + length]
    except (binascii.Error, IndexError):
        raise invalid() from None
    if kind != PUBLIC_KEY or len(body) < max(length, 6) or body[0] != 4:
        raise invalid()
    return body


def parse(text: str) -> tuple[str, str]:
    """The fingerprint of a version 4 key, and when it was created."""
    body = primary(text)
    digest = hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body)  # noqa: S324 (that is what OpenPGP says)
    created = datetime.fromtimestamp(int.from_bytes(body[1:5], "big"), timezone.utc)
    return digest.hexdigest(), created.isoformat()


def find(call: Call) -> tuple[Person, GpgKey]:
    person = owner(call, "GPG")
    key = person.gpg_keys.get(call.parameters["fingerprint"].lower())
    if key is None:
        raise errors.error(404, "No GPG key found.")
    return person, key


def shown(call: Call, person: Person, key: GpgKey) -> dict[str, Any]:
    """The key itself is only shown to those who ask for it by `fields`."""
    asked = {name.strip().removeprefix("+").removeprefix("values.") for name in call.query.get("fields", "").split(",")}
    answer = {
        "type": "gpg_key",
        "fingerprint": key.fingerprint,
        "key_id": key.fingerprint[-16:],
        "parent_fingerprint": None,
        "name": key.name,
        "created_on": key.created_on,
        "added_on": key.added_on,
        "expires_on": None,
        "last_used": None,
        "owner": brief(person),
        "links": {"self": {"href": call.url("users", person.uuid, "gpg-keys", key.fingerprint.upper())}},
    }
    more = {"key": key.key, "subkeys": []}
    return answer | {name: value for name, value in more.items() if name in asked}


@operation("GET", KEYS)
def list_keys(call: Call) -> Answer:
    person = owner(call, "GPG")
    return pages.page(call, person.gpg_keys.values(), lambda key: shown(call, person, key))


@operation("POST", KEYS)
def create_key(call: Call) -> Answer:
    person, body = owner(call, "GPG"), call.json_object()
    text = text_field(body, "key")
    fingerprint, created_on = parse(text)
    if any(fingerprint in one.gpg_keys for one in list(call.world.people.values())):
        raise errors.error(400, "Someone has already registered that GPG key.")
    made = GpgKey(fingerprint, text, text_field(body, "name"), created_on, now())
    person.gpg_keys[fingerprint] = made
    return Answer(shown(call, person, made), 201)


@operation("GET", KEY)
def get_key(call: Call) -> Answer:
    return Answer(shown(call, *find(call)))


@operation("DELETE", KEY)
def delete_key(call: Call) -> Answer:
    person, key = find(call)
    del person.gpg_keys[key.fingerprint]
    return Answer(status=204)
