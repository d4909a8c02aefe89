"""The scopes that each operation needs: Bitbucket often refuses without naming them.

The documentation, the contract of the tests and the emulator take them from here.
"""

import re

from .credentials import Kind

SUFFIX = ":bitbucket"
"""Ends every scope of an API token."""

SCOPES = {
    "GET /user": ("read:user", "account"),
    "GET /user/emails": ("read:user", "email"),
    "GET /user/emails/{}": ("read:user", "email"),
    "GET /user/permissions/repositories": ("read:repository", "account repository"),
    "GET /user/permissions/workspaces": ("read:workspace read:user", "account"),
    "GET /user/workspaces": ("read:workspace", "account"),
    "GET /user/workspaces/{}/permission": ("read:workspace", "account"),
    "GET /user/workspaces/{}/permissions/repositories": ("read:repository", "account repository"),
    "GET /users/{}": ("read:user", ""),
    "GET /users/{}/gpg-keys": ("read:gpg-key", "account"),
    "POST /users/{}/gpg-keys": ("read:gpg-key write:gpg-key", "account:write"),
    "GET /users/{}/gpg-keys/{}": ("read:gpg-key", "account"),
    "DELETE /users/{}/gpg-keys/{}": ("delete:gpg-key", "account:write"),
    "GET /users/{}/pipelines_config/variables": ("", "pipeline"),
    "POST /users/{}/pipelines_config/variables": ("", "pipeline:variable"),
    "GET /users/{}/pipelines_config/variables/{}": ("", "pipeline"),
    "PUT /users/{}/pipelines_config/variables/{}": ("", "pipeline:variable"),
    "DELETE /users/{}/pipelines_config/variables/{}": ("", "pipeline:variable"),
    "GET /users/{}/properties/{}/{}": ("admin:workspace", ""),
    "PUT /users/{}/properties/{}/{}": ("", ""),
    "DELETE /users/{}/properties/{}/{}": ("", ""),
    "GET /users/{}/search/code": ("read:repository", "repository"),
    "GET /users/{}/ssh-keys": ("read:ssh-key", "account"),
    "POST /users/{}/ssh-keys": ("read:ssh-key write:ssh-key", "account:write"),
    "GET /users/{}/ssh-keys/{}": ("read:ssh-key", "account"),
    "PUT /users/{}/ssh-keys/{}": ("read:ssh-key write:ssh-key", "account:write"),
    "DELETE /users/{}/ssh-keys/{}": ("delete:ssh-key", "account:write"),
    "GET /workspaces/{}": ("read:workspace", ""),
    "GET /workspaces/{}/members": ("read:workspace", "account"),
    "GET /workspaces/{}/members/{}": ("read:workspace", "account"),
    "GET /workspaces/{}/permissions": ("read:workspace", "account"),
    "GET /workspaces/{}/permissions/repositories": ("read:repository", "account"),
    "GET /workspaces/{}/permissions/repositories/{}": ("read:repository", "repository"),
    "GET /workspaces/{}/pipelines-config/variables": ("read:pipeline", "pipeline"),
    "POST /workspaces/{}/pipelines-config/variables": ("admin:pipeline", "pipeline:variable"),
    "GET /workspaces/{}/pipelines-config/variables/{}": ("read:pipeline", "pipeline"),
    "PUT /workspaces/{}/pipelines-config/variables/{}": ("admin:pipeline", "pipeline:variable"),
    "DELETE /workspaces/{}/pipelines-config/variables/{}": ("admin:pipeline", "pipeline:variable"),
    "GET /workspaces/{}/projects": ("read:project", "project"),
    "GET /workspaces/{}/projects/{}/deploy-keys": ("admin:project", "project project:admin"),
    "POST /workspaces/{}/projects/{}/deploy-keys": ("admin:project write:ssh-key", "project project:admin"),
    "GET /workspaces/{}/projects/{}/deploy-keys/{}": ("admin:project", "project project:admin"),
    "DELETE /workspaces/{}/projects/{}/deploy-keys/{}": ("admin:project delete:ssh-key", "project project:admin"),
    "GET /workspaces/{}/projects/{}/permissions-config/groups": ("read:project", "project:admin"),
    "GET /workspaces/{}/projects/{}/permissions-config/groups/{}": ("read:project", "project:admin"),
    "PUT /workspaces/{}/projects/{}/permissions-config/groups/{}": ("admin:project write:permission", "project:admin"),
    "DELETE /workspaces/{}/projects/{}/permissions-config/groups/{}": (
        "admin:project delete:permission",
        "project:admin",
    ),
    "GET /workspaces/{}/projects/{}/permissions-config/users": ("read:project", "project:admin"),
    "GET /workspaces/{}/projects/{}/permissions-config/users/{}": ("read:project", "project:admin"),
    "PUT /workspaces/{}/projects/{}/permissions-config/users/{}": ("admin:project write:permission", "project:admin"),
    "DELETE /workspaces/{}/projects/{}/permissions-config/users/{}": (
        "admin:project delete:permission",
        "project:admin",
    ),
    "GET /repositories/{}": ("read:repository", "repository"),
    "GET /repositories/{}/{}": ("read:repository", "repository"),
    "GET /repositories/{}/{}/deploy-keys": ("admin:repository", "repository repository:admin"),
    "POST /repositories/{}/{}/deploy-keys": ("admin:repository write:ssh-key", "repository repository:admin"),
    "GET /repositories/{}/{}/deploy-keys/{}": ("admin:repository", "repository repository:admin"),
    "PUT /repositories/{}/{}/deploy-keys/{}": ("admin:repository write:ssh-key", "repository repository:admin"),
    "DELETE /repositories/{}/{}/deploy-keys/{}": ("admin:repository delete:ssh-key", "repository repository:admin"),
    "GET /repositories/{}/{}/deployments_config/environments/{}/variables": ("read:pipeline", "pipeline"),
    "POST /repositories/{}/{}/deployments_config/environments/{}/variables": ("admin:pipeline", "pipeline:variable"),
    "PUT /repositories/{}/{}/deployments_config/environments/{}/variables/{}": ("admin:pipeline", "pipeline:variable"),
    "DELETE /repositories/{}/{}/deployments_config/environments/{}/variables/{}": (
        "admin:pipeline",
        "pipeline:variable",
    ),
    "GET /repositories/{}/{}/environments": ("read:pipeline", "pipeline"),
    "GET /repositories/{}/{}/pullrequests/{}/comments": ("read:pullrequest", "pullrequest"),
    "POST /repositories/{}/{}/pullrequests/{}/comments": ("read:pullrequest", "pullrequest"),
    "GET /repositories/{}/{}/pullrequests/{}/comments/{}": ("read:pullrequest", "pullrequest"),
    "PUT /repositories/{}/{}/pullrequests/{}/comments/{}": ("read:pullrequest", "pullrequest"),
    "GET /repositories/{}/{}/permissions-config/groups": ("read:repository", "repository:admin"),
    "GET /repositories/{}/{}/permissions-config/groups/{}": ("read:repository", "repository:admin"),
    "PUT /repositories/{}/{}/permissions-config/groups/{}": ("admin:repository write:permission", "repository:admin"),
    "DELETE /repositories/{}/{}/permissions-config/groups/{}": (
        "admin:repository delete:permission",
        "repository:admin",
    ),
    "GET /repositories/{}/{}/permissions-config/users": ("read:repository", "repository:admin"),
    "GET /repositories/{}/{}/permissions-config/users/{}": ("read:repository", "repository:admin"),
    "PUT /repositories/{}/{}/permissions-config/users/{}": ("admin:repository write:permission", "repository:admin"),
    "DELETE /repositories/{}/{}/permissions-config/users/{}": (
        "admin:repository delete:permission",
        "repository:admin",
    ),
    "GET /repositories/{}/{}/pipelines_config/variables": ("read:pipeline", "pipeline"),
    "POST /repositories/{}/{}/pipelines_config/variables": ("admin:pipeline", "pipeline:variable"),
    "GET /repositories/{}/{}/pipelines_config/variables/{}": ("read:pipeline", "pipeline"),
    "PUT /repositories/{}/{}/pipelines_config/variables/{}": ("admin:pipeline", "pipeline:variable"),
    "DELETE /repositories/{}/{}/pipelines_config/variables/{}": ("admin:pipeline", "pipeline:variable"),
}
"""By method and path: those of an API token, without their suffix, and those of OAuth consumers and access tokens.

An operation that takes no API token, or no OAuth, has none. A JWT has no scopes at all.
"""


def key(method: str, template: str) -> str:
    """How an operation is found in SCOPES: parts of a path have no name there, because Bitbucket's differ from ours."""
    return f"{method} {re.sub(r'{[^}]+}', '{}', template)}"


def needed(method: str, template: str, kind: Kind) -> tuple[str, ...]:
    """The scopes in full, as Bitbucket writes them; none for an operation that is not in SCOPES."""
    of_api_token, of_oauth = SCOPES.get(key(method, template), ("", ""))
    if kind is Kind.API_TOKEN:
        return tuple(scope + SUFFIX for scope in of_api_token.split())
    return () if kind is Kind.JWT else tuple(of_oauth.split())
