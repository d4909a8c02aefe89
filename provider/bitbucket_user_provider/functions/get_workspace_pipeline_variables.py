"""The pipeline variables of a workspace.

Scopes: read:pipeline (OAuth and access tokens: pipeline).
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-workspaces-workspace-pipelines-config-variables-get
"""

from ..run.api import Api
from ..run.kinds import WORKSPACE_VARIABLES
from .arguments import InWorkspace
from .function import Function
from .variable import PipelineVariables, variables


class GetWorkspacePipelineVariables(Function[InWorkspace, PipelineVariables]):
    """The pipeline variables of a workspace, without their values."""

    ARGS = InWorkspace
    RESULT = PipelineVariables

    def call(self, api: Api, args: InWorkspace) -> PipelineVariables:
        return variables(api.things(WORKSPACE_VARIABLES, args).all().entries)
