import pulumi
import pulumi_bitbucket_user.dynamic as bitbucket

team = {"grace@acme.example": "write", "bob@acme.example": "read"}
members = bitbucket.get_workspace_members_output(workspace="acme", emails=list(team))

for email, permission in team.items():
    bitbucket.RepositoryUserPermission(
        f"api-{email}", workspace="acme", repo_slug="api", user_id=members.by_email[email], permission=permission
    )

token = pulumi.Config().require_secret("deployToken")
bitbucket.WorkspacePipelineVariable("deploy-token", workspace="acme", key="DEPLOY_TOKEN", value=token, secured=True)
