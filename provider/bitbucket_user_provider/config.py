"""The provider's configuration: its keys, how they may arrive, what is wrong with them."""

import json
import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Annotated, Any, NoReturn
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, PrivateAttr, ValidationError

from .errors import ConfigurationError
from .models.model import Model, Secret
from .models.validation import has_unknown, unknown_name

NAMESPACE = "bitbucket-user"
PUBLIC_API = "https://api.bitbucket.org/2.0"
ENGINE_KEYS = {"version", "pluginDownloadURL"}
LONGEST_SECONDS = 1_000_000


def checked_url(url: str) -> str:
    """Without a slash at the end. Raises ValueError, whose words do not quote the URL: it may hold a password."""
    if "@" in url:
        raise ValueError("must hold no user and no password")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.query
        or parts.fragment
        or re.search(r"[\s\\]", url)
    ):
        raise ValueError(f"is no base URL; it looks like '{PUBLIC_API}'")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("would send the credential unencrypted; http is for loopback only, use https")
    if parts.hostname == "api.bitbucket.org" and parts.path.rstrip("/") != "/2.0":
        raise ValueError(f"is not where Bitbucket's API is: that is '{PUBLIC_API}'")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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

    base_url: Annotated[str, AfterValidator(checked_url)] | None = None
    """Where the API is: `https://api.bitbucket.org/2.0` unless set here or in BITBUCKET_BASE_URL. https, or http on
    loopback only."""

    allowed_workspaces: list[str] | None = None
    """Workspaces that resources may be in; any when empty. A resource in another one is refused before anything is
    sent."""

    adopt_existing: bool = False
    """What create does when the thing is there already: true takes it over and brings it to the wanted state, false
    (the default) fails and says what stands there."""

    max_removals: int | None = Field(default=None, ge=0)
    """Most people and groups that may lose access, or part of it, in one set and update; no limit when absent. A set
    in which more would is refused, in the preview where that is known. Deleting a whole set is not counted."""

    timeout_seconds: float = Field(default=30, gt=0, le=LONGEST_SECONDS)
    """Longest one request may take, in seconds."""

    max_concurrent_requests: int = Field(default=16, ge=1, le=256)
    """Most requests under way at once."""

    max_rate_limit_wait_seconds: float = Field(default=3900, ge=0, le=LONGEST_SECONDS)
    """Longest one request waits for Bitbucket's rate limit, in seconds; 0 never waits."""

    _unknown: frozenset[str] = PrivateAttr(default=frozenset())

    @property
    def unknown(self) -> frozenset[str]:
        """The keys that are configured, with values that a preview does not know yet."""
        return self._unknown

    def __reduce__(self) -> NoReturn:
        raise TypeError("a configuration is not pickled: it holds secrets")


def load(values: Mapping[str, Any]) -> Config:
    """The configuration from its keys without the namespace. Raises ConfigurationError, one line for all problems."""
    found = problems(values)
    if found:
        raise ConfigurationError(
            " ".join(f"{NAMESPACE}:{key}: {reason}{'.' * (reason[-1] != '?')}" for key, reason in found)
        )
    config = Config.model_validate(dict(_known(values)))
    config._unknown = frozenset(key for key, value in values.items() if has_unknown(value))
    return config


def problems(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(key, reason) for each key that cannot be used."""
    names = [field.alias or name for name, field in Config.model_fields.items()]
    known = dict(_known(values))
    found = [(key, unknown_name(key, names, "configuration key")) for key in known if key not in names]
    try:
        Config.model_validate({key: value for key, value in known.items() if key in names})
    except ValidationError as error:
        found += [
            (str(e["loc"][0]), e["msg"].removeprefix("Value error, ").replace("Input should be", "must be"))
            for e in error.errors()
        ]
    return sorted(found)


def _known(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        ours = key not in ENGINE_KEYS and not key.startswith("__")
        if ours and value is not None and value != "" and not has_unknown(value):
            yield key, _parsed(value) if key == "allowedWorkspaces" else value


def _parsed(value: Any) -> Any:
    """A list may arrive as JSON."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value
