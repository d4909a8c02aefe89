"""The permissions of groups on a repository.

Scopes: read:repository (OAuth: repository:admin). The caller must administer the repository.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-repo-slug-permissions-config-groups-get
"""

from ..run.api import Api
from ..run.grants import REPOSITORY_GROUPS
from .arguments import InRepository
from .function import Function
from .permission import GroupPermissions, of_groups


class GetRepositoryGroupPermissions(Function[InRepository, GroupPermissions]):
    """The permissions that groups hold on a repository."""

    ARGS = InRepository
    RESULT = GroupPermissions

    def call(self, api: Api, args: InRepository) -> GroupPermissions:
        return of_groups(api, REPOSITORY_GROUPS, args)
