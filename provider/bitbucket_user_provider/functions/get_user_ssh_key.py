"""One public SSH key of a person, which only that person may see.

Scopes: read:ssh-key (OAuth: account).
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-ssh/#api-users-selected-user-ssh-keys-key-id-get
"""

from ..errors import BitbucketError
from ..models.person import bare
from ..run.api import Api
from ..run.evidence import entry_of
from ..run.kinds import USER_SSH_KEYS
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
        uuid = bare(args.uuid)
        entry = entry_of(api.things(USER_SSH_KEYS, args).find([uuid], {"uuid": uuid}))
        if entry is None:
            raise BitbucketError(f"{args.user_id} has no SSH key {args.uuid}.")
        return ssh_key(entry)
