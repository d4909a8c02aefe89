"""A pipeline variable of a user: deprecated by Bitbucket, and refused to API tokens.

Scopes: pipeline, pipeline:variable of an OAuth consumer.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-users-selected-user-pipelines-config-variables-post
"""

from ..models.person import bare
from ..run.kinds import USER_VARIABLES
from .resource import in_id
from .variable import Variable, VariableArgs, VariableState
from .where import OfPerson


class Args(VariableArgs, OfPerson):
    pass


class State(Args, VariableState):
    pass


class UserPipelineVariable(Variable):
    """A pipeline variable of a user. Bitbucket accepts no API token here: it takes an OAuth consumer."""

    DEPRECATED = "Bitbucket has deprecated the pipeline variables of users: use WorkspacePipelineVariable."
    KIND = USER_VARIABLES
    ARGS = Args
    STATE = State
    ID = ("user_id", "uuid")
    EXAMPLES = (
        "712020:8f4b2c1e-5d6a-4b3c-9e8f-7a6b5c4d3e2f/5a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
        "{d301aafa-d676-4ee0-88be-962be7417567}/DEPLOY_KEY",
    )

    def id(self, state: State) -> str:
        return f"{in_id(state.user_id)}/{bare(state.uuid)}"
