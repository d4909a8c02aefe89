"""One person's direct permission on a project.

Scopes: read:project (OAuth: project:admin). The caller must administer the project.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-projects/#api-workspaces-workspace-projects-project-key-permissions-config-users-selected-user-id-get
"""

from ..run.api import Api
from ..run.grants import PROJECT_USERS
from .arguments import InProject, OfUser
from .function import Function
from .permission import DirectPermission, of_one


class Args(OfUser, InProject):
    pass


class GetProjectUserPermission(Function[Args, DirectPermission]):
    """One person's direct permission on a project; `none` without a direct grant, whatever groups give."""

    ARGS = Args
    RESULT = DirectPermission

    def call(self, api: Api, args: Args) -> DirectPermission:
        return of_one(api, PROJECT_USERS, args, args.user_id)
