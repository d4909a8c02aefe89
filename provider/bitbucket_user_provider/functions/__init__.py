"""Every function, once. The class name, its first letter in lower case, is the token's last part."""

from typing import Any

from .function import Function
from .get_current_user import GetCurrentUser
from .get_current_user_email import GetCurrentUserEmail
from .get_current_user_emails import GetCurrentUserEmails
from .get_current_user_repository_permissions import GetCurrentUserRepositoryPermissions
from .get_current_user_workspace_permission import GetCurrentUserWorkspacePermission
from .get_current_user_workspaces import GetCurrentUserWorkspaces
from .get_effective_repository_permissions import GetEffectiveRepositoryPermissions
from .get_project_group_permissions import GetProjectGroupPermissions
from .get_project_user_permission import GetProjectUserPermission
from .get_project_user_permissions import GetProjectUserPermissions
from .get_repository_group_permissions import GetRepositoryGroupPermissions
from .get_repository_user_permission import GetRepositoryUserPermission
from .get_repository_user_permissions import GetRepositoryUserPermissions
from .get_user import GetUser
from .get_user_application_property import GetUserApplicationProperty
from .get_user_pipeline_variable import GetUserPipelineVariable
from .get_user_pipeline_variables import GetUserPipelineVariables
from .get_user_ssh_key import GetUserSshKey
from .get_user_ssh_keys import GetUserSshKeys
from .get_workspace_member import GetWorkspaceMember
from .get_workspace_members import GetWorkspaceMembers
from .get_workspace_pipeline_variables import GetWorkspacePipelineVariables
from .search_code import SearchCode

FUNCTIONS: dict[str, Function[Any, Any]] = {
    function.name: function
    for function in (
        GetCurrentUser(),
        GetUser(),
        GetCurrentUserEmails(),
        GetCurrentUserEmail(),
        GetCurrentUserWorkspaces(),
        GetCurrentUserWorkspacePermission(),
        GetCurrentUserRepositoryPermissions(),
        GetWorkspaceMembers(),
        GetWorkspaceMember(),
        GetRepositoryUserPermissions(),
        GetRepositoryUserPermission(),
        GetRepositoryGroupPermissions(),
        GetEffectiveRepositoryPermissions(),
        GetProjectUserPermissions(),
        GetProjectUserPermission(),
        GetProjectGroupPermissions(),
        GetWorkspacePipelineVariables(),
        GetUserPipelineVariables(),
        GetUserPipelineVariable(),
        GetUserApplicationProperty(),
        GetUserSshKeys(),
        GetUserSshKey(),
        SearchCode(),
    )
}
