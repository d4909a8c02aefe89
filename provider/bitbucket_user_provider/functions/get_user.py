"""Any account by its id.

Scopes: read:user (OAuth and access tokens: none).
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/#api-users-selected-user-get
"""

from ..run.api import Api
from ..run.place import USER
from .account import Account, account
from .arguments import OfUser
from .function import Function


class GetUser(Function[OfUser, Account]):
    """An account by its account id or UUID, whether it belongs to one of your workspaces or not."""

    ARGS = OfUser
    RESULT = Account

    def call(self, api: Api, args: OfUser) -> Account:
        return account(api, api.get(USER.itself, args))
