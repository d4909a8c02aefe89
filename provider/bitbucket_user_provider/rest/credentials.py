"""Who calls: four kinds of credential, where each comes from, how each is sent."""

import re
import threading
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, NoReturn, TypeAlias
from urllib.parse import urlsplit

from .. import operation
from ..config import Config
from ..errors import ConfigurationError, RateLimited, Unanswered
from ..operation import current
from .decoding import object_in
from .masking import shown
from .retries import retry_after

if TYPE_CHECKING:
    from .exchange import Exchange

TOKEN = re.compile(r"[!-~]+")
Environment: TypeAlias = Mapping[str, str]


class Kind(Enum):
    API_TOKEN = "an API token (email and apiToken)"
    OAUTH = "an OAuth consumer (oauthClientId and oauthClientSecret)"
    ACCESS_TOKEN = "an access token (accessToken)"
    JWT = "a Connect app's JWT (BITBUCKET_JWT)"


class Origin(NamedTuple):
    """Where the configuration's credentials come from."""

    name: str
    advice: str = ""
    """What to do when one of them is refused, beyond what goes for all."""


STACK = Origin("stack configuration")


class Credential(ABC):
    kind: Kind
    source: str
    """Where each half was found, for the error after a 401."""
    advice = ""
    """More for that error."""

    @abstractmethod
    def authorization(self, exchange: "Exchange") -> str:
        """The header of a request. The exchange is there to ask for a token."""

    @abstractmethod
    def secrets(self) -> tuple[str, ...]:
        """What no message may quote."""

    def renew(self, refused: str) -> bool:
        """True when the credential of a refused header was replaced and the call is worth repeating."""
        del refused
        return False

    def __reduce__(self) -> NoReturn:
        raise TypeError("a credential is not pickled")


class Fixed(Credential):
    """A token that is sent as it was given."""

    def __init__(self, kind: Kind, scheme: str, token: str, source: str, *more_secrets: str) -> None:
        if not TOKEN.fullmatch(token):
            raise ConfigurationError(f"The {source} is damaged: it holds spaces or signs that no token has.")
        self.kind = kind
        self.source = source
        self._header = f"{scheme} {token}"
        self._secrets = (token, *more_secrets)

    def authorization(self, exchange: "Exchange") -> str:
        return self._header

    def secrets(self) -> tuple[str, ...]:
        return self._secrets


