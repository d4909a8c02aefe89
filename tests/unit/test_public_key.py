"""Public keys: which are refused and why, and what of them counts."""

from __future__ import annotations

import base64

import pytest
from bitbucket_user_provider.models.public_key import fingerprint, identity, refuse_unless_key, same_key
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat


def packed(*fields: bytes) -> str:
    return base64.b64encode(b"".join(len(field).to_bytes(4, "big") + field for field in fields)).decode()


def openssh(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
KEY = openssh(ED25519)
BLOB = KEY.split()[1]
FIELDS = "what follows ssh-ed25519 is not the base64 of a whole key"


@pytest.mark.parametrize(
    "key",
    [
        KEY,
        f"{KEY} ada@desk with a long comment",
        f"  {KEY}\tada@desk\n",
        openssh(rsa.generate_private_key(65537, 2048)),
        *(openssh(ec.generate_private_key(curve())) for curve in (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)),
    ],
    ids=["Ed25519", "with a comment", "with spaces", "RSA", "P-256", "P-384", "P-521"],
)
def test_what_ssh_keygen_makes_is_accepted(key: str) -> None:
    refuse_unless_key(key)


def rsa_of(bits: int) -> str:
    return f"ssh-rsa {packed(b'ssh-rsa', bytes([1, 0, 1]), (1 << bits - 1).to_bytes(bits // 8 + 1, 'big'))}"


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (ED25519.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode(), "this is a private key"),
        (f"{KEY}\n{KEY}", "must be one line"),
        ("ssh-ed448 AAAA", "the type must be one of ssh-ed25519, ecdsa-sha2-nistp256, .*ssh-rsa, ssh-dss$"),
        ("sk-ssh-ed25519@openssh.com AAAA", "the type must be one of"),
        (BLOB, "the type must be one of"),
        ("ssh-ed25519", FIELDS),
        ("ssh-ed25519 not-base64!", FIELDS),
        (f"ssh-ed25519 {BLOB[:-1]}", FIELDS),
        (f"ssh-ed25519 {BLOB[:-4]}", FIELDS),
        (f"ssh-ed25519 {packed(b'ssh-ed25519')}", FIELDS),
        (f"ssh-rsa {BLOB}", "it says ssh-rsa, but holds a key of another type"),
        (f"ssh-ed25519 {packed(b'ssh-ed25519', b'short')}", "an Ed25519 key has 32 bytes, this one 5"),
        (rsa_of(1024), "an RSA key needs at least 2048 bits, this one has 1024"),
    ],
)
def test_what_is_no_public_key_is_refused_with_the_reason(key: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as refusal:
        refuse_unless_key(key)
    assert BLOB not in str(refusal.value)


def test_only_type_and_blob_count() -> None:
    assert same_key(KEY, f" {KEY}   other@host \n", None)
    assert not same_key(KEY, openssh(ed25519.Ed25519PrivateKey.generate()), None)
    assert identity(f"{KEY} a b c") == KEY


def test_a_fingerprint_is_what_ssh_keygen_shows() -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKqP3Cr632C2dNhhgKVcon4ldUSAeKiku2yP9O9/bDtY ada@desk"
    assert fingerprint(key) == "SHA256:w9tZSiFoZ8oXwS4ZSWrJopGxwvnPIewA6Mo4owAHPrI"
