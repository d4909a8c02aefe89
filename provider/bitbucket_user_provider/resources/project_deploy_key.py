"""A deploy key of a project: machines that have it may read every repository of the project.

Bitbucket adds and deletes them, and has no way to change one.

Scopes: reads admin:project; writes also write:ssh-key, delete:ssh-key. The caller must administer the project.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-deployments/#api-workspaces-workspace-projects-project-key-deploy-keys-post
"""

from ..run.kinds import PROJECT_DEPLOY_KEYS
from .deploy_key import DeployKey, DeployKeyArgs, DeployKeyState
from .where import InProject


class Args(DeployKeyArgs, InProject):
    pass


class State(Args, DeployKeyState):
    pass


class ProjectDeployKey(DeployKey):
    """A deploy key of a project: machines that have its private half may read every repository of the project.
    Bitbucket cannot change its label: another label needs another key. It is made with an API token only, because a
    deploy key that an OAuth consumer has made dies with the consumer."""

    KIND = PROJECT_DEPLOY_KEYS
    ARGS = Args
    STATE = State
    ID = ("workspace", "project_key", "key_id")
    EXAMPLES = ("acme/CORE/1234", "acme/CORE/SHA256:W8FmYw7tJCNBQ1vGXMKmLxcmlu8kMsJ3S9aMCWpXCDM")
    UPDATES = False
