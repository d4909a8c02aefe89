"""Who is asked to review every pull request of a repository."""

import pulumi
from pulumi_bitbucket_user.dynamic import RepositoryDefaultReviewer

config = pulumi.Config()
reviewers: list[str] = config.require_object("reviewers")

for user_id in reviewers:
    RepositoryDefaultReviewer(user_id, workspace=config.require("workspace"), repo_slug="api", user_id=user_id)
