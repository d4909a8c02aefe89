"""The description against what Bitbucket publishes. Not collected where that is not beside the checkout."""

from __future__ import annotations

from . import published


def test_the_description_departs_from_what_is_published_exactly_where_it_says_why() -> None:
    found, explained = published.differences(published.documents()), published.explained()
    assert {place: how for place, how in found.items() if place not in explained} == {}, "unexplained"
    by_rule = {part.rule for place, part in explained.items() if place in found}
    idle = {
        place: part.because
        for place, part in explained.items()
        if place not in found and (not part.rule or part.rule not in by_rule)
    }
    assert idle == {}, "explained, though there is no difference"
