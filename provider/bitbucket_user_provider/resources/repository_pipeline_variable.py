"""A pipeline variable of a repository, seen by every pipeline of it.

Scopes: reads read:pipeline, writes admin:pipeline (OAuth: pipeline, pipeline:variable).
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-repositories-workspace-repo-slug-pipelines-config-variables-post
"""

from ..run.kinds import REPOSITORY_VARIABLES
from .variable import Variable, VariableArgs, VariableState
from .where import InRepository


class Args(VariableArgs, InRepository):
    pass


class State(Args, VariableState):
    pass


class RepositoryPipelineVariable(Variable):
    """A pipeline variable of a repository, seen by every pipeline of it. It takes the place of one of the workspace
    with the same key."""

    KIND = REPOSITORY_VARIABLES
    ARGS = Args
    STATE = State
    ID = ("workspace", "repo_slug", "uuid")
    EXAMPLES = ("acme/api/{5a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d}", "acme/api/DEPLOY_KEY")
