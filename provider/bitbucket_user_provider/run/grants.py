"""The direct grants of a place: the permission that a subject, a person or a group, holds on a repository or a project.

Resources, sets and functions all come here, so that they share one listing a place. Bitbucket shows direct grants only:
what a group or the project gives to a person is neither listed nor touched as theirs.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-repo-slug-permissions-config-users-get
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-repo-slug-permissions-config-groups-get
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-projects/#api-workspaces-workspace-projects-project-key-permissions-config-users-get
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-projects/#api-workspaces-workspace-projects-project-key-permissions-config-groups-get
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from ..models.fields import ProjectPermission, RepositoryPermission
from ..models.person import bare
from ..rest.answer import Answer
from ..rest.client import Path
from ..rest.credentials import Kind
from .api import Api
from .people import People
from .place import PROJECT, READS, REPOSITORY, PlaceKind
from .things import ThingKind

WRITES = (Kind.API_TOKEN,)
NONE = "none"
GROUP = "group "
"""Begins the name of a group wherever people and groups stand side by side. No person is written so."""


@dataclass(frozen=True)
class Subject:
    """Who holds a grant, as an entry of a list says."""

    id: str
    """UUID without braces of a person, slug of a group."""
    account_id: str | None
    name: str | None


def person(entry: Answer) -> Subject:
    return Subject(bare(entry.text("user.uuid")), entry.maybe("user.account_id"), entry.maybe("user.display_name"))


def group(entry: Answer) -> Subject:
    return Subject(entry.text("group.slug"), None, entry.maybe("group.name"))


@dataclass(frozen=True)
class GrantKind(ThingKind):
    subject: Callable[[Answer], Subject] = person
    """Of an entry. Raises OddAnswer."""
    field: str = "user_id"
    """Names the subject in the path."""
    prefix: str = ""
    """Begins what the run calls a subject of this kind."""
    levels: type[Enum] = RepositoryPermission

    def forms(self, people: People, *ids: str | None) -> frozenset[str]:
        """All that the run calls one subject, of which these ids are known."""
        return people.forms(*(self.prefix + id for id in ids if id))


def _names_of_person(api: Api, entry: Answer) -> list[str]:
    subject = person(entry)
    entry.text("permission")
    api.people.learn(subject.id, subject.account_id, name=subject.name)
    return sorted(api.people.forms(subject.id))


def _names_of_group(api: Api, entry: Answer) -> list[str]:
    del api
    entry.text("permission")
    return [GROUP + group(entry).id]


def _holds(entry: Answer) -> bool:
    return entry.text("permission") != NONE


def _people(where: PlaceKind, path: str, levels: type[Enum]) -> GrantKind:
    one = Path(f"{path}/users/{{user_id}}", READS, WRITES)
    listed = Path(f"{path}/users", READS)
    return GrantKind(
        f"{where.name}-users",
        where,
        listed,
        one,
        _names_of_person,
        _holds,
        is_of_people=True,
        says=("permission",),
        levels=levels,
    )


def _groups(where: PlaceKind, path: str, levels: type[Enum]) -> GrantKind:
    return GrantKind(
        f"{where.name}-groups",
        where,
        Path(f"{path}/groups", READS),
        Path(f"{path}/groups/{{group_slug}}", READS, WRITES),
        _names_of_group,
        _holds,
        says=("permission",),
        subject=group,
        field="group_slug",
        prefix=GROUP,
        levels=levels,
    )


OF_REPOSITORY = (REPOSITORY, "/repositories/{workspace}/{repo_slug}/permissions-config", RepositoryPermission)
OF_PROJECT = (PROJECT, "/workspaces/{workspace}/projects/{project_key}/permissions-config", ProjectPermission)
REPOSITORY_USERS, REPOSITORY_GROUPS = _people(*OF_REPOSITORY), _groups(*OF_REPOSITORY)
PROJECT_USERS, PROJECT_GROUPS = _people(*OF_PROJECT), _groups(*OF_PROJECT)
