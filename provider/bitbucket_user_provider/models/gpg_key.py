"""OpenPGP public keys in ASCII armour: which are the same, and which are refused before anything is sent.

Only the fingerprint is needed, and it takes a few lines (RFC 9580, 4.2 and 5.5.4); a library for all of OpenPGP would
be many times this package.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator

from .model import Same

ARMOUR = re.compile(
    r"-----BEGIN PGP PUBLIC KEY BLOCK-----\n(?:.+\n)*?[ \t]*\n"  # headers, and an empty line
    r"([A-Za-z0-9+/=\n]+?)(?:\n=[A-Za-z0-9+/]{4})?\n*-----END PGP PUBLIC KEY BLOCK-----"  # perhaps with a checksum
)
BLOCK = re.compile(r"-----BEGIN (PGP [A-Z ]+)-----")
PUBLIC_KEY = 6
SECRET_KEYS = (5, 7)
HASHES = {4: (b"\x99", 2, hashlib.sha1), 5: (b"\x9a", 4, hashlib.sha256), 6: (b"\x9b", 4, hashlib.sha256)}
"""Version of a key → what its fingerprint is made of, beside the key: the first byte, the bytes of the length, how."""


def normal(fingerprint: str) -> str:
    """A fingerprint as it is compared."""
    return "".join(fingerprint.split()).lower()


def fingerprint(text: str) -> str:
    """In lower case. Raises ValueError that says what is wrong with the key."""
    found = _armoured(text)
    keys = [body for tag, body in found if tag == PUBLIC_KEY]
    if any(tag in SECRET_KEYS for tag, _ in found):
        raise ValueError("it holds a private key; give the public one, as `gpg --armor --export` prints it")
    if not found or found[0][0] != PUBLIC_KEY:
        raise ValueError("what is in the block is no public key")
    if len(keys) > 1:
        raise ValueError(f"it holds {len(keys)} keys; export one: gpg --armor --export KEY-ID")
    [key] = keys
    if not key or key[0] not in HASHES:
        raise ValueError("a key of this version is not supported: make a new one")
    first, size, algorithm = HASHES[key[0]]
    return algorithm(first + len(key).to_bytes(size, "big") + key).hexdigest()


def _armoured(text: str) -> list[tuple[int, bytes]]:
    """Tag and body of each packet."""
    if "PRIVATE KEY" in text:
        raise ValueError("this is a private key; give the public one, as `gpg --armor --export` prints it")
    text = text.replace("\r\n", "\n").strip()
    match = ARMOUR.fullmatch(text)
    if not match:
        block = BLOCK.match(text)
        if block and block[1] != "PGP PUBLIC KEY BLOCK":
            raise ValueError(f"this is a {block[1].removesuffix(' BLOCK')}, no public key")
        raise ValueError("must be an ASCII-armoured public key, as `gpg --armor --export` prints it")
    try:
        return [*_packets(base64.b64decode(match[1].replace("\n", ""), validate=True))]
    except (binascii.Error, IndexError):
        raise ValueError("what is in the block is not the base64 of a whole key") from None


def _packets(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Raises IndexError when the data ends early, or is none of packets."""
    at = 0
    while at < len(data):
        head, first = data[at], data[at + 1]
        if not head & 0x80:
            raise IndexError
        if head & 0x40:  # the newer format
            tag, at = head & 0x3F, at + 2
            if first >= 192:
                more = 1 if first < 224 else 4 if first == 255 else 0
                length = int.from_bytes(data[at : at + more], "big")
                if not more or len(data) < at + more:
                    raise IndexError
                first, at = (length if more == 4 else ((first - 192) << 8) + length + 192), at + more
            length = first
        else:
            tag, size = head >> 2 & 0xF, (1, 2, 4)[head & 3]
            length, at = int.from_bytes(data[at + 1 : at + 1 + size], "big"), at + 1 + size
        if len(data) < at + length:
            raise IndexError
        yield tag, data[at : at + length]
        at += length


def _is_public_key(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be an ASCII-armoured public key, as `gpg --armor --export` prints it")
    fingerprint(value)
    return value


def same_key(old: Any, new: Any, state: Any) -> bool:
    """Whether the fingerprint is the same; other exports of one key differ in signatures."""
    del state
    return fingerprint(str(old)) == fingerprint(str(new))


GpgPublicKey = Annotated[str, BeforeValidator(_is_public_key), Same(same_key)]
