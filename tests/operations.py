"""The operations that this package uses, which resource or function uses each, and whether Bitbucket still has them.

docs/operations.md is written from this list.

Credential kinds come from the core's paths, scopes from its table of them, so that each is said once.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import bitbucket_user_provider
from bitbucket_user_emulator.contract import description
from bitbucket_user_provider.rest.client import Path
from bitbucket_user_provider.rest.credentials import Kind
from bitbucket_user_provider.rest.scopes import SUFFIX

KINDS = {Kind.API_TOKEN: "API token", Kind.OAUTH: "OAuth", Kind.ACCESS_TOKEN: "access token", Kind.JWT: "JWT"}

REPOSITORY = "/repositories/{workspace}/{repo_slug}/permissions-config"
PROJECT = "/workspaces/{workspace}/projects/{project_key}/permissions-config"
USER_VARIABLES = "/users/{selected_user}/pipelines_config/variables"
WORKSPACE_VARIABLES = "/workspaces/{workspace}/pipelines-config/variables"
REPOSITORY_VARIABLES = "/repositories/{workspace}/{repo_slug}/pipelines_config/variables"
ENVIRONMENTS = "/repositories/{workspace}/{repo_slug}/environments"
DEPLOYMENT_VARIABLES = (
    "/repositories/{workspace}/{repo_slug}/deployments_config/environments/{environment_uuid}/variables"
)
GPG_KEYS = "/users/{selected_user}/gpg-keys"
REPOSITORY_DEPLOY_KEYS = "/repositories/{workspace}/{repo_slug}/deploy-keys"
PROJECT_DEPLOY_KEYS = "/workspaces/{workspace}/projects/{project_key}/deploy-keys"
PROPERTY = "/users/{selected_user}/properties/{app_key}/{property_name}"
KEYS = "/users/{selected_user}/ssh-keys"

ALIVE = "alive"
REMOVED = "removed in April 2026 (CHANGE-2770)"
NO_NEW_APPS = "alive; no Connect app can be installed since February 2026"


@dataclass(frozen=True)
class Operation:
    method: str
    route: str
    served_by: str
    """Names of resources and functions, separated by spaces."""
    upstream: str = ALIVE
    successor: str = ""

    @property
    def name(self) -> str:
        return f"{self.method} {self.route}"

    @property
    def path(self) -> Path:
        """The core's path. Raises LookupError when there is none."""
        try:
            return PATHS[_nameless(self.route)]
        except KeyError:
            raise LookupError(f"The core has no path for {self.route}") from None

    @property
    def described(self) -> description.Operation:
        """What the emulator's contract says of it. Raises KeyError when that is nothing."""
        return description.OPERATIONS[self.name]

    @property
    def prefers(self) -> tuple[Kind, ...]:
        return self.path.prefers(self.method)

    @property
    def kinds(self) -> str:
        return ", ".join(KINDS[kind] for kind in self.prefers)

    @property
    def api_token_scopes(self) -> list[str]:
        return [scope.removesuffix(SUFFIX) for scope in self.described.api_token_scopes]

    @property
    def oauth_scopes(self) -> list[str]:
        return list(self.described.oauth_scopes)


def _operations(method_routes: str, route: str, served_by: str, **upstream: str) -> list[Operation]:
    return [Operation(method, route, served_by, **upstream) for method in method_routes.split()]


OF_REPOSITORIES = "RepositoryUserPermission RepositoryUserPermissions"
OF_PROJECTS = "ProjectUserPermission ProjectUserPermissions"
OF_REPOSITORY_GROUPS = "RepositoryGroupPermission RepositoryUserPermissions"
OF_PROJECT_GROUPS = "ProjectGroupPermission ProjectUserPermissions"
DEPRECATED = {"upstream": "deprecated since October 2020", "successor": WORKSPACE_VARIABLES}
REPOSITORIES_SUCCESSOR = "/user/workspaces/{workspace}/permissions/repositories"
WORKSPACES_SUCCESSOR = "/user/workspaces"

