"""Everybody who holds direct access to a repository or project, as one resource each: who is not named, loses it.

Where the configuration names groups of a place, that goes for its groups as well; else they are not touched.
"""

from typing import Any

import pulumi
import pulumi_bitbucket_user as bitbucket

config = pulumi.Config()
workspace = config.require("workspace")
repositories: dict[str, dict[str, str]] = config.require_object("repositories")
projects: dict[str, dict[str, str]] = config.require_object("projects")
groups: dict[str, Any] = config.require_object("groups")

# Configuration names people by e-mail address; Bitbucket grants access to account ids.
everybody = {email for access in [*repositories.values(), *projects.values()] for email in access}
members = bitbucket.get_workspace_members_output(workspace=workspace, emails=sorted(everybody))


def permissions(access: dict[str, str]) -> pulumi.Output[Any]:
    """The map that a set takes: account id → permission."""
    return members.by_email.apply(lambda ids: {ids[email]: permission for email, permission in access.items()})


for slug, access in repositories.items():
    bitbucket.RepositoryUserPermissions(
        slug, workspace=workspace, repo_slug=slug, permissions=permissions(access), groups=groups.get(slug)
    )

for key, access in projects.items():
    bitbucket.ProjectUserPermissions(
        key, workspace=workspace, project_key=key, permissions=permissions(access), groups=groups.get(key)
    )
