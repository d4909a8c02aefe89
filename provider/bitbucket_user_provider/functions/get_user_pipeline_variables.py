"""The pipeline variables of a user: deprecated by Bitbucket, and refused to API tokens.

Scopes: pipeline of an OAuth consumer.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-users-selected-user-pipelines-config-variables-get
"""

from ..run.api import Api
from ..run.kinds import USER_VARIABLES
from .arguments import OfUser
from .function import Function
from .variable import PipelineVariables, variables


class GetUserPipelineVariables(Function[OfUser, PipelineVariables]):
    """The pipeline variables of a user, without their values. Bitbucket accepts no API token here: it takes an OAuth
    consumer."""

    DEPRECATED = "Bitbucket has deprecated the pipeline variables of users: use getWorkspacePipelineVariables."
    ARGS = OfUser
    RESULT = PipelineVariables

    def call(self, api: Api, args: OfUser) -> PipelineVariables:
        return variables(api.things(USER_VARIABLES, args).all().entries)
