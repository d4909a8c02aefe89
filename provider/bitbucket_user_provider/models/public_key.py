"""OpenSSH public keys: which are the same, and which are refused before anything is sent."""

import base64
import binascii
import hashlib
from typing import Annotated, Any

from pydantic import BeforeValidator

from .model import Same

TYPES = {
    "ssh-ed25519": "Ed25519",
    "ecdsa-sha2-nistp256": "ECDSA",
    "ecdsa-sha2-nistp384": "ECDSA",
    "ecdsa-sha2-nistp521": "ECDSA",
    "ssh-rsa": "RSA",
    "ssh-dss": "DSA",
}
SHORTEST_RSA_BITS = 2048
ED25519_BYTES = 32


def identity(text: str) -> str:
    """Type and blob of a key, without the comment: Bitbucket strips it from the key and compares the rest."""
    return " ".join(text.split()[:2])


def fingerprint(text: str) -> str:
    digest = hashlib.sha256(base64.b64decode(text.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def refuse_unless_key(text: str) -> None:
    """Raises ValueError that says what is wrong: type, base64 or length."""
    if "PRIVATE KEY" in text:
        raise ValueError("this is a private key; give the public one, the .pub file")
    if "\n" in text.strip():
        raise ValueError("must be one line, as in the .pub file")
    type, blob = [*text.split(), "", ""][:2]
    if type not in TYPES:
        raise ValueError(f"the type must be one of {', '.join(TYPES)}")
    try:
        fields = _fields(base64.b64decode(blob, validate=True))
        held, key = fields[0], fields[1:][-1]
    except (binascii.Error, IndexError):
        raise ValueError(f"what follows {type} is not the base64 of a whole key") from None
    if held != type.encode():
        raise ValueError(f"it says {type}, but holds a key of another type")
    if type == "ssh-ed25519" and len(key) != ED25519_BYTES:
        raise ValueError(f"an Ed25519 key has {ED25519_BYTES} bytes, this one {len(key)}")
    if type == "ssh-rsa" and (bits := int.from_bytes(key, "big").bit_length()) < SHORTEST_RSA_BITS:
        raise ValueError(f"an RSA key needs at least {SHORTEST_RSA_BITS} bits, this one has {bits}")


def _fields(data: bytes) -> list[bytes]:
    """The length-prefixed fields of a key blob. Raises IndexError when it ends early."""
    fields = []
    while data:
        length = int.from_bytes(data[:4], "big")
        if len(data) < 4 + length:
            raise IndexError
        fields.append(data[4 : 4 + length])
        data = data[4 + length :]
    return fields


def _is_public_key(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be an OpenSSH public key, as in the .pub file")
    refuse_unless_key(value)
    return value


def same_key(old: Any, new: Any, state: Any) -> bool:
    """Whether type and blob are the same; the comment does not count."""
    del state
    return identity(str(old)) == identity(str(new))


SshPublicKey = Annotated[str, BeforeValidator(_is_public_key), Same(same_key)]
