"""The public SSH keys of a person, which only that person may list.

Scopes: read:ssh-key (OAuth: account).
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-ssh/#api-users-selected-user-ssh-keys-get
"""

from ..models.model import Model
from ..run.api import Api
from ..run.kinds import USER_SSH_KEYS
from .arguments import OfUser
from .function import Function
from .ssh_key import SshKey, ssh_key


class Result(Model):
    keys: list[SshKey]
    """The keys, oldest first."""


class GetUserSshKeys(Function[OfUser, Result]):
    """The public SSH keys of a person. Bitbucket shows them to that person only."""

    ARGS = OfUser
    RESULT = Result

    def call(self, api: Api, args: OfUser) -> Result:
        keys = map(ssh_key, api.things(USER_SSH_KEYS, args).all().entries)
        return Result(keys=sorted(keys, key=lambda one: (one.created_on, one.uuid)))
