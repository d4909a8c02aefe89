"""The deploy keys of a repository.

Scopes: admin:repository (OAuth: repository, repository:admin). The caller must administer the repository.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-deployments/#api-repositories-workspace-repo-slug-deploy-keys-get
"""

from ..run.api import Api
from ..run.kinds import REPOSITORY_DEPLOY_KEYS
from .arguments import InRepository
from .deploy_key import DeployKeys, deploy_keys
from .function import Function


class GetRepositoryDeployKeys(Function[InRepository, DeployKeys]):
    """The deploy keys of a repository."""

    ARGS = InRepository
    RESULT = DeployKeys

    def call(self, api: Api, args: InRepository) -> DeployKeys:
        return deploy_keys(api, REPOSITORY_DEPLOY_KEYS, args)
