"""The repositories of a workspace that the caller may see.

Scopes: read:repository (OAuth and access tokens: repository).
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-get
"""

from ..models.fields import ProjectKey
from ..models.model import Model
from ..rest.answer import Answer
from ..rest.client import Path
from ..run.api import Api
from ..run.place import READ_PEOPLE
from .arguments import InWorkspace
from .function import Function, all_of, every, quoted

REPOSITORIES = Path("/repositories/{workspace}", READ_PEOPLE)
WITHOUT = "-values.links,-values.owner,-values.mainbranch,-values.description,-values.project.links,-values.workspace"
"""Nine tenths of a repository, which a list of a thousand does without."""


class Args(InWorkspace):
    project_key: ProjectKey | None = None
    """Only the repositories of this project."""

    query: str | None = None
    """Which repositories, in Bitbucket's query language, as in `name ~ "api"`."""


class Repository(Model):
    """A repository."""

    slug: str
    """Slug of the repository, as `repoSlug` of everything else takes it."""

    uuid: str
    """UUID of the repository in braces, as `repoSlug` of everything else takes it."""

    name: str
    """Name of the repository."""

    project_key: str
    """Key of its project. Empty when Bitbucket does not say."""

    is_private: bool
    """Whether only those may read it who were given access."""


class Result(Model):
    repositories: list[Repository]
    """The repositories, by slug."""


class GetRepositories(Function[Args, Result]):
    """The repositories of a workspace that the caller may see, 100 a call."""

    ARGS = Args
    RESULT = Result

    def call(self, api: Api, args: Args) -> Result:
        query = all_of(f"project.key = {quoted(args.project_key)}" if args.project_key else None, args.query)
        entries = every(api, REPOSITORIES, args, lambda entry: entry.text("uuid"), query | {"fields": WITHOUT})
        return Result(repositories=sorted(map(_shown, entries), key=lambda one: one.slug))


def _shown(entry: Answer) -> Repository:
    return Repository(
        slug=entry.text("full_name").rpartition("/")[2],
        uuid=entry.text("uuid"),
        name=entry.text("name"),
        project_key=entry.maybe("project.key") or "",
        is_private=entry.flag("is_private"),
    )
