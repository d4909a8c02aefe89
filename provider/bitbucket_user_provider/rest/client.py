"""How to talk to Bitbucket: every call goes through `Client.request`.

A path names, as data, which kinds of credential its reads and writes prefer. Requests are repeated by `retries.py`,
paced by `governor.py`, explained by `answers.py`.
"""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from http.cookiejar import DefaultCookiePolicy
from string import Formatter
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter

from .. import USER_AGENT
from ..config import PUBLIC_API, Config, checked_url
from ..errors import BitbucketError, ConfigurationError, InvalidInput, OddAnswer
from ..models.person import BARE_UUID
from ..operation import current
from . import answers, retries, scopes
from .answer import Answer
from .credentials import STACK, Credential, Environment, Kind, Origin, resolve
from .governor import Governor

PAGE_LENGTH = 100
REDIRECTS = 3
FIELDS_IN_BRACES = {"user_id", "uuid", "member", "workspace", "repo_slug"}
"""Path fields whose UUIDs the API wants in braces; they may be written without here."""


class Page(NamedTuple):
    values: list[Answer]
    last: bool
    size: int | None = None
    """How many values there are in all, where Bitbucket says."""
    moved: bool = False
    """Whether the place answered by a redirect: it has another name now."""


@dataclass(frozen=True)
class Path:
    """A path template of the API and the kinds of credential it prefers, best first."""

    template: str
    reads: tuple[Kind, ...]
    writes: tuple[Kind, ...] = ()

    def prefers(self, method: str) -> tuple[Kind, ...]:
        return self.reads if method == "GET" else self.writes or self.reads

    def fill(self, fields: Any) -> str:
        """The path, every segment percent-encoded. `fields` is a mapping or an object with these attributes.

        Raises InvalidInput for a segment that would make another path of it.
        """
        values = {name: _braced(name, fields) for name in self.names()}
        for name, value in values.items():
            if value in ("", ".", ".."):
                raise InvalidInput(f"'{value}' cannot stand in {self.template} as {name}.")
        return self.template.format(**{name: quote(value, safe="") for name, value in values.items()})

    def shown(self, fields: Any) -> str:
        """The path as a person reads it."""
        return self.template.format(**{name: _braced(name, fields) for name in self.names()})

    def names(self) -> list[str]:
        return [name for _, name, _, _ in Formatter().parse(self.template) if name]


def _braced(name: str, fields: Any) -> str:
    found = fields[name] if isinstance(fields, Mapping) else getattr(fields, name)
    value = "" if found is None else str(found)
    return f"{{{value}}}" if name in FIELDS_IN_BRACES and BARE_UUID.fullmatch(value) else value


