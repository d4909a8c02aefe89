"""One pipeline variable of a user: deprecated by Bitbucket, and refused to API tokens.

Scopes: pipeline of an OAuth consumer.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-users-selected-user-pipelines-config-variables-variable-uuid-get
"""

from ..errors import BitbucketError
from ..models.person import bare
from ..resources.user_pipeline_variable import UserPipelineVariable
from ..run.api import Api
from .arguments import OfUser, Uuid
from .function import Function
from .variable import PipelineVariable, variable


class Args(OfUser):
    uuid: Uuid
    """UUID of the variable, with or without braces."""


class GetUserPipelineVariable(Function[Args, PipelineVariable]):
    """One pipeline variable of a user, without its value. Bitbucket accepts no API token here: it takes an OAuth
    consumer."""

    DEPRECATED = "Bitbucket has deprecated the pipeline variables of users: use getWorkspacePipelineVariables."
    ARGS = Args
    RESULT = PipelineVariable

    def call(self, api: Api, args: Args) -> PipelineVariable:
        resource = UserPipelineVariable()
        entry = resource.listing(api, args).find([bare(args.uuid)], lambda: api.get(resource.ONE, args))
        if entry is None:
            raise BitbucketError(f"{args.user_id} has no pipeline variable {args.uuid}.")
        return variable(entry)
