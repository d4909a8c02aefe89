"""The deployment environments of a repository.

Scopes: read:pipeline (OAuth and access tokens: pipeline).
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-deployments/#api-repositories-workspace-repo-slug-environments-get
"""

from ..models.model import Model
from ..models.person import bare
from ..rest.answer import Answer
from ..run.api import Api
from ..run.environment import ENVIRONMENTS
from .arguments import InRepository
from .function import Function


class DeploymentEnvironment(Model):
    """A deployment environment."""

    uuid: str
    """UUID of the environment, without braces."""

    name: str
    """Name of the environment."""

    slug: str | None = None
    """Slug of the environment, as `deployment:` in bitbucket-pipelines.yml takes it. Absent when Bitbucket does not
    say."""

    type: str | None = None
    """`Test`, `Staging` or `Production`. Absent when Bitbucket does not say."""


class Result(Model):
    environments: list[DeploymentEnvironment]
    """The environments, by name."""


class GetDeploymentEnvironments(Function[InRepository, Result]):
    """The deployment environments of a repository."""

    ARGS = InRepository
    RESULT = Result

    def call(self, api: Api, args: InRepository) -> Result:
        found = map(_shown, api.things(ENVIRONMENTS, args).all().entries)
        return Result(environments=sorted(found, key=lambda one: (one.name.lower(), one.uuid)))


def _shown(entry: Answer) -> DeploymentEnvironment:
    return DeploymentEnvironment(
        uuid=bare(entry.text("uuid")),
        name=entry.text("name"),
        slug=entry.maybe("slug"),
        type=entry.maybe("environment_type.name"),
    )
