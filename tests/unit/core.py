"""The core, connected to an emulator with the credentials of one of its people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bitbucket_user_emulator import Emulator
from bitbucket_user_provider.config import load
from bitbucket_user_provider.lifecycle import Lifecycle
from bitbucket_user_provider.rest.client import Path
from bitbucket_user_provider.run.api import Api
from bitbucket_user_provider.run.place import READ_PEOPLE

ADA = {"email": "ada@acme.example", "apiToken": "ada-api-token"}
GRACE = {"email": "grace@acme.example", "apiToken": "grace-api-token"}
CONSUMER = {"oauthClientId": "acme-consumer", "oauthClientSecret": "acme-consumer-secret"}
BOT = {"accessToken": "acme-access-token"}
APP = {"BITBUCKET_JWT": "acme-connect-jwt"}
USER = Path("/user", READ_PEOPLE)
PERSON = Path("/users/{user_id}", READ_PEOPLE)
VARIABLES = Path("/workspaces/{workspace}/pipelines-config/variables", READ_PEOPLE)
VARIABLE = Path("/workspaces/{workspace}/pipelines-config/variables/{uuid}", READ_PEOPLE)


def connect(bitbucket: Emulator, config: Mapping[str, Any] = ADA, environ: Mapping[str, str] | None = None) -> Api:
    """Its URL stands in the environment, since one in the configuration shuts out the credentials of `environ`."""
    return Api(load(config), {"BITBUCKET_BASE_URL": bitbucket.url, **(environ or {})})


def serve(bitbucket: Emulator, config: Mapping[str, Any] = ADA, environ: Mapping[str, str] | None = None) -> Lifecycle:
    return Lifecycle(connect(bitbucket, config, environ))
