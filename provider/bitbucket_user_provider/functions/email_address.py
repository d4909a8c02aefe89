"""An e-mail address of the caller's own account.

Bitbucket publishes no schema for it: email, is_primary and is_confirmed are what it answers.
"""

from ..models.model import Model
from ..rest.answer import Answer
from ..rest.credentials import Kind
from ..rest.scopes import needed

API_TOKEN, OAUTH = (" ".join(needed("GET", "/user/emails", kind)) for kind in (Kind.API_TOKEN, Kind.OAUTH))
NEEDS = (
    f"The e-mail functions need an API token with the scope {API_TOKEN}, or an OAuth consumer with the scope {OAUTH}; "
    "access tokens belong to no person. Nothing else depends on it."
)


class EmailAddress(Model):
    """An e-mail address of the account."""

    email: str
    """The address."""

    is_primary: bool
    """Whether it is the account's main address."""

    is_confirmed: bool
    """Whether the owner has confirmed it."""


def email_address(entry: Answer) -> EmailAddress:
    return EmailAddress(
        email=entry.text("email"),
        is_primary=entry.flag("is_primary"),
        is_confirmed=entry.flag("is_confirmed"),
    )
