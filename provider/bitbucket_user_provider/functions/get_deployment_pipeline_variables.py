"""The pipeline variables of a deployment environment.

Scopes: read:pipeline (OAuth and access tokens: pipeline).
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-repositories-workspace-repo-slug-deployments-config-environments-environment-uuid-variables-get
"""

from ..models.environment import EnvironmentName
from ..run.api import Api
from ..run.kinds import DEPLOYMENT_VARIABLES
from .arguments import InRepository
from .function import Function
from .variable import PipelineVariables, variables


class Args(InRepository):
    environment: EnvironmentName
    """The deployment environment: its name, its slug or its UUID."""


class GetDeploymentPipelineVariables(Function[Args, PipelineVariables]):
    """The pipeline variables of a deployment environment, without their values."""

    ARGS = Args
    RESULT = PipelineVariables

    def call(self, api: Api, args: Args) -> PipelineVariables:
        return variables(api.things(DEPLOYMENT_VARIABLES, args).all().entries)
