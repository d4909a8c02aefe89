"""Who calls: four kinds of credential, where each comes from, how each is sent."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from .config import Config
from .errors import ConfigurationError, Unanswered

Environment: TypeAlias = Mapping[str, str]


class Kind(Enum):
    API_TOKEN = "an API token (email and apiToken)"
    OAUTH = "an OAuth consumer (oauthClientId and oauthClientSecret)"
    ACCESS_TOKEN = "an access token (accessToken)"
    JWT = "a Connect app's JWT (BITBUCKET_JWT)"


class Credential(AuthBase, ABC):
    kind: Kind
    source: str
    """Where each half was found, for the error after a 401."""

    @abstractmethod
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest: ...

    def renew(self) -> bool:
        """True when a refused credential was replaced and the call is worth repeating."""
        return False


class ApiToken(Credential):
    kind = Kind.API_TOKEN

    def __init__(self, email: str, token: str, source: str) -> None:
        self._basic = HTTPBasicAuth(email.encode(), token.encode())
        self.source = source

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        self._basic(request)
        return request


class Header(Credential):
    def __init__(self, kind: Kind, scheme: str, token: str, source: str) -> None:
        self.kind = kind
        self.source = source
        self._value = f"{scheme} {token}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._value
        return request


class OAuth(Credential):
    """Client-credentials grant; minted when first needed, again on expiry or 401."""

    kind = Kind.OAUTH
    MARGIN_SECONDS = 60

    def __init__(self, client_id: str, client_secret: str, token_url: str, timeout: float, source: str) -> None:
        self._basic = HTTPBasicAuth(client_id.encode(), client_secret.encode())
        self._token_url = token_url
        self._timeout = timeout
        self._lock = threading.Lock()
        self._token: str | None = None
        self._expires = 0.0
        self.source = source

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        with self._lock:
            if self._token is None or time.monotonic() >= self._expires:
                self._mint()
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def renew(self) -> bool:
        with self._lock:
            self._token = None
        return True

    def _mint(self) -> None:
        try:
            response = requests.post(
                self._token_url,
                data={"grant_type": "client_credentials"},
                auth=self._basic,
                timeout=self._timeout,
                allow_redirects=False,
            )
            answer: Any = response.json()
        except requests.exceptions.JSONDecodeError:
            answer = {}
        except requests.RequestException as error:
            raise Unanswered(f"{self._token_url} did not answer: {type(error).__name__}.", sent=False) from None
        if response.status_code != 200 or not isinstance(answer, dict) or "access_token" not in answer:
            told = answer.get("error_description", "") if isinstance(answer, dict) else ""
            raise ConfigurationError(
                f"{self._token_url} gave no token for the OAuth consumer ({self.source}): "
                f"{response.status_code} {told}. "
                "The consumer must be private, and its key and secret belong together."
            )
        self._token = str(answer["access_token"])
        self._expires = time.monotonic() + float(answer.get("expires_in", 7200)) - self.MARGIN_SECONDS


def resolve(config: Config, base_url: str, environ: Environment, origin: str) -> dict[Kind, Credential]:
    """Every usable credential. Raises ConfigurationError when there is none, or half of one.

    The environment's secrets count only when the configuration names none: a provider with a host of its own must not
    be sent another host's token.
    """
    find = _Finder(environ, origin)
    named = any((config.api_token, config.access_token, config.oauth_client_secret))
    api_token = find.secret(config.api_token, "apiToken", "BITBUCKET_API_TOKEN", named)
    access_token = find.secret(config.access_token, "accessToken", "BITBUCKET_ACCESS_TOKEN", named)
    client_secret = find.secret(config.oauth_client_secret, "oauthClientSecret", "BITBUCKET_OAUTH_CLIENT_SECRET", named)
    email = find.either(config.email, "email", "BITBUCKET_EMAIL")
    client_id = find.either(config.oauth_client_id, "oauthClientId", "BITBUCKET_OAUTH_CLIENT_ID")
    if not (api_token or access_token or client_secret):
        email, api_token = find.fallback(email)

    found: dict[Kind, Credential] = {}
    if api_token:
        if not email:
            raise _half(f"an API token ({api_token.source})", "email", "BITBUCKET_EMAIL")
        source = f"e-mail from {email.source}, token from {api_token.source}"
        found[Kind.API_TOKEN] = ApiToken(email.value, api_token.value, source)
    if access_token:
        found[Kind.ACCESS_TOKEN] = Header(
            Kind.ACCESS_TOKEN, "Bearer", access_token.value, f"token from {access_token.source}"
        )
    if client_secret:
        if not client_id:
            raise _half(
                f"an OAuth client secret ({client_secret.source})", "oauthClientId", "BITBUCKET_OAUTH_CLIENT_ID"
            )
        source = f"key from {client_id.source}, secret from {client_secret.source}"
        found[Kind.OAUTH] = OAuth(
            client_id.value, client_secret.value, _token_url(base_url), config.timeout_seconds, source
        )
    elif client_id and (config.oauth_client_id or not found):
        raise _half(f"an OAuth client id ({client_id.source})", "oauthClientSecret", "BITBUCKET_OAUTH_CLIENT_SECRET")
    if email and not found:
        raise _half(f"an e-mail ({email.source})", "apiToken", "BITBUCKET_API_TOKEN")
    if jwt := environ.get("BITBUCKET_JWT"):
        found[Kind.JWT] = Header(Kind.JWT, "JWT", jwt, "token from BITBUCKET_JWT")
    if not found:
        raise ConfigurationError(
            "No credential for Bitbucket: set bitbucket-user:email and, with --secret, bitbucket-user:apiToken, or "
            "BITBUCKET_EMAIL and BITBUCKET_API_TOKEN in the environment."
        )
    return found


class _Found:
    def __init__(self, value: str, source: str) -> None:
        self.value = value
        self.source = source


class _Finder:
    def __init__(self, environ: Environment, origin: str) -> None:
        self._environ = environ
        self._origin = origin

    def either(self, configured: str | None, key: str, variable: str) -> _Found | None:
        if configured:
            return _Found(configured, f"{self._origin} ({key})")
        value = self._environ.get(variable)
        return _Found(value, variable) if value else None

    def secret(self, configured: str | None, key: str, variable: str, named: bool) -> _Found | None:
        if named and not configured:
            return None
        return self.either(configured, key, variable)

    def fallback(self, email: _Found | None) -> tuple[_Found | None, _Found | None]:
        """What other Bitbucket tools read: BITBUCKET_USERNAME with an e-mail in it, and its password or token."""
        username = self.either(None, "", "BITBUCKET_USERNAME")
        token = self.either(None, "", "BITBUCKET_PASSWORD") or self.either(None, "", "BITBUCKET_TOKEN")
        if username and token and "@" in username.value:
            return username, token
        return email, None


def _half(what: str, key: str, variable: str) -> ConfigurationError:
    return ConfigurationError(
        f"Half a credential for Bitbucket: there is {what}, but no bitbucket-user:{key}, "
        f"nor {variable} in the environment."
    )


def _token_url(base_url: str) -> str:
    parts = urlsplit(base_url)
    origin = "https://bitbucket.org" if parts.hostname == "api.bitbucket.org" else f"{parts.scheme}://{parts.netloc}"
    return f"{origin}/site/oauth2/access_token"
