"""The deploy keys of a project.

Scopes: admin:project (OAuth: project, project:admin). The caller must administer the project.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-deployments/#api-workspaces-workspace-projects-project-key-deploy-keys-get
"""

from ..run.api import Api
from ..run.kinds import PROJECT_DEPLOY_KEYS
from .arguments import InProject
from .deploy_key import DeployKeys, deploy_keys
from .function import Function


class GetProjectDeployKeys(Function[InProject, DeployKeys]):
    """The deploy keys of a project."""

    ARGS = InProject
    RESULT = DeployKeys

    def call(self, api: Api, args: InProject) -> DeployKeys:
        return deploy_keys(api, PROJECT_DEPLOY_KEYS, args)
