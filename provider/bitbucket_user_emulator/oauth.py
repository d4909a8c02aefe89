"""The token endpoint: client credentials, taken from the Authorization header alone."""

from __future__ import annotations

import time
from urllib.parse import parse_qs
from uuid import uuid4

from . import errors
from .access import basic_pair
from .operations import Answer
from .world import Consumer, Credential, World

ROUTE = "/site/oauth2/access_token"


def token(world: World, authorization: str | None, content: bytes) -> Answer:
    form = {name: values[0] for name, values in parse_qs(content.decode(errors="replace")).items()}
    consumer = _consumer(world, authorization)
    if form.get("grant_type") != "client_credentials":
        raise refused(400, "unsupported_grant_type", "Only client_credentials is supported here.")
    if consumer.public:
        raise refused(400, "invalid_grant", 'Cannot use client_credentials with a consumer marked as "public".')
    lifetime = world.switches.oauth_token_seconds
    made = Credential("oauth", f"oauth-{uuid4().hex}", consumer.actor, consumer.scopes, workspaces=[consumer.workspace])
    made.expires_at = time.time() + lifetime
    world.credentials[made.secret] = made
    body = {"access_token": made.secret, "token_type": "bearer", "expires_in": lifetime}
    return Answer(body | {"scope": " ".join(consumer.scopes), "state": "client_credentials"})


def _consumer(world: World, authorization: str | None) -> Consumer:
    scheme, _, presented = (authorization or "").partition(" ")
    key, secret = basic_pair(presented) if scheme.lower() == "basic" else ("", "")
    consumer = world.consumers.get(key)
    if consumer is None or consumer.secret != secret:
        raise refused(401, "invalid_client", "Invalid OAuth client credentials")
    return consumer


def refused(status: int, code: str, description: str) -> errors.Refusal:
    return errors.Refusal(status, {"error": code, "error_description": description})
