"""Every resource, once. The class name is the token's last part."""

from typing import Any

from .project_user_permission import ProjectUserPermission
from .project_user_permissions import ProjectUserPermissions
from .repository_user_permission import RepositoryUserPermission
from .repository_user_permissions import RepositoryUserPermissions
from .resource import Resource
from .user_application_property import UserApplicationProperty
from .user_pipeline_variable import UserPipelineVariable
from .user_ssh_key import UserSshKey
from .workspace_pipeline_variable import WorkspacePipelineVariable

RESOURCES: dict[str, Resource[Any, Any]] = {
    type(resource).__name__: resource
    for resource in (
        RepositoryUserPermission(),
        ProjectUserPermission(),
        RepositoryUserPermissions(),
        ProjectUserPermissions(),
        WorkspacePipelineVariable(),
        UserPipelineVariable(),
        UserApplicationProperty(),
        UserSshKey(),
    )
}