class Client:
    """One pooled session. Safe for threads."""

    def __init__(self, config: Config, environ: Environment, origin: Origin = STACK) -> None:
        self.config = config
        self.governor = Governor(config.max_concurrent_requests, config.max_rate_limit_wait_seconds)
        self._environ = environ
        self._origin = origin
        self._lock = threading.Lock()
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=config.max_concurrent_requests)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    @cached_property
    def base_url(self) -> str:
        """Without a slash at the end. Raises ConfigurationError when the environment's is none."""
        if self.config.base_url:
            return self.config.base_url
        try:
            return checked_url(self._environ.get("BITBUCKET_BASE_URL") or PUBLIC_API)
        except ValueError as error:
            raise ConfigurationError(f"BITBUCKET_BASE_URL: {error}.") from None

    @property
    def credentials(self) -> dict[Kind, Credential]:
        """Read from the environment when first needed. Raises ConfigurationError when there is none, or half of one."""
        with self._lock:
            return self._resolved

    @cached_property
    def _resolved(self) -> dict[Kind, Credential]:
        return resolve(self.config, self.base_url, self._environ, self._origin)

    def get(self, path: Path, fields: Any, query: Mapping[str, str] | None = None) -> Answer:
        return self._answered("GET", path, fields, query=query)

    def put(self, path: Path, fields: Any, body: Any) -> Answer:
        return self._answered("PUT", path, fields, body=body)

    def post(self, path: Path, fields: Any, body: Any, query: Mapping[str, str] | None = None) -> Answer:
        return self._answered("POST", path, fields, query=query, body=body)

    def delete(self, path: Path, fields: Any) -> None:
        self.request("DELETE", path, fields)

    def _answered(self, method: str, path: Path, fields: Any, **how: Any) -> Answer:
        """An answer that may be empty only where nothing is read from it."""
        return self.request(method, path, fields, **how) or Answer(f"{method} {path.shown(fields)}", None)

    def pages(self, path: Path, fields: Any, query: Mapping[str, str] | None = None) -> Iterator[Page]:
        """Every page, 100 values at a time, as long as Bitbucket names a next one on its own host."""
        seen: set[str] = set()
        page = self.get(path, fields, {"pagelen": str(PAGE_LENGTH), **(query or {})})
        while True:
            if not page.has("values"):
                raise page.odd("values", None)
            following = page.maybe("next")
            yield Page([*page.each("values")], not following, page.count("size"), page.moved)
            if not following:
                return
            if following in seen:
                raise OddAnswer(f"The pages of {page.call} lead back to where they were; giving up.")
            seen.add(following)
            url = self._within(following, f"The next page of {page.call}")
            page = self._answered("GET", path, fields, url=url)

    def request(
        self,
        method: str,
        path: Path,
        fields: Any,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        url: str | None = None,
    ) -> Answer | None:
        """The answer, None where it has no body. Raises ApiError, Unanswered or Cancelled.

        `url` takes the place of the path and query: the next page that Bitbucket named.
        """
        if url is None:
            url = self.base_url + path.fill(fields) + (f"?{urlencode(query)}" if query else "")
        credential = self._credential(path, method)
        needed = scopes.needed(method, path.template, credential.kind)
        call = answers.Call(method, path.shown(fields), credential, path.prefers(method), needed)
        return retries.repeat(lambda: self._exchange(call, url, body), method, str(call), self.governor)

    def _exchange(self, call: answers.Call, url: str, body: Any) -> Answer | None:
        response = self._send(call, url, body)
        if response.status_code == 401 and call.credential.renew(response.request):
            response = self._send(call, url, body)
        answer = answers.read(response, call)
        if answer:
            answer.moved = bool(response.history)
        return answer

    def _send(self, call: answers.Call, url: str, body: Any) -> requests.Response:
        followed: list[requests.Response] = []
        for _ in range(REDIRECTS + 1):
            remaining = current.get().remaining()
            timeout = self.config.timeout_seconds if remaining is None else min(self.config.timeout_seconds, remaining)
            try:
                response = self._session.request(
                    call.method, url, json=body, auth=call.credential, timeout=timeout, allow_redirects=False
                )
            except OSError as error:  # of requests, or of a REQUESTS_CA_BUNDLE that is not there
                raise answers.no_answer(error, call, timeout) from None
            if not response.is_redirect:
                response.history = followed
                return response
            followed.append(response)
            url = self._within(response.headers["Location"], f"The redirect of {call}")
            if call.method != "GET":
                raise answers.moved(response, call)
        raise BitbucketError(f"{call} was redirected more than {REDIRECTS} times.")

    def _credential(self, path: Path, method: str) -> Credential:
        usable = [kind for kind in path.prefers(method) if kind in self.credentials]
        usable += [kind for kind in self.credentials if kind is not Kind.JWT]
        if not usable:
            wanted = " or ".join(kind.value for kind in path.prefers(method))
            why = "is not known yet" if self.config.unknown else "none is configured"
            raise ConfigurationError(f"{method} {path.template} needs {wanted}; {why}.")
        return self.credentials[usable[0]]

    def _within(self, url: str, what: str) -> str:
        """The URL that Bitbucket leads to. Raises BitbucketError when it is not on the API's own host."""
        parts = urlsplit(self.base_url)
        origin = f"{parts.scheme}://{parts.netloc}/"
        target = origin + url.lstrip("/") if url.startswith("/") and not url.startswith("//") else url
        if not target.lower().startswith(origin.lower()):
            raise BitbucketError(
                f"{what} leads from {parts.netloc} to {url.partition('//')[2].partition('/')[0]}; it was not followed, "
                "because it would carry the credential there."
            )
        return target
