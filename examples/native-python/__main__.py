"""One person's access to a repository and a project, and a variable, through the plugin."""

import pulumi
import pulumi_bitbucket_user as bitbucket

config = pulumi.Config()
workspace = config.require("workspace")
person = bitbucket.get_workspace_member_output(workspace=workspace, email=config.require("person"))

bitbucket.RepositoryUserPermission(
    "api",
    workspace=workspace,
    repo_slug="api",
    user_id=person.account_id,
    permission=bitbucket.RepositoryPermission.WRITE,
)
bitbucket.ProjectUserPermission(
    "ops",
    workspace=workspace,
    project_key="OPS",
    user_id=person.account_id,
    permission=bitbucket.ProjectPermission.READ,
)
variable = bitbucket.WorkspacePipelineVariable(
    "deploy-token",
    workspace=workspace,
    key="DEPLOY_TOKEN",
    value=config.require_secret("deployToken"),
    secured=True,
)

pulumi.export("person", person.display_name)
pulumi.export("variable", variable.uuid)
