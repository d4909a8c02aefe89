"""A world from a small YAML file: workspaces, who is in them, and what stands there already.

    acme:
      administrators: {Ada Lovelace: ada@acme.example}
      members: {Grace Hopper: grace@acme.example, Bob Kahn: bob@acme.example}
      groups: {developers: [Bob Kahn]}
      projects:
        CORE:
          groups: {developers: read}
          repositories:
            api: {users: {Grace Hopper: write}}
            web: {}
      variables: {REGION: eu}

Everybody has an API token with every scope, called by the name in their address: `ada-api-token`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from .seed import add_project, add_repository, api_token, person
from .world import Email, Group, Project, Repository, Variable, Workspace, World, stable_uuid


class Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class GivenRepository(Given):
    users: dict[str, Literal["read", "write", "admin"]] = {}
    groups: dict[str, Literal["read", "write", "admin"]] = {}
    variables: dict[str, str] = {}


class GivenProject(Given):
    users: dict[str, Literal["read", "write", "create-repo", "admin"]] = {}
    groups: dict[str, Literal["read", "write", "create-repo", "admin"]] = {}
    repositories: dict[str, GivenRepository] = {}


class GivenWorkspace(Given):
    administrators: dict[str, str] = {}
    members: dict[str, str] = {}
    groups: dict[str, list[str]] = {}
    projects: dict[str, GivenProject] = {}
    variables: dict[str, str] = {}


def read(path: str | Path) -> World:
    """Raises OSError or ValueError, which says what is wrong with the file."""
    try:
        given = TypeAdapter(dict[str, GivenWorkspace]).validate_python(
            yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        )
        world = World()
        for slug, workspace in given.items():
            world.workspaces[slug] = _workspace(world, slug, workspace)
    except (ValueError, LookupError, yaml.YAMLError) as problem:
        raise ValueError(f"{path}: {problem}") from None
    return world


def _workspace(world: World, slug: str, given: GivenWorkspace) -> Workspace:
    made = Workspace(uuid=stable_uuid(f"workspaces/{slug}"), slug=slug, name=slug)
    for role, people in (("administrator", given.administrators), ("member", given.members)):
        for name, address in people.items():
            made.members[_person(world, name, address)] = role
    for group, members in given.groups.items():
        made.groups[group] = Group(group, group, [world.person(name).uuid for name in members])
    made.variables = _variables(slug, given.variables)
    for key, project in given.projects.items():
        _grant(world, add_project(made, key), project)
        for name, repository in project.repositories.items():
            there = add_repository(made, name, key)
            _grant(world, there, repository)
            there.variables = _variables(f"{slug}/{name}", repository.variables)
    places: list[Project | Repository] = [*made.projects.values(), *made.repositories.values()]
    for place in places:
        if unknown := sorted(place.groups.keys() - made.groups.keys()):
            raise ValueError(f"{slug}: no such group: {', '.join(unknown)}")
    return made


def _person(world: World, name: str, address: str) -> str:
    made = person(name)
    if made.uuid not in world.people:
        made.username = address.partition("@")[0]
        made.emails = [Email(address)]
        world.people[made.uuid] = made
        token = api_token(f"{made.username}-api-token", made)
        if token.secret in world.credentials:
            raise ValueError(f"{name}: another address begins with '{made.username}' too, by which tokens are called")
        world.credentials[token.secret] = token
    return made.uuid


def _grant(world: World, place: Repository | Project, given: GivenRepository | GivenProject) -> None:
    place.users = {world.person(name).uuid: level for name, level in given.users.items()}
    place.groups = dict(given.groups)


def _variables(place: str, given: Mapping[str, str]) -> dict[str, Variable]:
    made = [Variable(stable_uuid(f"variables/{place}/{key}"), key, value) for key, value in given.items()]
    return {one.uuid: one for one in made}
