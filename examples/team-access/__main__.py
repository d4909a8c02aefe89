"""People from the stack's configuration, and what each may do in the workspace's repositories."""

import pulumi
from pulumi_bitbucket_user.dynamic import (
    RepositoryUserPermission,
    WorkspacePipelineVariable,
    get_workspace_members_output,
)

config = pulumi.Config()
workspace = config.require("workspace")
people: dict[str, dict[str, str]] = config.require_object("people")

# Configuration names people by e-mail address; Bitbucket grants access to account ids.
members = get_workspace_members_output(workspace=workspace, emails=list(people))

for email, access in people.items():
    for repository, permission in access.items():
        RepositoryUserPermission(
            f"{repository}-{email}",
            workspace=workspace,
            repo_slug=repository,
            user_id=members.by_email[email],
            permission=permission,
        )

WorkspacePipelineVariable(
    "deploy-token",
    workspace=workspace,
    key="DEPLOY_TOKEN",
    value=config.require_secret("deployToken"),
    secured=True,
)
