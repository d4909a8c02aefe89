"""One person's direct permission on a repository.

Scopes: read:repository (OAuth: repository:admin). The caller must administer the repository.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-repo-slug-permissions-config-users-selected-user-id-get
"""

from ..run.api import Api
from ..run.grants import REPOSITORY_USERS
from .arguments import InRepository, OfUser
from .function import Function
from .permission import DirectPermission, of_one


class Args(OfUser, InRepository):
    pass


class GetRepositoryUserPermission(Function[Args, DirectPermission]):
    """One person's direct permission on a repository; `none` without a direct grant, whatever groups give."""

    ARGS = Args
    RESULT = DirectPermission

    def call(self, api: Api, args: Args) -> DirectPermission:
        return of_one(api, REPOSITORY_USERS, args, args.user_id)
