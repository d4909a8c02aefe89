"""An e-mail address of the caller's own account.

The API's specification has no schema for it: email, is_primary and is_confirmed are what it answers.
"""

from ..models.model import Model
from ..run.listings import Entry

NEEDS = (
    "The e-mail functions need an API token with the scope read:user:bitbucket, or an OAuth consumer with the scope "
    "email; access tokens belong to no person. Nothing else depends on it."
)


class EmailAddress(Model):
    email: str
    """The address."""

    is_primary: bool
    """Whether it is the account's main address."""

    is_confirmed: bool
    """Whether the owner has confirmed it."""


def email_address(entry: Entry) -> EmailAddress:
    return EmailAddress(
        email=entry["email"],
        is_primary=bool(entry.get("is_primary")),
        is_confirmed=bool(entry.get("is_confirmed")),
    )
