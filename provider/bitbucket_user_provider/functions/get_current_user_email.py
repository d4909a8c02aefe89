"""One e-mail address of the account that the credential belongs to.

Scopes: read:user (OAuth: email).
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/#api-user-emails-email-get
"""

from ..models.model import Model
from ..rest.client import Path
from ..run.api import Api
from ..run.place import READS
from .arguments import Email
from .email_address import NEEDS, EmailAddress, email_address
from .function import Function, remedy

EMAIL = Path("/user/emails/{email}", READS)


class Args(Model):
    email: Email
    """The address to look up."""


class GetCurrentUserEmail(Function[Args, EmailAddress]):
    """One e-mail address of the account that the credential belongs to. An address of somebody else is an error."""

    ARGS = Args
    RESULT = EmailAddress

    def call(self, api: Api, args: Args) -> EmailAddress:
        with remedy(NEEDS, 403), remedy("It has to be an address of the account that the credential belongs to.", 404):
            return email_address(api.get(EMAIL, args))
