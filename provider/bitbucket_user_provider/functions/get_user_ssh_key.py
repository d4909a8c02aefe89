"""One public SSH key of a person, which only that person may see.

Scopes: read:ssh-key (OAuth: account).
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-ssh/#api-users-selected-user-ssh-keys-key-id-get
"""

from ..errors import BitbucketError
from ..models.person import bare
from ..resources.user_ssh_key import KEY, UserSshKey
from ..run.api import Api
from .arguments import OfUser, Uuid
from .function import Function
from .ssh_key import SshKey, ssh_key


class Args(OfUser):
    uuid: Uuid
    """UUID of the key, with or without braces."""


class GetUserSshKey(Function[Args, SshKey]):
    """One public SSH key of a person. Bitbucket shows it to that person only."""

    ARGS = Args
    RESULT = SshKey

    def call(self, api: Api, args: Args) -> SshKey:
        entry = UserSshKey().listing(api, args).find([bare(args.uuid)], lambda: api.get(KEY, args))
        if entry is None:
            raise BitbucketError(f"{args.user_id} has no SSH key {args.uuid}.")
        return ssh_key(entry)
