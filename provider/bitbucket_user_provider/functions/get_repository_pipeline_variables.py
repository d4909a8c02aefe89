"""The pipeline variables of a repository.

Scopes: read:pipeline (OAuth and access tokens: pipeline).
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-repositories-workspace-repo-slug-pipelines-config-variables-get
"""

from ..run.api import Api
from ..run.kinds import REPOSITORY_VARIABLES
from .arguments import InRepository
from .function import Function
from .variable import PipelineVariables, variables


class GetRepositoryPipelineVariables(Function[InRepository, PipelineVariables]):
    """The pipeline variables of a repository, without their values."""

    ARGS = InRepository
    RESULT = PipelineVariables

    def call(self, api: Api, args: InRepository) -> PipelineVariables:
        return variables(api.things(REPOSITORY_VARIABLES, args).all().entries)
