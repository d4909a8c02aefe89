"""SSH keys of one's own account. A key is unique in the whole world, and stays so for a while after its end."""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import datetime, timezone
from typing import Any

from . import errors, pages
from .operations import Answer, Call, operation
from .people import brief
from .world import Person, SshKey, World, as_kept, new_uuid, now

KEYS = "/users/{selected_user}/ssh-keys"
KEY = f"{KEYS}/{{key_id}}"
MINIMUM_BITS = {"ssh-rsa": 2048, "ssh-dss": 1024}
TYPES = {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", *MINIMUM_BITS}
REGISTERED = "Someone has already {} that SSH key."
BLOCKED = "SSH keys must be unique and deleted keys may take up to 30 days to be removed. Please use a unique SSH key."


def parse(text: str) -> tuple[str, str]:
    """Type and blob, and the comment, of one line in OpenSSH's format."""
    kind, blob, comment = [*text.strip().split(None, 2), "", "", ""][:3]
    if kind not in TYPES or "\n" in text.strip():
        raise errors.invalid_field("key", "Invalid SSH key: type not supported.")
    try:
        parts = _parts(base64.b64decode(blob, validate=True))
    except (binascii.Error, ValueError):
        raise errors.invalid_field("key", "Invalid SSH key.") from None
    if len(parts) < 2 or parts[0] != kind.encode():
        raise errors.invalid_field("key", "Invalid SSH key.")
    number = parts[2 if kind == "ssh-rsa" and len(parts) > 2 else 1]
    if int.from_bytes(number, "big").bit_length() < MINIMUM_BITS.get(kind, 0):
        raise errors.invalid_field("key", "Invalid SSH key: too short.")
    return f"{kind} {blob}", comment


def _parts(blob: bytes) -> list[bytes]:
    """The length-prefixed fields of a key blob."""
    parts = []
    while blob:
        length = int.from_bytes(blob[:4], "big")
        if len(blob) < 4 + length:
            raise ValueError("a field is cut short")
        parts.append(blob[4 : 4 + length])
        blob = blob[4 + length :]
    return parts


def fingerprint(key: str) -> str:
    digest = hashlib.sha256(base64.b64decode(key.split()[1])).digest()
    return base64.b64encode(digest).decode().rstrip("=")


def expiry(text: str | None) -> str | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise errors.invalid_field("expires_on", "Enter a valid ISO-8601 date or date-time.") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    if moment <= datetime.now(timezone.utc):
        raise errors.invalid_field("expires_on", "The expiry must be in the future.")
    return moment.isoformat()


def check_unused(world: World, key: str) -> None:
    """A key of an account is in use nowhere else, and opens no place either."""
    check_of_nobody(world, key)
    places = [place for one in list(world.workspaces.values()) for place in one.places()]
    if any(held.key == key for place in places for held in list(place.deploy_keys.values())):
        raise errors.error(400, REGISTERED.format(world.switches.taken_key))


def check_of_nobody(world: World, key: str) -> None:
    if any(held.key == key for person in list(world.people.values()) for held in list(person.ssh_keys.values())):
        raise errors.error(400, REGISTERED.format(world.switches.taken_key))
    if key in world.deleted_ssh_keys:
        raise errors.error(400, BLOCKED)


def owner(call: Call, kind: str = "SSH") -> Person:
    person = call.account()
    if person is not call.actor:
        raise errors.error(403, f"You do not have permission to access this user's {kind} keys.")
    return person


def find(call: Call) -> tuple[Person, SshKey]:
    person = owner(call)
    key = person.ssh_keys.get(as_kept(call.parameters["key_id"]))
    if key is None:
        raise errors.error(404, "No SSH key found.")
    return person, key


def shown(call: Call, person: Person, key: SshKey) -> dict[str, Any]:
    return {
        "type": "ssh_key",
        "uuid": key.uuid,
        "key": key.key,
        "comment": key.comment,
        "label": key.label,
        "fingerprint": key.fingerprint,
        "created_on": key.created_on,
        "last_used": None,
        "expires_on": key.expires_on if call.switches.expires_on_answered else None,
        "owner": brief(person),
        "links": {"self": {"href": call.url("users", person.uuid, "ssh-keys", key.uuid[1:-1])}},
    }


def text_field(body: dict[str, Any], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise errors.invalid_field(name, "Not a valid string.")
    return value


@operation("GET", KEYS)
def list_keys(call: Call) -> Answer:
    person = owner(call)
    return pages.page(call, person.ssh_keys.values(), lambda key: shown(call, person, key))


@operation("POST", KEYS)
def create_key(call: Call) -> Answer:
    person, body = owner(call), call.json_object()
    key, comment = parse(text_field(body, "key"))
    expires_on = expiry(call.query.get("expires_on"))
    check_unused(call.world, key)
    made = SshKey(new_uuid(), key, comment, text_field(body, "label"), fingerprint(key), now(), expires_on)
    person.ssh_keys[made.uuid] = made
    return Answer(shown(call, person, made), 201)


@operation("GET", KEY)
def get_key(call: Call) -> Answer:
    return Answer(shown(call, *find(call)))


@operation("PUT", KEY)
def update_key(call: Call) -> Answer:
    person, key = find(call)
    body = call.json_object()
    for name in ("key", "comment"):
        if name in body and body[name] != getattr(key, name):
            raise errors.invalid_field(name, "Cannot be updated: delete the key and add it again.")
    if "label" in body:
        key.label = text_field(body, "label")
    return Answer(shown(call, person, key))


@operation("DELETE", KEY)
def delete_key(call: Call) -> Answer:
    person, key = find(call)
    del person.ssh_keys[key.uuid]
    call.world.deleted_ssh_keys.append(key.key)
    return Answer(status=204)
