"""A pipeline variable of a workspace, seen by every pipeline in it.

Scopes: reads read:pipeline, writes admin:pipeline (OAuth: pipeline, pipeline:variable).
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-workspaces-workspace-pipelines-config-variables-post
"""

from ..run.kinds import WORKSPACE_VARIABLES
from .variable import Variable, VariableArgs, VariableState
from .where import InWorkspace


class Args(VariableArgs, InWorkspace):
    pass


class State(Args, VariableState):
    pass


class WorkspacePipelineVariable(Variable):
    """A pipeline variable of a workspace, seen by every pipeline in it."""

    KIND = WORKSPACE_VARIABLES
    ARGS = Args
    STATE = State
    ID = ("workspace", "uuid")
    EXAMPLES = ("acme/{5a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d}", "acme/DEPLOY_KEY")
