"""People from the stack's configuration, and what each may do in the workspace's repositories."""

import pulumi
from pulumi_bitbucket_user import RepositoryPermission
from pulumi_bitbucket_user.dynamic import RepositoryUserPermission, WorkspacePipelineVariable

config = pulumi.Config()
workspace = config.require("workspace")
people: dict[str, dict[str, RepositoryPermission]] = config.require_object("people")

for user_id, access in people.items():
    for repository, permission in access.items():
        RepositoryUserPermission(
            f"{repository}-{user_id}",
            workspace=workspace,
            repo_slug=repository,
            user_id=user_id,
            permission=permission,
        )

WorkspacePipelineVariable(
    "deploy-token",
    workspace=workspace,
    key="DEPLOY_TOKEN",
    value=config.require_secret("deployToken"),
    secured=True,
)

pulumi.export("grants", sum(map(len, people.values())))
