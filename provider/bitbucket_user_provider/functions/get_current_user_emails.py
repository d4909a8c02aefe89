"""The e-mail addresses of the account that the credential belongs to.

Scopes: read:user (OAuth: email).
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/#api-user-emails-get
"""

from ..models.model import Model
from ..rest.client import Path
from ..run.api import Api
from ..run.place import READS
from .arguments import NoArgs
from .email_address import NEEDS, EmailAddress, email_address
from .function import Function, every, remedy

EMAILS = Path("/user/emails", READS)


class Result(Model):
    emails: list[EmailAddress]
    """Every address, in alphabetical order."""

    primary_email: str
    """The main address. Empty when the account, of an app for instance, has none."""


class GetCurrentUserEmails(Function[NoArgs, Result]):
    """The e-mail addresses of the account that the credential belongs to."""

    ARGS = NoArgs
    RESULT = Result

    def call(self, api: Api, args: NoArgs) -> Result:
        with remedy(NEEDS, 403):
            entries = every(api, EMAILS, args, lambda entry: entry.text("email"))
        emails = sorted(map(email_address, entries), key=lambda one: one.email.lower())
        return Result(emails=emails, primary_email=next((one.email for one in emails if one.is_primary), ""))
