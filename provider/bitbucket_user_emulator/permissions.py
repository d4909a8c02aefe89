"""Direct grants to users and groups, on repositories and projects: the same four verbs for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import errors, pages
from .operations import Answer, Call, operation
from .people import brief
from .world import Group, Person, Project, Repository, Workspace

REPOSITORY = "/repositories/{workspace}/{repo_slug}/permissions-config"
PROJECT = "/workspaces/{workspace}/projects/{project_key}/permissions-config"


@dataclass
class Place:
    """A repository or project, as far as its grants go."""

    call: Call
    workspace: Workspace
    holder: Repository | Project

    @property
    def name(self) -> str:
        return "repository" if isinstance(self.holder, Repository) else "project"

    @property
    def levels(self) -> tuple[str, ...]:
        return ("read", "write", "admin") if self.name == "repository" else ("read", "write", "create-repo", "admin")

    def link(self, *rest: str) -> dict[str, Any]:
        if isinstance(self.holder, Repository):
            path = ["repositories", self.workspace.slug, self.holder.slug]
        else:
            path = ["workspaces", self.workspace.slug, "projects", self.holder.key]
        return {"self": {"href": self.call.url(*path, "permissions-config", *rest)}}

    def user(self, person: Person, permission: str) -> dict[str, Any]:
        kind = f"{self.name}_user_permission"
        links = self.link("users", person.uuid)
        return {"type": kind, "user": brief(person), "permission": permission, "links": links}

    def group(self, group: Group, permission: str) -> dict[str, Any]:
        shown = {"type": "group", "name": group.name, "slug": group.slug}
        shown["full_slug"] = f"{self.workspace.slug}:{group.slug}"
        links = self.link("groups", group.slug)
        return {"type": f"{self.name}_group_permission", "group": shown, "permission": permission, "links": links}

    def wanted(self) -> str:
        """The permission in a PUT's body, which holds nothing else."""
        body = self.call.json_object()
        if extra := sorted(set(body) - {"permission"}):
            raise errors.invalid_field(extra[0], "extra keys not allowed")
        if "permission" not in body:
            raise errors.invalid_field("permission", "required key not provided")
        if body["permission"] not in self.levels:
            raise errors.invalid_field("permission", f"must be one of {', '.join(self.levels)}")
        return str(body["permission"])

    def check_seats(self, newcomers: set[str]) -> None:
        limit = self.workspace.seat_limit
        if limit is None:
            return
        seated = self.workspace.with_access()
        if newcomers - seated and len(seated | newcomers) > limit:
            raise errors.error(402, errors.SEAT_LIMIT)


def repository(call: Call) -> Place:
    return Place(call, *call.repository())


def project(call: Call) -> Place:
    return Place(call, *call.project())


def list_users(place: Place) -> Answer:
    people = place.call.world.people
    grants = [(people[uuid], level) for uuid, level in list(place.holder.users.items()) if uuid in people]
    return pages.page(place.call, grants, lambda grant: place.user(*grant))


def get_user(place: Place, person: Person) -> Answer:
    level = place.holder.users.get(person.uuid)
    if level is None and place.call.switches.absent_grant == "404":
        raise errors.error(404, f"No explicit permission of {person.display_name} found.")
    return Answer(place.user(person, level or "none"))


def put_user(place: Place, person: Person) -> Answer:
    level = place.wanted()
    switches = place.call.switches
    role = place.workspace.members.get(person.uuid)
    if role is None:
        raise errors.error(switches.non_member, f"{person.display_name} is not a valid user to update.")
    if role == "owner" and (place.name == "repository" or switches.owner_in_projects == 400):
        raise errors.error(400, f"{person.display_name} is not a valid user to update: owner of the workspace.")
    place.check_seats({person.uuid})
    place.holder.users[person.uuid] = level
    return Answer(place.user(person, level))


def delete_user(place: Place, person: Person) -> Answer:
    if place.holder.users.pop(person.uuid, None) is None and place.call.switches.delete_absent_grant == 404:
        raise errors.error(404, f"No explicit permission of {person.display_name} found.")
    return Answer(status=204)


