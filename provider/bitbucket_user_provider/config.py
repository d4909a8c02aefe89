"""The provider's configuration: its keys, how they may arrive, what is wrong with them."""

import json
from collections.abc import Mapping
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator

from .errors import ConfigurationError
from .model import UNKNOWN, Model, Secret

NAMESPACE = "bitbucket-user"
PUBLIC_API = "https://api.bitbucket.org/2.0"
ENGINE_KEYS = {"version", "pluginDownloadURL", "__internal"}


class Config(Model):
    """Credentials may stand side by side: each call takes the kind that Bitbucket accepts for it."""

    email: str | None = None
    """E-mail of the Atlassian account that owns `apiToken`. Also read from BITBUCKET_EMAIL."""

    api_token: Secret[str | None] = None
    """API token with scopes, sent with `email`: the only credential Bitbucket accepts for permission writes. Also read
    from BITBUCKET_API_TOKEN."""

    access_token: Secret[str | None] = None
    """Workspace, project or repository access token. Also read from BITBUCKET_ACCESS_TOKEN."""

    oauth_client_id: str | None = None
    """Key of a private OAuth consumer. Also read from BITBUCKET_OAUTH_CLIENT_ID."""

    oauth_client_secret: Secret[str | None] = None
    """Secret of the OAuth consumer. Also read from BITBUCKET_OAUTH_CLIENT_SECRET."""

    base_url: str | None = None
    """Where the API is: `https://api.bitbucket.org/2.0` unless set here or in BITBUCKET_BASE_URL. https, or http on
    loopback only."""

    allowed_workspaces: list[str] | None = None
    """Workspaces that resources may be in; any when empty. A resource in another one is refused before anything is
    sent."""

    adopt_existing: bool = False
    """What create does when the thing is there already: true takes it over and brings it to the wanted state, false
    (the default) fails and says what stands there."""

    timeout_seconds: float = Field(default=30, gt=0)
    """Longest one request may take, in seconds."""

    max_concurrent_requests: int = Field(default=16, ge=1, le=256)
    """Most requests under way at once."""

    max_rate_limit_wait_seconds: float = Field(default=3900, ge=0)
    """Longest one request waits for Bitbucket's rate limit, in seconds; 0 never waits."""

    @field_validator("base_url")
    @classmethod
    def _is_safe(cls, url: str | None) -> str | None:
        if not url:
            return None
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or "@" in url:
            raise ValueError(f"{url!r} is no base URL; it looks like '{PUBLIC_API}'")
        if parts.scheme == "http" and not _is_loopback(parts.hostname):
            raise ValueError(f"'{url}' would send the credential unencrypted; http is for loopback only, use https")
        return url.rstrip("/")


def load(values: Mapping[str, Any]) -> Config:
    """The configuration from its keys without the namespace. Raises ConfigurationError, one line for all problems."""
    found = problems(values)
    if found:
        raise ConfigurationError(" ".join(f"{NAMESPACE}:{key}: {reason}." for key, reason in found))
    return Config.model_validate(_known(values))


def problems(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(key, reason) for each key that cannot be used."""
    names = {field.alias or name for name, field in Config.model_fields.items()}
    found = []
    for key in values:
        if key not in names and key not in ENGINE_KEYS:
            near = get_close_matches(key, names, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"the keys are {', '.join(sorted(names))}"
            found.append((key, f"unknown configuration key; {hint}"))
    try:
        Config.model_validate({key: value for key, value in _known(values).items() if key in names})
    except ValidationError as error:
        found += [(str(e["loc"][0]), e["msg"].removeprefix("Value error, ")) for e in error.errors()]
    return found


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _parsed(key, value)
        for key, value in values.items()
        if key not in ENGINE_KEYS and value is not UNKNOWN and value is not None and value != ""
    }


def _parsed(key: str, value: Any) -> Any:
    if key == "allowedWorkspaces" and isinstance(value, str):
        try:
            return [item for item in json.loads(value) if item is not UNKNOWN]
        except ValueError:
            return value
    return value


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
