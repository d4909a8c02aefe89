"""Every resource, once. The class name is the token's last part."""

from typing import Any

from .project_user_permission import ProjectUserPermission
from .repository_user_permission import RepositoryUserPermission
from .resource import Resource
from .user_application_property import UserApplicationProperty
from .user_pipeline_variable import UserPipelineVariable
from .workspace_pipeline_variable import WorkspacePipelineVariable

RESOURCES: dict[str, Resource[Any, Any]] = {
    type(resource).__name__: resource
    for resource in (
        RepositoryUserPermission(),
        ProjectUserPermission(),
        WorkspacePipelineVariable(),
        UserPipelineVariable(),
        UserApplicationProperty(),
    )
}
