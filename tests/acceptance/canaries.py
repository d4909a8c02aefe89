"""Secrets that can be told wherever they turn up, and the search for them in every form that a text may take."""

from __future__ import annotations

import html
import json
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from urllib.parse import quote, quote_plus

CREDENTIALS = {
    "API token": "ATATT3xCanary~api-token-0d1f",
    "access token": "ATCTT3xCanary~access-token-1e2a",
    "OAuth secret": "canary~oauth-secret-2f3b",
    "minted token": "oauth-canary~minted-token-5b6d",
    "JWT": "canary~header.canary~payload.canary~jwt-3a4c",
}
VALUES = {
    "short": "q~7!",
    "long": "canary~long-4b5d " * 400,
    "many lines": "first canary~line-5c6e\nsecond canary~line-6d7f\r\n\tthird canary~line-7e8a\n",
    "unicode": "канарейка~ключ-🐤-8f9b",
    "JSON": '{"password": "canary~json-9a0c", "quotes": "\\"canary~quoted-0b1d\\""}',
    "URL": "https://user:canary~url-1c2e@host.example/?key=canary~query+2d3f&b=%20",
    "HTML": "<b title='canary~html-3e4a'>canary~text-4f5b &amp; more</b>",
}
MARKS = {
    "long": ["canary~long-4b5d"],
    "many lines": ["canary~line-5c6e", "canary~line-6d7f", "canary~line-7e8a"],
    "JSON": ["canary~json-9a0c", "canary~quoted-0b1d"],
    "URL": ["canary~url-1c2e", "canary~query+2d3f"],
    "HTML": ["canary~html-3e4a", "canary~text-4f5b"],
}
"""Where it is more than a word: the parts that may not be seen either."""
PRIVATE_KEY = """-----BEGIN OPENSSH PRIVATE KEY-----
canary~private+key/5a6cQyNTUxOQAAACBcanary
-----END OPENSSH PRIVATE KEY-----
"""
EVERY = {**CREDENTIALS, **VALUES, "private key": PRIVATE_KEY}


class Search:
    """Place → the names of the secrets that were found there."""

    def __init__(self, secrets: dict[str, str]) -> None:
        self.secrets = secrets
        self.found: dict[str, set[str]] = {}

    def look(self, place: str, text: str | bytes) -> None:
        content = text if isinstance(text, bytes) else text.encode(errors="surrogateescape")
        found = self.found.setdefault(place, set())
        found |= {name for name in self.secrets.keys() - found if self.is_in(name, content)}

    def is_in(self, name: str, content: bytes) -> bool:
        marks = [self.secrets[name]] if name not in MARKS else MARKS[name]
        marks = [line for line in PRIVATE_KEY.splitlines() if "~" in line] if name == "private key" else marks
        return any(form in content for mark in marks for form in forms(mark))

    def table(self) -> str:
        return "\n".join(f"{place:44} {', '.join(sorted(names)) or '-'}" for place, names in self.found.items())


@cache
def forms(mark: str) -> frozenset[bytes]:
    return frozenset(_forms(mark))


def _forms(mark: str) -> Iterator[bytes]:
    yield mark.encode()
    yield mark.encode("utf-16-le")
    for escaped in (json.dumps(mark)[1:-1], json.dumps(mark, ensure_ascii=False)[1:-1]):
        yield escaped.encode()
        yield json.dumps(escaped)[1:-1].encode()
    yield from (quote(mark, safe="").encode(), quote_plus(mark).encode(), html.escape(mark).encode())
    for before in range(3) if len(mark) > 8 else ():  # shorter ones stand in base64 by chance
        whole = b64encode(b"\0" * before + mark.encode())
        yield whole[-(-before * 4 // 3) : -4]
