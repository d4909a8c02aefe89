"""A POST whose answer was lost may have made its thing: look before sending it again."""

from collections.abc import Callable
from typing import TypeVar

from .errors import Unanswered
from .listings import Entry, Listing
from .operation import current

T = TypeVar("T")
ATTEMPTS = 3


def post(send: Callable[[], Entry], listing: Listing, name: str) -> tuple[Entry, bool]:
    """What `send` made, and whether it was found by `name` in the listing instead of in an answer.

    Sends again only after the listing has shown that nothing was made. Raises what `send` raises.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return send(), False
        except Unanswered as lost:
            if not lost.sent:
                raise
            current.get().say(f"looking whether it was made all the same: {lost}")
            listing.wrote((), None)
            if found := listing.find([name]):
                return found, True
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")
