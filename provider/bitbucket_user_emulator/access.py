"""Who calls, and whether this operation takes that kind of credential and its scopes."""

from __future__ import annotations

import base64
import binascii
import time

from . import errors
from .operations import Operation
from .world import Credential, World

IMPLIED = {  # classic scopes that contain others; API token scopes never do
    "account:write": ("account",),
    "repository:write": ("repository",),
    "pullrequest": ("repository",),
    "pullrequest:write": ("pullrequest", "repository:write", "repository"),
    "pipeline:variable": ("pipeline:write", "pipeline"),
    "pipeline:write": ("pipeline",),
}


def authenticate(world: World, header: str | None) -> Credential:
    """The credential in an Authorization header, or the refusal Bitbucket would give."""
    if not header:
        raise errors.no_credentials()
    scheme, _, presented = header.partition(" ")
    known = {"basic": _basic, "bearer": _bearer, "jwt": _jwt}.get(scheme.lower())
    if known is None:
        raise errors.bad_credentials()
    return known(world, presented.strip())


def _basic(world: World, presented: str) -> Credential:
    email, secret = basic_pair(presented)
    credential = world.credentials.get(secret)
    if credential is None or credential.kind != "api-token" or (credential.email or "").lower() != email.lower():
        raise errors.bad_credentials()
    if not credential.scopes or _expired(credential):
        raise errors.unsupported_token()
    return credential


def _bearer(world: World, presented: str) -> Credential:
    credential = world.credentials.get(presented)
    if credential is None or credential.kind == "api-token":
        raise errors.unsupported_token()
    if credential.kind == "jwt":
        raise errors.bad_credentials()
    if _expired(credential):
        raise errors.expired_token() if credential.kind == "oauth" else errors.unsupported_token()
    return credential


def _jwt(world: World, presented: str) -> Credential:
    credential = world.credentials.get(presented)
    if credential is None or credential.kind != "jwt" or _expired(credential):
        raise errors.bad_credentials()
    return credential


def _expired(credential: Credential) -> bool:
    return credential.expires_at is not None and credential.expires_at <= time.time()


def basic_pair(presented: str) -> tuple[str, str]:
    """User and password of a Basic credential; both empty when it is malformed."""
    try:
        user, _, password = base64.b64decode(presented, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def authorize(operation: Operation, credential: Credential) -> None:
    if credential.kind not in operation.kinds:
        raise errors.error(403, operation.refusal)
    required = {"api-token": operation.token, "jwt": ()}.get(credential.kind, operation.oauth)
    granted = set(credential.scopes)
    if credential.kind != "api-token":
        granted |= {implied for scope in credential.scopes for implied in IMPLIED.get(scope, ())}
    if not granted.issuperset(required):
        raise errors.lacks_scopes(list(required), list(credential.scopes))