OPERATIONS = [
    *_operations("GET", f"{REPOSITORY}/users", f"{OF_REPOSITORIES} getRepositoryUserPermissions"),
    *_operations("GET", f"{REPOSITORY}/users/{{selected_user_id}}", "getRepositoryUserPermission"),
    *_operations("PUT DELETE", f"{REPOSITORY}/users/{{selected_user_id}}", OF_REPOSITORIES),
    *_operations("GET", f"{PROJECT}/users", f"{OF_PROJECTS} getProjectUserPermissions"),
    *_operations("GET", f"{PROJECT}/users/{{selected_user_id}}", "getProjectUserPermission"),
    *_operations("PUT DELETE", f"{PROJECT}/users/{{selected_user_id}}", OF_PROJECTS),
    *_operations("GET", "/user", "getCurrentUser RepositoryUserPermissions ProjectUserPermissions"),
    *_operations("GET", "/user/emails", "getCurrentUserEmails"),
    *_operations("GET", "/user/emails/{email}", "getCurrentUserEmail"),
    *_operations(
        "GET",
        "/user/permissions/repositories",
        "getCurrentUserRepositoryPermissions",
        upstream=REMOVED,
        successor=REPOSITORIES_SUCCESSOR,
    ),
    *_operations(
        "GET",
        "/user/permissions/workspaces",
        "getCurrentUserWorkspaces getCurrentUserWorkspacePermission",
        upstream=REMOVED,
        successor=WORKSPACES_SUCCESSOR,
    ),
    *_operations("GET", "/users/{selected_user}", "getUser"),
    *_operations("GET", USER_VARIABLES, "UserPipelineVariable getUserPipelineVariables", **DEPRECATED),
    *_operations("POST", USER_VARIABLES, "UserPipelineVariable", **DEPRECATED),
    *_operations("GET", f"{USER_VARIABLES}/{{variable_uuid}}", "getUserPipelineVariable", **DEPRECATED),
    *_operations("PUT DELETE", f"{USER_VARIABLES}/{{variable_uuid}}", "UserPipelineVariable", **DEPRECATED),
    *_operations("GET", PROPERTY, "UserApplicationProperty getUserApplicationProperty", upstream=NO_NEW_APPS),
    *_operations("PUT DELETE", PROPERTY, "UserApplicationProperty", upstream=NO_NEW_APPS),
    *_operations(
        "GET",
        "/users/{selected_user}/search/code",
        "searchCode",
        upstream="deprecated, ended on 1 November 2026; no successor is named",
    ),
    *_operations("GET", KEYS, "UserSshKey getUserSshKeys"),
    *_operations("POST", KEYS, "UserSshKey"),
    *_operations("GET", f"{KEYS}/{{key_id}}", "getUserSshKey"),
    *_operations("PUT DELETE", f"{KEYS}/{{key_id}}", "UserSshKey"),
]
"""The operations of the user API itself."""