class OAuth(Credential):
    """Client-credentials grant; minted when first needed, again on expiry or 401."""

    kind = Kind.OAUTH
    LIFETIME_SECONDS = 7200
    MARGIN_SECONDS = 60
    LONGEST_SECONDS = 1e9

    def __init__(self, client_id: str, client_secret: str, token_url: str, source: str) -> None:
        pair = _pair(client_id, client_secret)
        self._basic = f"Basic {pair}"
        self._secrets: tuple[str, ...] = (client_secret, pair)
        self._token_url = token_url
        self._lock = threading.Lock()
        self._token: str | None = None
        self._expires = 0.0
        self.source = source

    def authorization(self, exchange: "Exchange") -> str:
        while not self._lock.acquire(timeout=-1 if (left := current.get().remaining(str(self))) is None else left):
            pass
        try:
            if self._token is None or operation.now() >= self._expires:
                self._mint(exchange)
            return f"Bearer {self._token}"
        finally:
            self._lock.release()

    def secrets(self) -> tuple[str, ...]:
        """With every token so far: answers to the one of before are still under way, and it is still valid."""
        return self._secrets

    def renew(self, refused: str) -> bool:
        with self._lock:
            if refused == f"Bearer {self._token}":  # else another thread was faster
                self._token = None
        return True

    def __str__(self) -> str:
        return f"POST {self._token_url}"

    def _mint(self, exchange: "Exchange") -> None:
        headers = {"Authorization": self._basic, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            with exchange.attempt(str(self)) as attempt:
                reply = attempt.send("POST", self._token_url, headers, b"grant_type=client_credentials")
        except (OSError, ValueError) as error:
            raise Unanswered(f"{self} was not answered: {type(error).__name__}.", sent=False) from None
        status = reply.status
        if status == 429:
            after = retry_after(reply.headers)
            raise RateLimited(f"{self} answered 429: too many requests.", status, after)
        if status >= 500:
            raise Unanswered(f"{self} answered {status}.", sent=False, retry_after=retry_after(reply.headers))
        answer = object_in(reply.content)
        if status == 200 and not answer:
            why = "answered with nothing that holds a token: is baseUrl right, is a proxy in between?"
            raise Unanswered(f"{self} {why}", sent=False)
        token, lifetime = answer.get("access_token"), answer.get("expires_in")
        if status != 200 or not isinstance(token, str) or not TOKEN.fullmatch(token):
            told = shown(str(answer.get("error_description") or "no reason told"), self._secrets)
            raise ConfigurationError(
                f"{self} gave no token for the OAuth consumer ({self.source}): {status}, {told}. "
                "The consumer must be private, and its key and secret belong together."
            )
        if not isinstance(lifetime, int | float) or not 0 < lifetime < self.LONGEST_SECONDS:
            lifetime = self.LIFETIME_SECONDS
        self._secrets = (*self._secrets, token)
        self._token = token
        self._expires = operation.now() + lifetime - min(self.MARGIN_SECONDS, lifetime / 2)


def _pair(name: str, secret: str) -> str:
    """Both as Basic authentication sends them."""
    return b64encode(f"{name}:{secret}".encode()).decode()


VARIABLES = {
    "email": "BITBUCKET_EMAIL",
    "apiToken": "BITBUCKET_API_TOKEN",
    "accessToken": "BITBUCKET_ACCESS_TOKEN",
    "oauthClientId": "BITBUCKET_OAUTH_CLIENT_ID",
    "oauthClientSecret": "BITBUCKET_OAUTH_CLIENT_SECRET",
}
SECRETS = ("apiToken", "accessToken", "oauthClientSecret")
OWN_HOST = (
    "Because bitbucket-user:baseUrl is set, nothing of the environment counts: a host that the configuration names is "
    "sent only credentials that the configuration names too."
)


def resolve(config: Config, base_url: str, environ: Environment, origin: Origin) -> dict[Kind, Credential]:
    """Every usable credential. Raises ConfigurationError when there is none, or half of one.

    A secret in the configuration shuts out those of the environment, and a baseUrl in the configuration everything of
    it: a provider with a host of its own must not send another host's token there. What a preview does not know yet is
    named, but cannot be used.
    """
    values = config.model_dump(by_alias=True)
    named = any(values[key] or key in config.unknown for key in SECRETS)
    own_host = bool(config.base_url) or "baseUrl" in config.unknown
    usable = {} if own_host else {variable: value.strip() for variable, value in environ.items() if value.strip()}

    def find(key: str) -> _Found | None:
        if values[key] and values[key].strip():
            return _Found(values[key].strip(), origin.name, configured=True)
        return None if named and key in SECRETS else from_environment(VARIABLES[key])

    def from_environment(variable: str) -> _Found | None:
        return _Found(usable[variable], variable) if variable in usable else None

    email, api_token, access_token, client_id, client_secret = map(find, VARIABLES)
    if not (named or api_token or access_token or client_secret):
        # What other Bitbucket tools read.
        username = from_environment("BITBUCKET_USERNAME")
        password = from_environment("BITBUCKET_PASSWORD") or from_environment("BITBUCKET_TOKEN")
        if username and password and "@" in username.value and (not email or email.value == username.value):
            email, api_token = email or username, password

    _refuse_misplaced("accessToken", access_token, "ATATT3x", "an API token", "apiToken, with email")
    _refuse_misplaced("apiToken", api_token, "ATCTT3x", "an access token", "accessToken, without an e-mail")

    found: dict[Kind, Credential] = {}
    if email and api_token:
        source = f"e-mail from {email.source}, token from {api_token.source}"
        found[Kind.API_TOKEN] = Fixed(
            Kind.API_TOKEN, "Basic", _pair(email.value, api_token.value), source, api_token.value
        )
    if access_token:
        source = f"token from {access_token.source}"
        found[Kind.ACCESS_TOKEN] = Fixed(Kind.ACCESS_TOKEN, "Bearer", access_token.value, source)
    if client_id and client_secret:
        source = f"key from {client_id.source}, secret from {client_secret.source}"
        url = _token_url(base_url)
        found[Kind.OAUTH] = OAuth(client_id.value, client_secret.value, url, source)
    if jwt := from_environment("BITBUCKET_JWT"):
        found[Kind.JWT] = Fixed(Kind.JWT, "JWT", jwt.value, f"token from {jwt.source}")
    for kind, secret in {Kind.API_TOKEN: api_token, Kind.ACCESS_TOKEN: access_token, Kind.OAUTH: client_secret}.items():
        if kind in found and secret and secret.configured:
            found[kind].advice = origin.advice

    for owner, secret, owner_key, secret_key in (
        (email, api_token, "email", "apiToken"),
        (client_id, client_secret, "oauthClientId", "oauthClientSecret"),
    ):
        if secret and not owner:
            _refuse_half(config, secret_key, secret, owner_key, "")
        if owner and not secret and (owner.configured or not found):
            but = " that would count beside the configuration's own secret" if named and not own_host else ""
            _refuse_half(config, owner_key, owner, secret_key, but)
    if not found and not config.unknown.intersection(VARIABLES):
        raise ConfigurationError(
            "No credential for Bitbucket: set bitbucket-user:email and, with --secret, bitbucket-user:apiToken, or "
            "BITBUCKET_EMAIL and BITBUCKET_API_TOKEN in the environment." + (f" {OWN_HOST}" if own_host else "")
        )
    return found


@dataclass(frozen=True)
class _Found:
    value: str = field(repr=False)
    source: str
    configured: bool = False


def _refuse_half(config: Config, key: str, found: _Found, missing: str, but: str) -> None:
    if missing in config.unknown:
        return
    raise ConfigurationError(
        f"Half a credential for Bitbucket: {key} is there (from {found.source}), but no bitbucket-user:{missing} "
        f"in the configuration and no {VARIABLES[missing]} in the environment{but}."
        + (f" {OWN_HOST}" if config.base_url else "")
    )


def _refuse_misplaced(key: str, found: _Found | None, prefix: str, what: str, right: str) -> None:
    if found and found.value.startswith(prefix):
        raise ConfigurationError(
            f"The {key} from {found.source} is {what}, as its first letters {prefix} say: set it as {right}."
        )


def _token_url(base_url: str) -> str:
    parts = urlsplit(base_url)
    origin = "https://bitbucket.org" if parts.hostname == "api.bitbucket.org" else f"{parts.scheme}://{parts.netloc}"
    return f"{origin}/site/oauth2/access_token"
