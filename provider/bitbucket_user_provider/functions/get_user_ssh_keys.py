"""The public SSH keys of a person, which only that person may list.

Scopes: read:ssh-key (OAuth: account).
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-ssh/#api-users-selected-user-ssh-keys-get
"""

from ..models.model import Model
from ..resources.user_ssh_key import UserSshKey
from ..run.api import Api
from .arguments import OfUser
from .function import Function
from .ssh_key import SshKey, ssh_key


class Args(OfUser):
    pass


class Result(Model):
    keys: list[SshKey]
    """The keys, oldest first."""


class GetUserSshKeys(Function[Args, Result]):
    """The public SSH keys of a person. Bitbucket shows them to that person only."""

    ARGS = Args
    RESULT = Result

    def call(self, api: Api, args: Args) -> Result:
        keys = map(ssh_key, UserSshKey().listing(api, args).all())
        return Result(keys=sorted(keys, key=lambda one: (one.created_on, one.uuid)))
