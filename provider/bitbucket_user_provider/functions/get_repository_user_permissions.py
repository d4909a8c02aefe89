"""Everybody's direct permission on a repository.

Scopes: read:repository (OAuth: repository:admin). The caller must administer the repository.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-repo-slug-permissions-config-users-get
"""

from ..run.api import Api
from ..run.grants import REPOSITORY_USERS
from .arguments import InRepository
from .function import Function
from .permission import UserPermissions, of_all


class GetRepositoryUserPermissions(Function[InRepository, UserPermissions]):
    """Everybody's direct permission on a repository. What they may do in all, by groups and the project too, is what
    `getEffectiveRepositoryPermissions` tells."""

    ARGS = InRepository
    RESULT = UserPermissions

    def call(self, api: Api, args: InRepository) -> UserPermissions:
        return of_all(api, REPOSITORY_USERS, args)
