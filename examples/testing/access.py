"""Who may do what, by e-mail address: what the program does, where tests can call it."""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_bitbucket_user import RepositoryPermission, RepositoryUserPermission, get_workspace_members_output

CONTRACTORS = {"bob@acme.example"}


def grant(workspace: str, access: Mapping[str, Mapping[str, str]]) -> list[RepositoryUserPermission]:
    """`access` is repository → address → permission."""
    addresses = sorted({address for people in access.values() for address in people})
    members = get_workspace_members_output(workspace=workspace, emails=addresses)
    return [
        RepositoryUserPermission(
            f"{repository}-{address}",
            workspace=workspace,
            repo_slug=repository,
            user_id=members.by_email[address],
            permission=RepositoryPermission(permission),
        )
        for repository, people in access.items()
        for address, permission in people.items()
    ]
