"""The permissions of groups on a project.

Scopes: read:project (OAuth: project:admin). The caller must administer the project.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-projects/#api-workspaces-workspace-projects-project-key-permissions-config-groups-get
"""

from ..run.api import Api
from ..run.grants import PROJECT_GROUPS
from .arguments import InProject
from .function import Function
from .permission import GroupPermissions, of_groups


class GetProjectGroupPermissions(Function[InProject, GroupPermissions]):
    """The permissions that groups hold on a project."""

    ARGS = InProject
    RESULT = GroupPermissions

    def call(self, api: Api, args: InProject) -> GroupPermissions:
        return of_groups(api, PROJECT_GROUPS, args)
