"""The permissions of groups on a project.

Scopes: read:project (OAuth: project:admin). The caller must administer the project.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-projects/#api-workspaces-workspace-projects-project-key-permissions-config-groups-get
"""

from ..run.api import Api
from ..run.grants import PROJECT_GROUPS
from .arguments import InProject
from .function import Function
from .permission import GroupPermissions, of_groups


class Args(InProject):
    pass


class GetProjectGroupPermissions(Function[Args, GroupPermissions]):
    """The permissions that groups hold on a project."""

    ARGS = Args
    RESULT = GroupPermissions

    def call(self, api: Api, args: Args) -> GroupPermissions:
        return of_groups(api, PROJECT_GROUPS, args)
