"""The direct grants of a place: the permission that a subject, today a person, holds on a repository or a project.

Resources, sets and functions all come here, so that they share one listing a place. Bitbucket shows direct grants only:
what a group or the project gives is neither listed nor touched.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-repo-slug-permissions-config-users-get
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-projects/#api-workspaces-workspace-projects-project-key-permissions-config-users-get
"""

from dataclasses import dataclass
from enum import Enum

from ..models.fields import ProjectPermission, RepositoryPermission
from ..models.person import bare
from ..rest.answer import Answer
from ..rest.client import Path
from ..rest.credentials import Kind
from .api import Api
from .place import PROJECT, READS, REPOSITORY
from .things import ThingKind

WRITES = (Kind.API_TOKEN,)
NONE = "none"


@dataclass(frozen=True)
class GrantKind(ThingKind):
    groups: Path = Path("", ())
    """The list of the groups that hold a grant there."""
    levels: type[Enum] = RepositoryPermission


@dataclass(frozen=True)
class Subject:
    """Who holds a grant, as an entry of a list says."""

    uuid: str
    """Without braces."""
    account_id: str | None
    name: str | None

    @classmethod
    def of(cls, entry: Answer) -> "Subject":
        """Raises OddAnswer."""
        return cls(bare(entry.text("user.uuid")), entry.maybe("user.account_id"), entry.maybe("user.display_name"))


def _names(api: Api, entry: Answer) -> list[str]:
    subject = Subject.of(entry)
    entry.text("permission")
    api.people.learn(subject.uuid, subject.account_id, name=subject.name)
    return sorted(api.people.forms(subject.uuid))


def _holds(entry: Answer) -> bool:
    return entry.text("permission") != NONE


REPOSITORY_USERS = GrantKind(
    "repository-users",
    REPOSITORY,
    Path("/repositories/{workspace}/{repo_slug}/permissions-config/users", READS),
    Path("/repositories/{workspace}/{repo_slug}/permissions-config/users/{user_id}", READS, WRITES),
    _names,
    _holds,
    groups=Path("/repositories/{workspace}/{repo_slug}/permissions-config/groups", READS),
    levels=RepositoryPermission,
)
PROJECT_USERS = GrantKind(
    "project-users",
    PROJECT,
    Path("/workspaces/{workspace}/projects/{project_key}/permissions-config/users", READS),
    Path("/workspaces/{workspace}/projects/{project_key}/permissions-config/users/{user_id}", READS, WRITES),
    _names,
    _holds,
    groups=Path("/workspaces/{workspace}/projects/{project_key}/permissions-config/groups", READS),
    levels=ProjectPermission,
)
