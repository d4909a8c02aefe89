"""The projects of a workspace that the caller may see.

Scopes: read:project (OAuth and access tokens: project).
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-projects-get
"""

from ..models.model import Model
from ..rest.answer import Answer
from ..rest.client import Path
from ..run.api import Api
from ..run.place import READ_PEOPLE
from .arguments import InWorkspace
from .function import Function, every

PROJECTS = Path("/workspaces/{workspace}/projects", READ_PEOPLE)


class Project(Model):
    """A project."""

    key: str
    """Key of the project, as `projectKey` of everything else takes it."""

    uuid: str
    """UUID of the project in braces."""

    name: str
    """Name of the project."""

    is_private: bool
    """Whether its repositories must be private."""


class Result(Model):
    projects: list[Project]
    """The projects, by key."""


class GetProjects(Function[InWorkspace, Result]):
    """The projects of a workspace that the caller may see."""

    ARGS = InWorkspace
    RESULT = Result

    def call(self, api: Api, args: InWorkspace) -> Result:
        entries = every(api, PROJECTS, args, lambda entry: entry.text("uuid"))
        return Result(projects=sorted(map(_shown, entries), key=lambda one: one.key))


def _shown(entry: Answer) -> Project:
    return Project(
        key=entry.text("key"),
        uuid=entry.text("uuid"),
        name=entry.text("name"),
        is_private=entry.flag("is_private"),
    )
