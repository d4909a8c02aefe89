"""A POST whose answer was lost may have made its thing: look before sending it again."""

from collections.abc import Callable

from ..errors import ApiError, Unanswered
from ..operation import current
from .listings import Entry, Listing

ATTEMPTS = 3


def post(
    send: Callable[[], Entry], listing: Listing, name: str, ours: Callable[[Entry], bool] = lambda entry: True
) -> tuple[Entry, bool]:
    """What `send` made, and whether it was found by `name` in the listing instead of in an answer.

    `ours` says whether what was found can be what was sent: if not, somebody else's stands there, and sending again
    brings Bitbucket's refusal. Raises what `send` raises.
    """
    lost: Unanswered | None = None
    for _ in range(ATTEMPTS):
        refusal = None
        try:
            made = send()
            if not isinstance(made, dict) or "uuid" not in made:
                raise Unanswered("The answer does not say what was made.", sent=True)
            return made, False
        except Unanswered as trouble:
            if not trouble.sent:
                raise
            lost = trouble
        except ApiError as again:
            if lost is None:
                raise
            refusal = again  # perhaps of what the lost one has made
        current.get().say(f"looking whether it was made all the same: {lost}")
        listing.wrote((), None)
        found = listing.find([name])
        if found and ours(found):
            return found, True
        if refusal:
            raise refusal
    assert lost
    raise lost
