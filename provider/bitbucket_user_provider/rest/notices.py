"""What Bitbucket announces in an answer: that an endpoint is deprecated, and when it ends."""

import threading
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone

from ..operation import current
from .decoding import object_in
from .masking import shown
from .reply import Reply


class Notices:
    """Passes each on once an endpoint. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: set[str] = set()

    def pass_on(self, endpoint: str, reply: Reply, secrets: Iterable[str]) -> None:
        """Warns when the answer of the endpoint, "GET /users/{user_id}", announces something."""
        found = [*_announced(reply)]
        if not found:
            return
        with self._lock:
            first = endpoint not in self._told
            self._told.add(endpoint)
        if first:
            current.get().warn(f"Bitbucket announces a change of {endpoint}: {shown(', '.join(found), secrets)}.")


def _announced(reply: Reply) -> Iterator[str]:
    if deprecated := reply.headers.get("Deprecation"):
        moment = _moment(deprecated)
        yield f"deprecated since {moment}" if moment else "deprecated"
    if sunset := reply.headers.get("Sunset"):
        yield f"gone from {sunset}"
    if b"announcement_url" in reply.content and (url := _url(reply.content)):
        yield f"see {url}"


def _moment(text: str) -> str:
    """The date of "@1767225600"; other dates as they are, and none for "true"."""
    if text.startswith("@") and text[1:].isdecimal() and len(text) < 12:
        return datetime.fromtimestamp(int(text[1:]), timezone.utc).date().isoformat()
    return "" if text.lower() == "true" else text


def _url(content: bytes) -> str:
    """The announcement_url of an answer, or of the error in it."""
    places = [object_in(content)]
    for name in ("error", "data"):
        inner = places[-1].get(name)
        places.append(inner if isinstance(inner, dict) else {})
    urls = (place.get("announcement_url") for place in places)
    return next((url for url in urls if isinstance(url, str)), "")
