"""Arguments for each function, as a Python program writes them."""

from __future__ import annotations

from typing import Any

from tests.acceptance.lives import ADA, GRACE

API = {"workspace": "acme", "repo_slug": "api"}
CORE = {"workspace": "acme", "project_key": "CORE"}
SET_BY_THE_TEST = "the UUID of something that the test has made"
CALLS: dict[str, dict[str, Any]] = {
    "get_current_user": {},
    "get_current_user_email": {"email": "ada@acme.example"},
    "get_current_user_emails": {},
    "get_current_user_repository_permissions": {"workspace": "acme"},
    "get_current_user_workspace_permission": {"workspace": "acme"},
    "get_current_user_workspaces": {},
    "get_deployment_environments": API,
    "get_deployment_pipeline_variables": {**API, "environment": "Production"},
    "get_effective_repository_permissions": API,
    "get_project_deploy_keys": CORE,
    "get_project_group_permissions": CORE,
    "get_project_user_permission": {**CORE, "user_id": GRACE.uuid},
    "get_project_user_permissions": CORE,
    "get_projects": {"workspace": "acme"},
    "get_repositories": {"workspace": "acme", "project_key": "CORE"},
    "get_repository_deploy_keys": API,
    "get_repository_group_permissions": API,
    "get_repository_pipeline_variables": API,
    "get_repository_user_permission": {**API, "user_id": GRACE.account_id},
    "get_repository_user_permissions": API,
    "get_user": {"user_id": GRACE.uuid},
    "get_user_application_property": {"user_id": GRACE.uuid, "app_key": "acme-app", "property_name": "look"},
    "get_user_gpg_keys": {"user_id": ADA.uuid},
    "get_user_pipeline_variable": {"user_id": GRACE.uuid, "uuid": SET_BY_THE_TEST},
    "get_user_pipeline_variables": {"user_id": GRACE.uuid},
    "get_user_ssh_key": {"user_id": ADA.uuid, "uuid": SET_BY_THE_TEST},
    "get_user_ssh_keys": {"user_id": ADA.uuid},
    "get_workspace_member": {"workspace": "acme", "email": "grace@acme.example"},
    "get_workspace_members": {"workspace": "acme", "emails": ["grace@acme.example", "bob@acme.example"]},
    "get_workspace_permissions": {"workspace": "acme"},
    "get_workspace_repository_permissions": {"workspace": "acme", "user_id": GRACE.uuid},
    "get_workspace_pipeline_variables": {"workspace": "acme"},
    "search_code": {"user_id": ADA.uuid, "query": "hello"},
}
