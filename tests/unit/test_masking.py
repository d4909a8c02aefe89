"""What Bitbucket and others quote is shown without any secret, however they write it."""

from __future__ import annotations

import html
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from bitbucket_user_provider.rest.masking import LONGEST, MASK, WITHHELD, shown
from hypothesis import given
from hypothesis import strategies as st

SECRET = 'hunter2-"höhle"-<b>&.+\nsecond line of it'
PAIR = b64encode(b"ada@acme.example:" + SECRET.encode()).decode()
KEPT: dict[str, Callable[[str], str]] = {
    "plain": str,
    "json": json.dumps,
    "json as it is": lambda text: json.dumps(text, ensure_ascii=False),
    "html": html.escape,
    "url": lambda text: quote(text, safe=""),
    "form": quote_plus,
    "wrong encoding": lambda text: text.encode().decode("latin-1"),
    "one line": lambda text: " ".join(text.split()),
    "one of its lines": lambda text: text.splitlines()[1],
    "cut short": lambda text: text[:14],
    "cut from the middle": lambda text: text[-16:-4],
    "upper case": str.upper,
    "bell in it": lambda text: "\a".join(text),
}
"""Masked, and the words around it stay."""
WITHHELD_ALTOGETHER: dict[str, Callable[[str], str]] = {
    "decimal entities": lambda text: "".join(f"&#{ord(one)};" for one in text),
    "hexadecimal entities": lambda text: "".join(f"&#x{ord(one):X};" for one in text),
    "named entities": lambda text: text.replace("t", "&Tab;").replace("e", "&#101;").replace("n", "&#110;"),
    "json in json": lambda text: json.dumps(json.dumps(text.replace("n", "\\u006e"))).replace("hunter", "h\\u0075nter"),
    "every sign escaped": lambda text: "".join(f"\\u{ord(one):04x}" for one in text),
    "every byte escaped": lambda text: "".join(f"%{one:02x}" for one in text.encode()),
    "url in url": lambda text: quote(quote("".join(f"%{one:02X}" for one in text.encode()))),
    "base64 of base64": lambda text: b64encode(b64encode(text.encode())).decode(),
    "base64 in a longer one": lambda text: b64encode(b"xy" + text.encode()).decode(),
    "base64 cut": lambda text: b64encode(b"xy" + text.encode()).decode()[6:40],
    "base64 for urls": lambda text: urlsafe_b64encode(b"x" + text.encode()).decode(),
    "base64 with a user": lambda text: PAIR,
    "spaced out": " ".join,
    "line after line": "\n".join,
    "html of json": lambda text: html.escape(json.dumps(text)).replace("h", "&#104;").replace("e", "&#101;"),
}


def told_of(text: str) -> str:
    told = shown(f"Invalid value: {text} is bad", [SECRET])
    bare = "".join(told.lower().split())
    for piece in ("hunter2-", "secondli", "lineofit"):
        assert piece not in bare
    return told


@pytest.mark.parametrize("writer", KEPT)
def test_a_secret_is_masked_and_the_words_around_it_stay(writer: str) -> None:
    told = told_of(KEPT[writer](SECRET))
    assert MASK in told and told.endswith("is bad")


@pytest.mark.parametrize("writer", WITHHELD_ALTOGETHER)
def test_what_holds_a_secret_in_disguise_is_not_shown_at_all(writer: str) -> None:
    assert told_of(WITHHELD_ALTOGETHER[writer](SECRET)) == WITHHELD


@pytest.mark.parametrize(
    "text",
    [
        "Your credentials lack one or more required privilege scopes; required: write:pipeline; granted: read:user",
        "The repository acme/api-of-all-things was not found & 100% sure",
        "aGVsbG8gd29ybGQsIGhlbGxv is no key, \\u0041 neither",
    ],
)
def test_words_without_a_secret_stay_as_they_are(text: str) -> None:
    assert shown(text, [SECRET, "ATATT3xFfGF0aaaaaaaaaaaaaaaaa", "77"]) == text


@pytest.mark.parametrize(
    ("text", "secrets", "told"),
    [
        ("bad token_s3cret", ["s3cret"], f"bad token_{MASK}"),
        ("Invalid value: hunter2-hunter2.", ["hunter2-hunter2."], f"Invalid value: {MASK}"),
        ("ada-api-token is bad", ["ada-api", "ada-api-token"], f"{MASK} is bad"),
        ("a 77 is bad, not 1775", ["77"], f"a {MASK} is bad, not 1775"),
        ("", ["x"], "an answer without words"),
        ("all is well", ["  ", ""], "all is well"),
        ("bell\x07 and\nline", [""], "bell and line"),
        ("the word hush4 is bad", ["hush4"], f"the word {MASK} is bad"),
        ("the word h&#117;sh4 is bad", ["hush4"], WITHHELD),
    ],
)
def test_words_stay_and_secrets_go(text: str, secrets: list[str], told: str) -> None:
    assert shown(text, secrets) == told


@given(st.text("abc .", min_size=9), st.text("abc .", max_size=400), st.text("abc ."))
def test_no_secret_is_left_and_nothing_is_long(secret: str, before: str, after: str) -> None:
    told = shown(before + secret + after, [secret])
    assert secret not in told
    assert len(told) <= LONGEST + 2
