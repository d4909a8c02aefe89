"""What the pipelines of a repository build and deploy with, and which machines may read it."""

import pulumi
from pulumi_bitbucket_user.dynamic import (
    DeploymentPipelineVariable,
    ProjectDeployKey,
    RepositoryDeployKey,
    RepositoryPipelineVariable,
)

config = pulumi.Config()
workspace = config.require("workspace")
repository = config.require("repository")
environments: dict[str, dict[str, str]] = config.require_object("environments")

# Every pipeline of the repository sees this.
RepositoryPipelineVariable(
    "registry-token",
    workspace=workspace,
    repo_slug=repository,
    key="REGISTRY_TOKEN",
    value=config.require_secret("registryToken"),
    secured=True,
)

# Only the steps that deploy to an environment see these.
for environment, variables in environments.items():
    for key, value in variables.items():
        DeploymentPipelineVariable(
            f"{environment}-{key}",
            workspace=workspace,
            repo_slug=repository,
            environment=environment,
            key=key,
            value=value,
        )
    DeploymentPipelineVariable(
        f"{environment}-token",
        workspace=workspace,
        repo_slug=repository,
        environment=environment,
        key="DEPLOY_TOKEN",
        value=config.require_secret(f"{environment}Token"),
        secured=True,
    )

# The servers fetch what they run with the private half of this key.
RepositoryDeployKey(
    "servers", workspace=workspace, repo_slug=repository, key=config.require("deployKey"), label="servers"
)

# The scanner reads every repository of the project.
ProjectDeployKey(
    "scanner",
    workspace=workspace,
    project_key=config.require("project"),
    key=config.require("scannerKey"),
    label="scanner",
)
