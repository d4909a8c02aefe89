"""What each group may do in a workspace's repositories and projects; whoever else has access there keeps it."""

import pulumi
import pulumi_bitbucket_user as bitbucket

config = pulumi.Config()
workspace = config.require("workspace")
repositories: dict[str, dict[str, str]] = config.require_object("repositories")
projects: dict[str, dict[str, str]] = config.require_object("projects")

for repository, access in repositories.items():
    for group, level in access.items():
        bitbucket.RepositoryGroupPermission(
            f"{repository}-{group}", workspace=workspace, repo_slug=repository, group_slug=group, permission=level
        )

for project, access in projects.items():
    for group, level in access.items():
        bitbucket.ProjectGroupPermission(
            f"{project}-{group}", workspace=workspace, project_key=project, group_slug=group, permission=level
        )
