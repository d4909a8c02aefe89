"""The account that the credential belongs to.

Scopes: read:user (OAuth and access tokens: account).
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/#api-user-get
"""

from ..run.api import Api
from .account import Account, account
from .arguments import NoArgs
from .function import Function


class GetCurrentUser(Function[NoArgs, Account]):
    """The account that the credential belongs to: of an API token its owner, of an OAuth consumer or an access token
    an `app_user` of its own."""

    ARGS = NoArgs
    RESULT = Account

    def call(self, api: Api, args: NoArgs) -> Account:
        return account(api, api.caller())
