"""Every function, once. A name is the token's last part; in snake_case it is the file's, in PascalCase the class's."""

from importlib import import_module
from typing import Any

from pydantic.alias_generators import to_pascal, to_snake

from .function import Function

NAMES = (
    "getCurrentUser",
    "getUser",
    "getCurrentUserEmails",
    "getCurrentUserEmail",
    "getCurrentUserWorkspaces",
    "getCurrentUserWorkspacePermission",
    "getCurrentUserRepositoryPermissions",
    "getWorkspaceMembers",
    "getWorkspaceMember",
    "getRepositories",
    "getProjects",
    "getWorkspacePermissions",
    "getWorkspaceRepositoryPermissions",
    "getRepositoryUserPermissions",
    "getRepositoryUserPermission",
    "getRepositoryGroupPermissions",
    "getEffectiveRepositoryPermissions",
    "getProjectUserPermissions",
    "getProjectUserPermission",
    "getProjectGroupPermissions",
    "getWorkspacePipelineVariables",
    "getRepositoryPipelineVariables",
    "getDeploymentEnvironments",
    "getDeploymentPipelineVariables",
    "getUserPipelineVariables",
    "getUserPipelineVariable",
    "getUserApplicationProperty",
    "getUserSshKeys",
    "getUserSshKey",
    "getUserGpgKeys",
    "getRepositoryDeployKeys",
    "getProjectDeployKeys",
    "searchCode",
)


def _function(name: str) -> Function[Any, Any]:
    stem = to_snake(name)
    found: Function[Any, Any] = getattr(import_module(f".{stem}", __name__), to_pascal(stem))()
    return found


FUNCTIONS = {name: _function(name) for name in NAMES}
