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


def find_user(place: Place) -> Person:
    """The one that the path names; of a project also by username."""
    return place.call.account("selected_user_id", username=place.name == "project")


def find_group(place: Place) -> Group:
    found = place.workspace.groups.get(place.call.parameters["group_slug"])
    if found is None:
        raise errors.error(404, f"No group with slug '{place.call.parameters['group_slug']}'.")
    return found


def level_of(call: Call, grants: dict[str, str], id: str, shown: str) -> str:
    """What a person or group holds: "none", or 404 where a switch says so, without a grant of their own."""
    if id not in grants and call.switches.absent_grant == "404":
        raise no_grant(shown)
    return grants.get(id, "none")


def remove(call: Call, grants: dict[str, str], id: str, shown: str) -> Answer:
    if grants.pop(id, None) is None and call.switches.delete_absent_grant == 404:
        raise no_grant(shown)
    return Answer(status=204)


def no_grant(shown: str) -> errors.Refusal:
    return errors.error(404, f"No explicit permission of {shown} found.")


@operation("GET", f"{REPOSITORY}/users")
@operation("GET", f"{PROJECT}/users")
def list_users(call: Call) -> Answer:
    place, people = Place(call, *call.place()), call.world.people
    grants = [(people[uuid], level) for uuid, level in list(place.holder.users.items()) if uuid in people]
    return pages.page(call, grants, lambda grant: place.user(*grant))


@operation("GET", f"{REPOSITORY}/users/{{selected_user_id}}")
@operation("GET", f"{PROJECT}/users/{{selected_user_id}}")
def get_user(call: Call) -> Answer:
    place = Place(call, *call.place())
    named = find_user(place)
    return Answer(place.user(named, level_of(call, place.holder.users, named.uuid, named.display_name)))


@operation("PUT", f"{REPOSITORY}/users/{{selected_user_id}}")
@operation("PUT", f"{PROJECT}/users/{{selected_user_id}}")
def put_user(call: Call) -> Answer:
    place = Place(call, *call.place())
    named, level = find_user(place), place.wanted()
    role = place.workspace.members.get(named.uuid)
    if role is None:
        raise errors.error(call.switches.non_member, f"{named.display_name} is not a valid user to update.")
    if role == "owner":
        raise errors.error(400, f"{named.display_name} is not a valid user to update: owner of the workspace.")
    place.check_seats({named.uuid})
    place.holder.users[named.uuid] = level
    return Answer(place.user(named, level))


@operation("DELETE", f"{REPOSITORY}/users/{{selected_user_id}}")
@operation("DELETE", f"{PROJECT}/users/{{selected_user_id}}")
def delete_user(call: Call) -> Answer:
    place = Place(call, *call.place())
    named = find_user(place)
    return remove(call, place.holder.users, named.uuid, named.display_name)


@operation("GET", f"{REPOSITORY}/groups")
@operation("GET", f"{PROJECT}/groups")
def list_groups(call: Call) -> Answer:
    place = Place(call, *call.place())
    known = place.workspace.groups
    grants = [(known[slug], level) for slug, level in list(place.holder.groups.items()) if slug in known]
    return pages.page(call, grants, lambda grant: place.group(*grant))


@operation("GET", f"{REPOSITORY}/groups/{{group_slug}}")
@operation("GET", f"{PROJECT}/groups/{{group_slug}}")
def get_group(call: Call) -> Answer:
    place = Place(call, *call.place())
    named = find_group(place)
    return Answer(place.group(named, level_of(call, place.holder.groups, named.slug, f"group {named.slug}")))


@operation("PUT", f"{REPOSITORY}/groups/{{group_slug}}")
@operation("PUT", f"{PROJECT}/groups/{{group_slug}}")
def put_group(call: Call) -> Answer:
    place = Place(call, *call.place())
    named, level = find_group(place), place.wanted()
    place.check_seats(set(named.members))
    place.holder.groups[named.slug] = level
    return Answer(place.group(named, level))


@operation("DELETE", f"{REPOSITORY}/groups/{{group_slug}}")
@operation("DELETE", f"{PROJECT}/groups/{{group_slug}}")
def delete_group(call: Call) -> Answer:
    place = Place(call, *call.place())
    named = find_group(place)
    return remove(call, place.holder.groups, named.slug, f"group {named.slug}")
