"""Every resource, once. The class name is the token's last part, and the same in snake_case its file's."""

from importlib import import_module
from typing import Any

from pydantic.alias_generators import to_snake

from .resource import Resource

NAMES = (
    "RepositoryUserPermission",
    "ProjectUserPermission",
    "RepositoryGroupPermission",
    "ProjectGroupPermission",
    "RepositoryUserPermissions",
    "ProjectUserPermissions",
    "WorkspacePipelineVariable",
    "RepositoryPipelineVariable",
    "DeploymentPipelineVariable",
    "UserPipelineVariable",
    "UserApplicationProperty",
    "UserSshKey",
    "UserGpgKey",
    "RepositoryDeployKey",
    "ProjectDeployKey",
)

RESOURCES: dict[str, Resource[Any, Any]] = {
    name: getattr(import_module(f".{to_snake(name)}", __name__), name)() for name in NAMES
}
