"""No message is longer than a person reads."""

from __future__ import annotations

import pytest
from bitbucket_user_provider.errors import LONGEST_MESSAGE, ApiError, BitbucketError, fitting, joined


def test_a_long_message_keeps_its_start_and_the_remedy_at_its_end() -> None:
    for error in (BitbucketError("start" + "x" * 5_000 + "remedy"), ApiError("start" + "x" * 5_000 + "remedy", 400)):
        assert len(str(error)) == LONGEST_MESSAGE
        assert str(error).startswith("startxxx") and " … " in str(error) and str(error).endswith("xxxremedy")
    assert fitting("x" * LONGEST_MESSAGE) == "x" * LONGEST_MESSAGE


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([], ""),
        (["one"], "one"),
        (["one", "two"], "one; two"),
        (["x" * 700, "y" * 700, "z" * 700, "z"], "x" * 700 + "; " + "y" * 700 + "; and 2 more"),
        (["x" * 5_000, "y"], "x" * 1_500 + "; and 1 more"),
        (["x" * 5_000], "x" * 1_500),
    ],
    ids=[0, 1, 2, "many", "one too long", "only one"],
)
def test_many_parts_are_joined_as_far_as_they_fit(parts: list[str], text: str) -> None:
    assert joined(parts) == text
