"""Workspaces: the caller's own, their members, and effective permissions; also the two removed endpoints."""

from __future__ import annotations

from typing import Any

from . import errors, filters, pages
from .filters import listed
from .operations import Answer, Call, operation
from .people import brief
from .world import Person, Repository, Workspace

Held = tuple[Person, Workspace, Repository, str]  # who has which permission where
JOINED = {"added_on": "2021-03-04T05:06:07.080910+00:00", "last_accessed": "2026-01-02T03:04:05.060708+00:00"}
ADDRESSES_AT_ONCE = 90
REPOSITORY_FIELDS = ("repository.name", "repository.full_name", "permission")
EFFECTIVE_FIELDS = (*REPOSITORY_FIELDS, "user.display_name", "user.uuid", "user.account_id")


def shown(workspace: Workspace) -> dict[str, Any]:
    return {"type": "workspace", "uuid": workspace.uuid, "slug": workspace.slug, "name": workspace.name}


def role(person: Person, workspace: Workspace) -> str:
    """As memberships name it: administrators count as owners."""
    held = "administrator" if person.kind == "app_user" else workspace.members.get(person.uuid, "member")
    return "owner" if held == "administrator" else held


def membership(call: Call, workspace: Workspace, person: Person) -> dict[str, Any]:
    return {
        "type": "workspace_membership",
        "user": brief(person),
        "workspace": shown(workspace),
        "links": {"self": {"href": call.url("workspaces", workspace.slug, "members", person.uuid)}},
    }


def with_permission(call: Call, workspace: Workspace, person: Person) -> dict[str, Any]:
    answer = membership(call, workspace, person) | {"permission": role(person, workspace)}
    return answer | JOINED if call.switches.membership_dates else answer


def members(call: Call, workspace: Workspace) -> list[Person]:
    return [call.world.people[uuid] for uuid in list(workspace.members) if uuid in call.world.people]


def visible(call: Call) -> list[Workspace]:
    return [one for one in list(call.world.workspaces.values()) if call.role(one) is not None]


def repository_permission(person: Person, workspace: Workspace, repository: Repository, level: str) -> dict[str, Any]:
    return {
        "type": "repository_permission",
        "user": brief(person),
        "repository": {
            "type": "repository",
            "name": repository.name,
            "full_name": f"{workspace.slug}/{repository.slug}",
            "uuid": repository.uuid,
        },
        "permission": level,
    }


def repository_permissions(call: Call, held: list[Held], fields: tuple[str, ...]) -> Answer:
    return listed(call, held, fields, lambda one: repository_permission(*one))


@operation("GET", "/user/workspaces")
def user_workspaces(call: Call) -> Answer:
    wanted = call.query.get("administrator", "").lower()
    if wanted not in ("", "true", "false"):
        raise errors.error(400, "administrator must be true or false")

    def access(workspace: Workspace) -> dict[str, Any]:
        links = {
            "avatar": {"href": f"{call.origin}/workspaces/{workspace.slug}/avatar/"},
            "self": {"href": call.url("workspaces", workspace.slug)},
        }
        base = {"type": "workspace_base", "uuid": workspace.uuid, "slug": workspace.slug, "links": links}
        return {"type": "workspace_access", "administrator": call.administers(workspace), "workspace": base}

    items = [access(one) for one in visible(call)]
    items = [one for one in items if not wanted or one["administrator"] is (wanted == "true")]
    by = (call.query.get("sort") or "").replace("workspace.slug", "slug")
    if by.removeprefix("-") not in ("", "slug"):
        raise errors.error(400, "Only slug is supported by sort")
    return pages.page(call, pages.sort(items, by.replace("slug", "workspace.slug")), lambda item: item)


@operation("GET", "/user/workspaces/{workspace}/permission")
def user_workspace_permission(call: Call) -> Answer:
    return Answer(with_permission(call, call.workspace(missing=403), call.actor))


