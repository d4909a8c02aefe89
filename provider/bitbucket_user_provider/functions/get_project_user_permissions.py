"""Everybody's direct permission on a project.

Scopes: read:project (OAuth: project:admin). The caller must administer the project.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-projects/#api-workspaces-workspace-projects-project-key-permissions-config-users-get
"""

from ..run.api import Api
from ..run.grants import PROJECT_USERS
from .arguments import InProject
from .function import Function
from .permission import UserPermissions, of_all


class GetProjectUserPermissions(Function[InProject, UserPermissions]):
    """Everybody's direct permission on a project. What groups hold is what `getProjectGroupPermissions` tells."""

    ARGS = InProject
    RESULT = UserPermissions

    def call(self, api: Api, args: InProject) -> UserPermissions:
        return of_all(api, PROJECT_USERS, args)
