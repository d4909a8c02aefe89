"""Who may use the repositories and projects of a workspace. Whom the stack's own file does not name there, loses it."""

from typing import Any

import pulumi
import pulumi_bitbucket_user as bitbucket

config = pulumi.Config()
workspace = config.require("workspace")
repositories: dict[str, Any] = config.require_object("repositories")
projects: dict[str, Any] = config.require_object("projects")

# Files name people by e-mail address; Bitbucket grants access to account ids.
everybody = {email for place in [*repositories.values(), *projects.values()] for email in place["people"]}
members = bitbucket.get_workspace_members_output(workspace=workspace, emails=sorted(everybody))


def permissions(people: dict[str, str]) -> pulumi.Output[Any]:
    """The map that a set takes: account id → permission."""
    return members.by_email.apply(lambda ids: {ids[email]: permission for email, permission in people.items()})


for slug, access in repositories.items():
    bitbucket.RepositoryUserPermissions(
        slug,
        workspace=workspace,
        repo_slug=slug,
        permissions=permissions(access["people"]),
        groups=access["groups"],
    )

for key, access in projects.items():
    bitbucket.ProjectUserPermissions(
        key,
        workspace=workspace,
        project_key=key,
        permissions=permissions(access["people"]),
        groups=access["groups"],
    )

# So that previews can call people by their names.
pulumi.export("people", members.members.apply(lambda found: {one.account_id: one.display_name for one in found}))