def own_repositories(call: Call, workspace: Workspace) -> list[Held]:
    held = [(one, call.level(workspace, one)) for one in list(workspace.repositories.values())]
    return [(call.actor, workspace, one, level) for one, level in held if level != "none"]


@operation("GET", "/user/workspaces/{workspace}/permissions/repositories")
def user_repository_permissions(call: Call) -> Answer:
    return repository_permissions(call, own_repositories(call, call.workspace(missing=403)), REPOSITORY_FIELDS)


@operation("GET", "/user/permissions/repositories")
def removed_repository_permissions(call: Call) -> Answer:
    held = [one for workspace in visible(call) for one in own_repositories(call, workspace)]
    return repository_permissions(call, held, REPOSITORY_FIELDS)


@operation("GET", "/user/permissions/workspaces")
def removed_workspace_permissions(call: Call) -> Answer:
    items = [with_permission(call, workspace, call.actor) for workspace in visible(call)]
    return listed(call, items, ("workspace.slug", "permission"), lambda item: item)


@operation("GET", "/workspaces/{workspace}/members")
def list_members(call: Call) -> Answer:
    workspace = call.workspace(missing=403)
    query = call.query.get("q")
    if not query:
        return pages.page(call, members(call, workspace), lambda person: membership(call, workspace, person))
    addresses = filters.in_list(query, "user.email")
    if addresses is None:
        raise errors.error(400, "Only user.email IN (…) is supported by parameter q")
    if not call.administers(workspace):
        raise errors.error(403, "Only workspace administrators may filter by e-mail address.")
    if len(addresses) > ADDRESSES_AT_ONCE:
        raise errors.error(400, f"At most {ADDRESSES_AT_ONCE} e-mail addresses can be queried at a time.")
    wanted = {address.lower() for address in addresses}
    found = [
        (person, email.address)
        for person in members(call, workspace)
        for email in person.emails
        if email.is_confirmed and email.address.lower() in wanted
    ]
    names = [name.strip().removeprefix("+") for name in call.query.get("fields", "").split(",")]

    def member(match: tuple[Person, str]) -> dict[str, Any]:
        answer = membership(call, workspace, match[0])
        if "values.user.email" in names:
            answer["user"]["email"] = match[1]
        return answer

    return pages.page(call, found, member)


@operation("GET", "/workspaces/{workspace}/members/{member}")
def get_member(call: Call) -> Answer:
    workspace = call.workspace()
    person = call.account("member")
    if person.uuid not in workspace.members:
        raise errors.error(404, f"{person.display_name} is not a member of this workspace.")
    return Answer(membership(call, workspace, person))


@operation("GET", "/workspaces/{workspace}/permissions")
def workspace_permissions(call: Call) -> Answer:
    workspace = administered(call)
    items = [with_permission(call, workspace, person) for person in members(call, workspace)]
    return listed(call, items, ("permission",), lambda item: item)


@operation("GET", "/workspaces/{workspace}/permissions/repositories")
def workspace_repository_permissions(call: Call) -> Answer:
    workspace = administered(call)
    people = members(call, workspace)
    held = [one for where in list(workspace.repositories.values()) for one in effective(people, workspace, where)]
    return repository_permissions(call, held, EFFECTIVE_FIELDS)


@operation("GET", "/workspaces/{workspace}/permissions/repositories/{repo_slug}")
def effective_repository_permissions(call: Call) -> Answer:
    workspace, repository = call.repository()
    held = effective(members(call, workspace), workspace, repository)
    return repository_permissions(call, held, EFFECTIVE_FIELDS)


def administered(call: Call) -> Workspace:
    workspace = call.workspace(missing=403)
    if not call.administers(workspace):
        raise errors.error(403, "You need admin permission for this workspace to access this resource.")
    return workspace


def effective(people: list[Person], workspace: Workspace, repository: Repository) -> list[Held]:
    levels = workspace.levels(repository)
    return [(one, workspace, repository, levels[one.uuid]) for one in people if one.uuid in levels]
