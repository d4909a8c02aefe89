"""What others say, fit to be shown: one line of bounded length, without control characters and without any secret."""

import html
import json
import os.path
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

LONGEST = 300
MASK = "[secret]"
TELLING = 8
"""Letters from its start that give a secret away, where a server has cut it short."""


def shown(text: str, secrets: Iterable[str]) -> str:
    found = {form for secret in secrets for form in _forms(secret) if form.strip()}
    forms = sorted(found, key=len, reverse=True)  # one secret may lie in another
    for remove in (_whole, _cut):
        for form in forms:
            text = remove(text, form)
    text = one_line(text).rstrip(".") or "an answer without words"
    return text if len(text) <= LONGEST else text[:LONGEST].rstrip() + " …"


def one_line(text: str) -> str:
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text).split())


def _forms(secret: str) -> Iterator[str]:
    """The secret as JSON, HTML, a URL and a reader of the wrong encoding write it, whole and line by line."""
    for part in (secret, one_line(secret), *(line for line in secret.splitlines() if len(line) >= TELLING)):
        yield part
        yield json.dumps(part)[1:-1]
        yield json.dumps(part, ensure_ascii=False)[1:-1]
        yield html.escape(part)
        yield quote(part, safe="")
        yield part.encode(errors="replace").decode("latin-1")


def _whole(text: str, form: str) -> str:
    if len(form) >= 4:
        return text.replace(form, MASK)
    return re.sub(rf"(?<![^\W_]){re.escape(form)}(?![^\W_])", MASK, text)  # or it would be found everywhere


def _cut(text: str, form: str) -> str:
    start = text.find(form[:TELLING]) if len(form) > TELLING else -1
    while start >= 0:
        end = start + len(os.path.commonprefix([text[start:], form]))
        text = text[:start] + MASK + text[end:]
        start = text.find(form[:TELLING], start + len(MASK))
    return text
