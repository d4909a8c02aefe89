"""What the pipelines of a repository build and deploy with."""

import pulumi
from pulumi_bitbucket_user.dynamic import (
    DeploymentPipelineVariable,
    ProjectDeployKey,
    RepositoryDeployKey,
    RepositoryPipelineVariable,
)

config = pulumi.Config()
place = {"workspace": config.require("workspace"), "repo_slug": config.require("repository")}
environments: dict[str, dict[str, str]] = config.require_object("environments")

# Every pipeline of the repository sees these.
RepositoryPipelineVariable(
    "registry-token", **place, key="REGISTRY_TOKEN", value=config.require_secret("registryToken"), secured=True
)

# Only the steps that deploy to an environment see those of the environment.
for environment, variables in environments.items():
    for key, value in variables.items():
        DeploymentPipelineVariable(f"{environment}-{key}", **place, environment=environment, key=key, value=value)
    DeploymentPipelineVariable(
        f"{environment}-token",
        **place,
        environment=environment,
        key="DEPLOY_TOKEN",
        value=config.require_secret(f"{environment}Token"),
        secured=True,
    )

# The servers fetch what they run from the repository with the private half of this key.
RepositoryDeployKey("servers", **place, key=config.require("deployKey"), label="servers")

# The scanner reads every repository of the project.
ProjectDeployKey(
    "scanner",
    workspace=place["workspace"],
    project_key=config.require("project"),
    key=config.require("scannerKey"),
    label="scanner",
)
