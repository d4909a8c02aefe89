"""Workspaces, projects and repositories themselves: what and where they are, for everybody who may read them."""

from __future__ import annotations

from typing import Any

from . import errors, pages
from .filters import listed
from .operations import Answer, Call, operation
from .world import LEVELS, Project, Repository, Workspace

ROLES = {"member": "read", "contributor": "write", "admin": "admin", "owner": "admin"}
FIELDS = ("name", "full_name", "slug", "uuid", "project.key")
CREATED = "2021-03-04T05:06:07.080910+00:00"


def workspace_shown(call: Call, workspace: Workspace) -> dict[str, Any]:
    links = {"self": {"href": call.url("workspaces", workspace.slug)}}
    shown = {"type": "workspace", "uuid": workspace.uuid, "slug": workspace.slug, "name": workspace.name}
    return {**shown, "is_private": True, "created_on": CREATED, "links": links}


def project_shown(call: Call, workspace: Workspace, project: Project) -> dict[str, Any]:
    links = {"html": {"href": f"{call.origin}/{workspace.slug}/workspace/projects/{project.key}"}}
    shown = {"type": "project", "uuid": project.uuid, "key": project.key, "name": project.name}
    return {**shown, "is_private": True, "created_on": CREATED, "links": links}


def repository_shown(call: Call, workspace: Workspace, repository: Repository) -> dict[str, Any]:
    project = workspace.projects[repository.project]
    return {
        "type": "repository",
        "uuid": repository.uuid,
        "slug": repository.slug,
        "full_name": f"{workspace.slug}/{repository.slug}",
        "name": repository.name,
        "workspace": {"type": "workspace", "uuid": workspace.uuid, "slug": workspace.slug, "name": workspace.name},
        "project": {"type": "project", "uuid": project.uuid, "key": project.key, "name": project.name},
        "is_private": True,
        "scm": "git",
        "created_on": CREATED,
        "links": {"self": {"href": call.url("repositories", workspace.slug, repository.slug)}},
    }


@operation("GET", "/workspaces/{workspace}")
def get_workspace(call: Call) -> Answer:
    return Answer(workspace_shown(call, call.workspace()))


@operation("GET", "/workspaces/{workspace}/projects")
def list_projects(call: Call) -> Answer:
    workspace = call.workspace()
    return pages.page(call, workspace.projects.values(), lambda one: project_shown(call, workspace, one))


@operation("GET", "/repositories/{workspace}")
def list_repositories(call: Call) -> Answer:
    workspace, role = call.workspace(), call.query.get("role", "member")
    if role not in ROLES:
        raise errors.error(400, f"Invalid role: {role}")
    held = [(one, LEVELS[call.level(workspace, one)]) for one in list(workspace.repositories.values())]
    found = [one for one, level in held if level >= LEVELS[ROLES[role]]]
    return listed(call, found, FIELDS, lambda one: repository_shown(call, workspace, one))


@operation("GET", "/repositories/{workspace}/{repo_slug}")
def get_repository(call: Call) -> Answer:
    return Answer(repository_shown(call, *call.repository(administrators_only=False)))
