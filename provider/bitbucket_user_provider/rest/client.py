"""How to talk to Bitbucket: every call goes through `Client.request`.

A path names, as data, which kinds of credential its reads and writes prefer. Requests are repeated by `retries.py`,
paced by `governor.py`, sent by `exchange.py`, explained by `answers.py`.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from string import Formatter
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from ..config import PUBLIC_API, Config, checked_url
from ..errors import BitbucketError, Cancelled, ConfigurationError, InvalidInput, OddAnswer
from ..models.person import BARE_UUID
from . import answers, retries
from .answer import Answer
from .credentials import STACK, Credential, Environment, Kind, Origin, resolve
from .governor import Governor
from .masking import shown
from .notices import Notices
from .reply import Reply

if TYPE_CHECKING:
    from .exchange import Exchange

PAGE_LENGTH = 100
MOST_PAGES = 500
"""Of a list that does not say its size."""
MOST_LIST_BYTES = 16 * 1024 * 1024
"""Of all pages of a list together: more than twenty thousand people."""
REDIRECTS = 3
FIELDS_IN_BRACES = {"user_id", "uuid", "member", "workspace", "repo_slug", "environment"}
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
    answers_nothing: tuple[str, ...] = ("DELETE",)
    """Methods of which only a 204 says that something was done."""

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
        self._made: Exchange | None = None
        self._notices = Notices()

    def cancel(self) -> None:
        """Ends every wait at once, what is under way soon after, and lets nothing more start."""
        self.governor.cancel()
        with self._lock:
            if self._made:
                self._made.cancel()

    @property
    def _exchange(self) -> "Exchange":
        with self._lock:
            if self._made is None:
                from .exchange import Exchange

                self._made = Exchange(self.config.timeout_seconds, self.config.max_concurrent_requests)
                if self.governor.cancelled:
                    self._made.cancel()
            return self._made

    @cached_property
    def base_url(self) -> str:
        """Without a slash at the end. Raises ConfigurationError when the environment's is none."""
        if self.config.base_url:
            return self.config.base_url
        try:
            return checked_url(self._environ.get("BITBUCKET_BASE_URL") or PUBLIC_API)
        except ValueError as error:
            raise ConfigurationError(f"BITBUCKET_BASE_URL {error}.") from None

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
        """Every page, 100 values at a time, as long as Bitbucket names a next one on its own host. Raises OddAnswer
        when there are no `values`, or no end, and what `request` raises."""
        read, length, seen = 0, 0, set[str]()
        page = self.get(path, fields, {"pagelen": str(PAGE_LENGTH), **(query or {})})
        while True:
            if not page.has("values"):
                raise page.odd("values", None)
            length += page.length
            if length > MOST_LIST_BYTES:
                raise OddAnswer(f"{page.call}: the list is longer than {MOST_LIST_BYTES // 1024**2} MiB; giving up.")
            values, following = [*page.each("values")], page.maybe("next")
            size, on_a_page = page.count("size"), page.count("pagelen") or len(values) or 1
            yield Page(values, not following, size, page.moved)
            if not following:
                return
            read += 1
            most = MOST_PAGES if size is None else -(-size // on_a_page)
            if read >= max(most, 1):
                raise OddAnswer(f"{page.call}: the list does not end after {read} pages, though it should; giving up.")
            if following in seen:
                raise OddAnswer(f"{page.call}: its pages lead back to where they were; giving up.")
            seen.add(following)
            url = self._within(following, f"{page.call}: the next page")
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
        """The answer; None of a DELETE, and of a write that answers 204.

        Raises ApiError, Unanswered, Cancelled, OddAnswer when the answer cannot be used, BitbucketError when a
        certificate or a redirect is not trusted; InvalidInput and ConfigurationError before anything is sent.

        `url` takes the place of the path and query: the next page that Bitbucket named.
        """
        shown_path = path.shown(fields)
        if "baseUrl" in self.config.unknown:
            raise ConfigurationError(f"{method} {shown_path} cannot be sent: baseUrl is not known yet.")
        if url is None:
            try:
                url = self.base_url + path.fill(fields) + (f"?{urlencode(query)}" if query else "")
            except InvalidInput as wrong:
                raise InvalidInput(f"{method} {shown_path}: {wrong}") from None
        content = "" if body is None else json.dumps(body)
        credential = self._credential(path, method)
        others = tuple(one for one in self.credentials.values() if one is not credential)
        call = answers.Call(method, path, shown_path, credential, content, others)
        return retries.repeat(lambda: self._answer(call, url), method, str(call), self.governor)

    def _answer(self, call: answers.Call, url: str) -> Answer | None:
        authorization = call.credential.authorization(self._exchange)
        reply, moved = self._send(call, url, authorization)
        if reply.status == 401 and call.credential.renew(authorization):
            reply, moved = self._send(call, url, call.credential.authorization(self._exchange))
        self._notices.pass_on(f"{call.method} {call.path.template}", reply, call.secrets)
        answer = answers.read(reply, call)
        if answer:
            answer.moved, answer.length = moved, len(reply.content)
        return answer

    def _send(self, call: answers.Call, url: str, authorization: str) -> tuple[Reply, bool]:
        """The reply, and whether it came after a redirect."""
        headers = {"Authorization": authorization}
        if call.body:
            headers["Content-Type"] = "application/json"
        with self._exchange.attempt(str(call)) as attempt:
            for redirects in range(REDIRECTS + 1):
                try:
                    reply = attempt.send(call.method, url, headers, call.body.encode() or None)
                except (OSError, ValueError) as error:
                    if self.governor.cancelled:
                        raise Cancelled(
                            f"Stopped, as asked, in the middle of {call}: the next run will see whether it was done."
                        ) from None
                    from .trouble import no_answer

                    raise no_answer(error, call, attempt.seconds) from None
                location = reply.headers.get("Location")
                if location is None or reply.status not in (301, 302, 303, 307, 308):
                    return reply, redirects > 0
                url = self._within(location, f"{call}: the redirect")
                if call.method != "GET":
                    raise answers.moved(reply, call)
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
                f"{what} leads from {parts.netloc} to {shown(_host(url), ())}; it was not followed, because it would "
                "carry the credential there."
            )
        return target


def _host(url: str) -> str:
    return url.partition("//")[2].partition("/")[0].rpartition("@")[2]
