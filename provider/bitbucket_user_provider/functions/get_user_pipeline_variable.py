"""One pipeline variable of a user: deprecated by Bitbucket, and refused to API tokens.

Scopes: pipeline of an OAuth consumer.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-users-selected-user-pipelines-config-variables-variable-uuid-get
"""

from ..errors import BitbucketError
from ..models.person import bare
from ..run.api import Api
from ..run.evidence import entry_of
from ..run.kinds import USER_VARIABLES
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
        uuid = bare(args.uuid)
        entry = entry_of(api.things(USER_VARIABLES, args).find([uuid], {"uuid": uuid}))
        if entry is None:
            raise BitbucketError(f"{args.user_id} has no pipeline variable {args.uuid}.")
        return variable(entry)
