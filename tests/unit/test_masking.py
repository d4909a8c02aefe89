"""What Bitbucket and others quote is shown without any secret, however they write it."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from bitbucket_user_provider.rest.masking import LONGEST, MASK, shown
from hypothesis import given
from hypothesis import strategies as st

SECRET = 'hunter2-"höhle"-<b>&.\nsecond line of it'
WRITERS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "json": json.dumps,
    "json as it is": lambda text: json.dumps(text, ensure_ascii=False),
    "html": html.escape,
    "url": lambda text: quote(text, safe=""),
    "wrong encoding": lambda text: text.encode().decode("latin-1"),
    "one line": lambda text: " ".join(text.split()),
    "one of its lines": lambda text: text.splitlines()[1],
    "cut short": lambda text: text[:14],
}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_secret_is_found_however_it_is_written(writer: str) -> None:
    told = shown(f"Invalid value: {WRITERS[writer](SECRET)} is bad", [SECRET])
    assert MASK in told and told.endswith("is bad")
    assert "hunter2" not in told and "second line" not in told


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
    ],
)
def test_words_stay_and_secrets_go(text: str, secrets: list[str], told: str) -> None:
    assert shown(text, secrets) == told


@given(st.text("abc .", min_size=9), st.text("abc .", max_size=400), st.text("abc ."))
def test_no_secret_is_left_and_nothing_is_long(secret: str, before: str, after: str) -> None:
    told = shown(before + secret + after, [secret])
    assert secret not in told
    assert len(told) <= LONGEST + 2
