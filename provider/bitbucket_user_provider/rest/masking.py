"""What others say, fit to be shown: one line of bounded length, without control characters and without any secret.

A server may say a secret back in any disguise. Where it stands as it is, or as JSON, HTML or a URL writes it, it is
masked and the words around it stay. Where a piece of it comes to light only after decoding, nothing is shown.
"""

import html
import json
import re
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus, unquote, unquote_plus

LONGEST = 300
MOST_READ = 4_000
"""Letters of a text that are looked at at all."""
MASK = "[secret]"
WITHHELD = "words that are not shown, because they hold a secret"
TELLING = 8
"""Letters in a row that give a secret away."""
ROUNDS = 3
"""How often one encoding is looked for inside another."""
BASE64 = re.compile(r"[A-Za-z0-9+/_-]{11,}")
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")


def shown(text: str, secrets: Iterable[str]) -> str:
    known = [secret for secret in map(one_line, secrets) if secret]
    text = _masked(one_line(text[:MOST_READ]), known)
    if known and _gives_away(text, known):
        text = WITHHELD
    text = text.rstrip(".") or "an answer without words"
    return text if len(text) <= LONGEST else text[:LONGEST].rstrip() + " …"


def one_line(text: str) -> str:
    return " ".join(re.sub(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]", "", text).split())


def _masked(text: str, secrets: list[str]) -> str:
    """The text with a mask over what is a secret, or a telling piece of one."""
    lower, hidden = _lower(text), bytearray(len(text))
    forms = {_lower(form) for secret in secrets for form in _forms(secret)}
    for form in forms:
        if len(form) < TELLING:
            edge = "" if len(form) >= 4 else r"[^\W_]"  # or it would be found everywhere
            pattern = rf"(?<!{edge}){re.escape(form)}(?!{edge})" if edge else re.escape(form)
            for found in re.finditer(pattern, lower):
                hidden[found.start() : found.end()] = b"x" * len(form)
    pieces = _pieces(forms)
    for start in range(len(lower) - TELLING + 1):
        if lower[start : start + TELLING] in pieces:
            hidden[start : start + TELLING] = b"x" * TELLING
    for run in reversed([*re.finditer(b"x+", hidden)]):
        piece = text[run.start() : run.end()]
        text = text[: run.start()] + " " * piece.startswith(" ") + MASK + " " * piece.endswith(" ") + text[run.end() :]
    return text


def _forms(secret: str) -> Iterator[str]:
    """The secret as JSON, HTML, a URL and a reader of the wrong encoding write it."""
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield html.escape(secret)
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield secret.encode(errors="replace").decode("latin-1")
    for encode in (b64encode, urlsafe_b64encode):
        yield encode(secret.encode(errors="replace")).decode().rstrip("=")


def _pieces(texts: Iterable[str]) -> set[str]:
    return {text[start : start + TELLING] for text in texts for start in range(len(text) - TELLING + 1)}


def _gives_away(text: str, secrets: list[str]) -> bool:
    """Whether a secret, or a telling piece of one, can be read in the text or in what decoding makes of it."""
    squeezed = {_squeezed(secret) for secret in secrets}
    pieces = _pieces(squeezed)
    short = [secret for secret in squeezed if 4 <= len(secret) < TELLING]
    views, fresh = set[str](), {text.replace(MASK, "\N{OBJECT REPLACEMENT CHARACTER}")}
    for _ in range(ROUNDS + 1):
        for view in map(_squeezed, fresh):
            if any(view[start : start + TELLING] in pieces for start in range(len(view) - TELLING + 1)):
                return True
            if any(secret in view for secret in short):
                return True
        views |= fresh
        fresh = {decoded for view in fresh for decoded in _decoded(view)} - views
    return False


def _decoded(text: str) -> Iterator[str]:
    yield html.unescape(text)
    yield unquote(text)
    yield unquote_plus(text)
    escaped = ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[2], text)
    yield escaped.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    for offset in range(4):  # a piece from the middle may begin at any of them
        yield " ".join(_from_base64(found[0][offset:]) for found in BASE64.finditer(text))


def _from_base64(text: str) -> str:
    whole = text[: len(text) // 4 * 4].translate({ord("-"): "+", ord("_"): "/"})
    return b64decode(whole).decode(errors="replace")


def _squeezed(text: str) -> str:
    return _lower("".join(text.split()))


def _lower(text: str) -> str:
    """In lower case, letter by letter, so that each keeps its place."""
    lower = text.lower()
    return lower if len(lower) == len(text) else "".join(one.lower() if len(one.lower()) == 1 else one for one in text)