SUCCESSORS = [
    *_operations("GET", WORKSPACE_VARIABLES, "WorkspacePipelineVariable getWorkspacePipelineVariables"),
    *_operations("POST", WORKSPACE_VARIABLES, "WorkspacePipelineVariable"),
    *_operations("PUT DELETE", f"{WORKSPACE_VARIABLES}/{{variable_uuid}}", "WorkspacePipelineVariable"),
    *_operations("GET", REPOSITORY_VARIABLES, "RepositoryPipelineVariable getRepositoryPipelineVariables"),
    *_operations("POST", REPOSITORY_VARIABLES, "RepositoryPipelineVariable"),
    *_operations("PUT DELETE", f"{REPOSITORY_VARIABLES}/{{variable_uuid}}", "RepositoryPipelineVariable"),
    *_operations("GET", ENVIRONMENTS, "DeploymentPipelineVariable getDeploymentEnvironments"),
    *_operations("GET", DEPLOYMENT_VARIABLES, "DeploymentPipelineVariable getDeploymentPipelineVariables"),
    *_operations("POST", DEPLOYMENT_VARIABLES, "DeploymentPipelineVariable"),
    *_operations("PUT DELETE", f"{DEPLOYMENT_VARIABLES}/{{variable_uuid}}", "DeploymentPipelineVariable"),
    *_operations("GET", GPG_KEYS, "UserGpgKey getUserGpgKeys"),
    *_operations("POST", GPG_KEYS, "UserGpgKey"),
    *_operations("DELETE", f"{GPG_KEYS}/{{fingerprint}}", "UserGpgKey"),
    *_operations("GET", REPOSITORY_DEPLOY_KEYS, "RepositoryDeployKey getRepositoryDeployKeys"),
    *_operations("POST", REPOSITORY_DEPLOY_KEYS, "RepositoryDeployKey"),
    *_operations("PUT DELETE", f"{REPOSITORY_DEPLOY_KEYS}/{{key_id}}", "RepositoryDeployKey"),
    *_operations("GET", PROJECT_DEPLOY_KEYS, "ProjectDeployKey getProjectDeployKeys"),
    *_operations("POST", PROJECT_DEPLOY_KEYS, "ProjectDeployKey"),
    *_operations("DELETE", f"{PROJECT_DEPLOY_KEYS}/{{key_id}}", "ProjectDeployKey"),
    *_operations("GET", WORKSPACES_SUCCESSOR, "getCurrentUserWorkspaces getCurrentUserRepositoryPermissions"),
    *_operations("GET", "/user/workspaces/{workspace}/permission", "getCurrentUserWorkspacePermission"),
    *_operations("GET", REPOSITORIES_SUCCESSOR, "getCurrentUserRepositoryPermissions"),
    *_operations("GET", "/workspaces/{workspace}/members", "getWorkspaceMembers getWorkspaceMember"),
    *_operations("GET", "/workspaces/{workspace}/members/{member}", "getWorkspaceMember"),
    *_operations("GET", "/repositories/{workspace}", "getRepositories"),
    *_operations("GET", "/workspaces/{workspace}/projects", "getProjects"),
    *_operations("GET", "/workspaces/{workspace}/permissions", "getWorkspacePermissions"),
    *_operations("GET", "/workspaces/{workspace}/permissions/repositories", "getWorkspaceRepositoryPermissions"),
    *_operations("GET", f"{REPOSITORY}/groups", f"{OF_REPOSITORY_GROUPS} getRepositoryGroupPermissions"),
    *_operations("PUT DELETE", f"{REPOSITORY}/groups/{{group_slug}}", OF_REPOSITORY_GROUPS),
    *_operations("GET", f"{PROJECT}/groups", f"{OF_PROJECT_GROUPS} getProjectGroupPermissions"),
    *_operations("PUT DELETE", f"{PROJECT}/groups/{{group_slug}}", OF_PROJECT_GROUPS),
    *_operations(
        "GET",
        "/workspaces/{workspace}/permissions/repositories/{repo_slug}",
        "getEffectiveRepositoryPermissions",
    ),
]
"""Operations that replace removed ones, and others that resources and functions need."""


def _paths(value: Any) -> Iterator[Path]:
    """The paths in a module, a class or a dataclass of the core."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, type):
        yield from (inner for inner in vars(value).values() if isinstance(inner, Path))
    elif is_dataclass(value):
        yield from (inner for field in fields(value) if isinstance(inner := getattr(value, field.name), Path))


def _nameless(template: str) -> str:
    """A path template without the names in braces, which differ between the core and Bitbucket's documentation."""
    return re.sub(r"\{\w+\}", "{}", template)


def _modules() -> Iterator[Any]:
    package = bitbucket_user_provider
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not {"plugin", "dynamic"} & {*found.name.split(".")}:  # they have no paths, and would load all of Pulumi
            yield importlib.import_module(found.name)


PATHS = {
    _nameless(path.template): path for module in _modules() for value in vars(module).values() for path in _paths(value)
}


def table(operations: list[Operation]) -> str:
    lines = ["| operation | served by | credentials, best first | API token scopes | OAuth scopes | upstream |"]
    lines.append("|---|---|---|---|---|---|")
    for one in operations:
        served_by = " ".join(f"`{name}`" for name in one.served_by.split())
        upstream = f"**{one.upstream}**; now `{one.successor}`" if one.successor else one.upstream
        scopes = (
            " ".join(f"`{scope}`" for scope in scopes) or "–" for scopes in (one.api_token_scopes, one.oauth_scopes)
        )
        lines.append(f"| `{one.name}` | {served_by} | {one.kinds} | {' | '.join(scopes)} | {upstream} |")
    return "\n".join(lines)


def page() -> str:
    return f"""# Operations

The {len(OPERATIONS)} operations of Bitbucket Cloud's user API: which resource or function of this package serves each,
which credentials it takes, and what has become of it. Scopes of API tokens are written without their ending
`{SUFFIX}`; none of them contains another. This page is generated by `make generate`.

{table(OPERATIONS)}

## Successors and neighbours

What took the place of removed and deprecated operations, and what the others cannot well be used without.

{table(SUCCESSORS)}
"""