def find_group(place: Place) -> Group:
    group = place.workspace.groups.get(place.call.parameters["group_slug"])
    if group is None:
        raise errors.error(404, f"No group with slug '{place.call.parameters['group_slug']}'.")
    return group


def list_groups(place: Place) -> Answer:
    known = place.workspace.groups
    grants = [(known[slug], level) for slug, level in list(place.holder.groups.items()) if slug in known]
    return pages.page(place.call, grants, lambda grant: place.group(*grant))


def get_group(place: Place) -> Answer:
    group = find_group(place)
    level = place.holder.groups.get(group.slug)
    if level is None and place.call.switches.absent_grant == "404":
        raise errors.error(404, f"No explicit permission of group {group.slug} found.")
    return Answer(place.group(group, level or "none"))


def put_group(place: Place) -> Answer:
    group, level = find_group(place), place.wanted()
    place.check_seats(set(group.members))
    place.holder.groups[group.slug] = level
    return Answer(place.group(group, level))


def delete_group(place: Place) -> Answer:
    group = find_group(place)
    if place.holder.groups.pop(group.slug, None) is None and place.call.switches.delete_absent_grant == 404:
        raise errors.error(404, f"No explicit permission of group {group.slug} found.")
    return Answer(status=204)


@operation("GET", f"{REPOSITORY}/users")
def list_repository_users(call: Call) -> Answer:
    return list_users(repository(call))


@operation("GET", f"{REPOSITORY}/users/{{selected_user_id}}")
def get_repository_user(call: Call) -> Answer:
    return get_user(repository(call), call.account("selected_user_id"))


@operation("PUT", f"{REPOSITORY}/users/{{selected_user_id}}")
def put_repository_user(call: Call) -> Answer:
    return put_user(repository(call), call.account("selected_user_id"))


@operation("DELETE", f"{REPOSITORY}/users/{{selected_user_id}}")
def delete_repository_user(call: Call) -> Answer:
    return delete_user(repository(call), call.account("selected_user_id"))


@operation("GET", f"{REPOSITORY}/groups")
def list_repository_groups(call: Call) -> Answer:
    return list_groups(repository(call))


@operation("GET", f"{REPOSITORY}/groups/{{group_slug}}")
def get_repository_group(call: Call) -> Answer:
    return get_group(repository(call))


@operation("PUT", f"{REPOSITORY}/groups/{{group_slug}}")
def put_repository_group(call: Call) -> Answer:
    return put_group(repository(call))


@operation("DELETE", f"{REPOSITORY}/groups/{{group_slug}}")
def delete_repository_group(call: Call) -> Answer:
    return delete_group(repository(call))


@operation("GET", f"{PROJECT}/users")
def list_project_users(call: Call) -> Answer:
    return list_users(project(call))


@operation("GET", f"{PROJECT}/users/{{selected_user_id}}")
def get_project_user(call: Call) -> Answer:
    return get_user(project(call), call.account("selected_user_id", username=True))


@operation("PUT", f"{PROJECT}/users/{{selected_user_id}}")
def put_project_user(call: Call) -> Answer:
    return put_user(project(call), call.account("selected_user_id", username=True))


@operation("DELETE", f"{PROJECT}/users/{{selected_user_id}}")
def delete_project_user(call: Call) -> Answer:
    return delete_user(project(call), call.account("selected_user_id", username=True))


@operation("GET", f"{PROJECT}/groups")
def list_project_groups(call: Call) -> Answer:
    return list_groups(project(call))


@operation("GET", f"{PROJECT}/groups/{{group_slug}}")
def get_project_group(call: Call) -> Answer:
    return get_group(project(call))


@operation("PUT", f"{PROJECT}/groups/{{group_slug}}")
def put_project_group(call: Call) -> Answer:
    return put_group(project(call))


@operation("DELETE", f"{PROJECT}/groups/{{group_slug}}")
def delete_project_group(call: Call) -> Answer:
    return delete_group(project(call))
