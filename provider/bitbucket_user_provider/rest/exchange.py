"""One request and its answer, bounded: in time whatever trickles in, and in size whatever it unpacks to.

Loaded with the first request: the libraries for HTTP take a fifth of the time that a preview waits for its provider.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from .. import USER_AGENT
from ..operation import current
from .connections import Adapter, Line, Lines
from .reply import MOST_BYTES, Reply

GRACE_SECONDS = 0.5
"""How long a request that is under way may still come home after a Cancel."""
CHUNK = 64 * 1024
HEADERS = {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip"}


class Exchange:
    """The connections of one client, with what the environment says of proxies and certificates. Safe for threads."""

    def __init__(self, timeout: float, connections: int) -> None:
        self._timeout = timeout
        self._adapter = Adapter(pool_connections=2, pool_maxsize=connections)
        self._lines = Lines()
        self._ways: dict[str, tuple[dict[str, str], str | bool]] = {}

    @contextmanager
    def attempt(self, what: str) -> Iterator["Attempt"]:
        """What sends the requests of one attempt, all within the timeout or what is left to the operation. Raises
        Cancelled when nothing is left."""
        remaining = current.get().remaining(what)
        seconds = self._timeout if remaining is None else min(self._timeout, remaining)
        with self._lines.line(seconds) as line:
            yield Attempt(self, line, seconds)

    def cancel(self) -> None:
        self._lines.end_within(GRACE_SECONDS)

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, seconds: float
    ) -> requests.Response:
        """The answer's head; its content is still to be read."""
        request = requests.PreparedRequest()
        request.method, request.url, request.body = method, url, body
        request.headers = CaseInsensitiveDict({**HEADERS, **headers})
        if body is not None:
            request.headers["Content-Length"] = str(len(body))
        proxies, verify = self._way_to(url)
        return self._adapter.send(request, stream=True, timeout=seconds, verify=verify, proxies=proxies)

    def _way_to(self, url: str) -> tuple[dict[str, str], str | bool]:
        """Proxies and certificates, as the environment has them when a host is first asked."""
        parts = urlsplit(url)
        way = self._ways.get(parts.netloc)
        if way is None:
            with requests.Session() as session:
                settings = session.merge_environment_settings(url, {}, None, True, None)
            # Plain http goes to this machine alone; a proxy would carry the credential off it, for all to read.
            proxies = {} if parts.scheme == "http" else dict(settings["proxies"])
            way = self._ways[parts.netloc] = (proxies, settings["verify"] or True)
        return way


@dataclass(frozen=True)
class Attempt:
    """Requests that belong together, such as those of redirects, and answer together within the timeout."""

    exchange: Exchange
    line: Line
    seconds: float

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        """Raises OSError or ValueError."""
        try:
            with self.exchange.send(method, url, headers, body, self.seconds) as response:
                content, whole = self._content(response)
                reply = Reply(response.status_code, response.headers, content, whole)
        except (OSError, HTTPError) as error:
            self._raise_if_ended()
            if isinstance(error, OSError):
                raise
            raise OSError(error) from None
        self._raise_if_ended()  # without a Content-Length, an answer that was cut off looks whole
        return reply

    def _content(self, response: requests.Response) -> tuple[bytes, bool]:
        """As much as an answer may hold, and whether that is all."""
        content = bytearray()
        for chunk in response.iter_content(CHUNK):
            content += chunk
            if len(content) > MOST_BYTES:
                return bytes(content[:MOST_BYTES]), False
        return bytes(content), True

    def _raise_if_ended(self) -> None:
        if self.line.ended:
            raise (requests.ReadTimeout() if self.line.connected else requests.ConnectTimeout()) from None
