"""The pipeline variables of a workspace.

Scopes: read:pipeline (OAuth and access tokens: pipeline).
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-workspaces-workspace-pipelines-config-variables-get
"""

from ..resources.workspace_pipeline_variable import WorkspacePipelineVariable
from ..run.api import Api
from .arguments import InWorkspace
from .function import Function
from .variable import PipelineVariables, variables


class Args(InWorkspace):
    pass


class GetWorkspacePipelineVariables(Function[Args, PipelineVariables]):
    """The pipeline variables of a workspace, without their values."""

    ARGS = Args
    RESULT = PipelineVariables

    def call(self, api: Api, args: Args) -> PipelineVariables:
        return variables(WorkspacePipelineVariable().listing(api, args).all())
