"""How to talk to Bitbucket: one door, `Client.request`. Everything else is a one-line call of it.

A path names, as data, which kinds of credential its reads and writes prefer. Requests are repeated by `retries.py`,
paced by `governor.py`, explained by `answers.py`.
"""

import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from string import Formatter
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter

from . import __version__, answers, retries
from .config import PUBLIC_API, Config, load
from .credentials import Credential, Environment, Kind, resolve
from .errors import BitbucketError, ConfigurationError, Unanswered
from .governor import Governor
from .operation import current

PAGE_LENGTH = 100
REDIRECTS = 3
BARE_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
FIELDS_IN_BRACES = {"user_id", "uuid", "member"}
"""Path fields whose UUIDs the API wants in braces; they may be written without here."""


class Page(NamedTuple):
    values: list[dict[str, Any]]
    last: bool
    size: int | None = None
    """How many values there are in all, where Bitbucket says."""


@dataclass(frozen=True)
class Path:
    """A path template of the API and the kinds of credential it prefers, best first."""

    template: str
    reads: tuple[Kind, ...]
    writes: tuple[Kind, ...] = ()

    def prefers(self, method: str) -> tuple[Kind, ...]:
        return self.reads if method == "GET" else self.writes or self.reads

    def fill(self, fields: Any) -> str:
        """The path, every segment percent-encoded. `fields` is a mapping or an object with these attributes."""
        return self.template.format(**{name: quote(_braced(name, fields), safe="") for name in self.names()})

    def shown(self, fields: Any) -> str:
        """The path as a person reads it."""
        return self.template.format(**{name: _braced(name, fields) for name in self.names()})

    def names(self) -> list[str]:
        return [name for _, name, _, _ in Formatter().parse(self.template) if name]


def _braced(name: str, fields: Any) -> str:
    value = str(fields[name] if isinstance(fields, Mapping) else getattr(fields, name))
    return f"{{{value}}}" if name in FIELDS_IN_BRACES and BARE_UUID.fullmatch(value) else value


class Client:
    """One pooled session. Safe for threads."""

    def __init__(self, config: Config, environ: Environment, origin: str = "stack configuration") -> None:
        self.config = config
        self.governor = Governor(config.max_concurrent_requests)
        self._environ = environ
        self._origin = origin
        self._lock = threading.Lock()
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"pulumi-bitbucket-user/{__version__}"
        self._session.headers["Accept"] = "application/json"
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=config.max_concurrent_requests)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    @cached_property
    def base_url(self) -> str:
        """Without a slash at the end. Raises ConfigurationError when the environment's is none."""
        url = self._environ.get("BITBUCKET_BASE_URL")
        return self.config.base_url or (load({"baseUrl": url}).base_url if url else None) or PUBLIC_API

    @property
    def credentials(self) -> dict[Kind, Credential]:
        """Read from the environment when first needed. Raises ConfigurationError when there is none, or half of one."""
        with self._lock:
            return self._resolved

    @cached_property
    def _resolved(self) -> dict[Kind, Credential]:
        return resolve(self.config, self.base_url, self._environ, self._origin)

    def get(self, path: Path, fields: Any, **query: str) -> Any:
        return self.request("GET", path, fields, query=query)

    def put(self, path: Path, fields: Any, body: Any) -> Any:
        return self.request("PUT", path, fields, body=body)

    def post(self, path: Path, fields: Any, body: Any, **query: str) -> Any:
        return self.request("POST", path, fields, query=query, body=body)

    def delete(self, path: Path, fields: Any) -> None:
        self.request("DELETE", path, fields)

    def pages(self, path: Path, fields: Any, /, **query: str) -> Iterator[Page]:
        """Every page, 100 values at a time, as long as Bitbucket names a next one on its own host."""
        seen: set[str] = set()
        page = self.request("GET", path, fields, query={"pagelen": str(PAGE_LENGTH), **query})
        while True:
            values = page.get("values") if isinstance(page, dict) else None
            if not isinstance(values, list):
                raise BitbucketError(f"GET {path.shown(fields)} answered with something that is no page of a list.")
            following = page.get("next")
            last = not following or following in seen
            yield Page(values, last, page.get("size"))
            if last:
                return
            seen.add(following)
            self._refuse_other_host(following, f"The next page of {path.shown(fields)}")
            page = self.request("GET", path, fields, url=following)

    def request(
        self,
        method: str,
        path: Path,
        fields: Any,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        url: str | None = None,
    ) -> Any:
        """The answer's JSON, None where it has no body. Raises ApiError, Unanswered or Cancelled.

        `url` takes the place of the path and query: the next page that Bitbucket named.
        """
        if url is None:
            url = self.base_url + path.fill(fields) + (f"?{urlencode(query)}" if query else "")
        credential = self._credential(path, method)
        call = answers.Call(method, path.shown(fields), credential, path.prefers(method))
        again = retries.policy(method, self.governor, self.config.max_rate_limit_wait_seconds)
        return again(self._exchange, call, url, body)

    def _exchange(self, call: answers.Call, url: str, body: Any) -> Any:
        with self.governor.slot():
            response = self._send(call, url, body)
            if response.status_code == 401 and call.credential.renew():
                response = self._send(call, url, body)
        return answers.read(response, call)

    def _send(self, call: answers.Call, url: str, body: Any) -> requests.Response:
        remaining = current.get().remaining()
        timeout = self.config.timeout_seconds if remaining is None else min(self.config.timeout_seconds, remaining)
        try:
            for _ in range(REDIRECTS):
                response = self._session.request(
                    call.method, url, json=body, auth=call.credential, timeout=timeout, allow_redirects=False
                )
                if not response.is_redirect or call.method != "GET":
                    return response
                url = urljoin(url, response.headers["Location"])
                self._refuse_other_host(url, f"The redirect of {call.shown}")
        except requests.RequestException as error:
            raise answers.no_answer(error, call, timeout) from None
        raise Unanswered(f"{call} was redirected more than {REDIRECTS} times.", sent=False)

    def _credential(self, path: Path, method: str) -> Credential:
        usable = [kind for kind in path.prefers(method) if kind in self.credentials]
        usable += [kind for kind in self.credentials if kind is not Kind.JWT]
        if not usable:
            wanted = " or ".join(kind.value for kind in path.prefers(method))
            raise ConfigurationError(f"{method} {path.template} needs {wanted}; none is configured.")
        return self.credentials[usable[0]]

    def _refuse_other_host(self, url: str, what: str) -> None:
        if urlsplit(url)[:2] != urlsplit(self.base_url)[:2]:
            raise BitbucketError(
                f"{what} leads from {urlsplit(self.base_url).netloc} to {urlsplit(url).netloc}; it was not followed, "
                "because it would carry the credential there."
            )
