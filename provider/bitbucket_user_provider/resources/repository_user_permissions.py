"""All direct user permissions of a repository, as one resource.

Scopes: reads read:repository, writes admin:repository with write:permission or delete:permission; API token only.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-repo-slug-permissions-config-users-get
"""

from ..models.fields import RepositoryPermission
from ..models.group import GroupSlug
from ..models.person import UserId
from ..run.grants import REPOSITORY_GROUPS, REPOSITORY_USERS
from .grant_set import GrantSet, SetOptions, SetState
from .where import InRepository


class Args(InRepository, SetOptions):
    permissions: dict[UserId, RepositoryPermission]
    """Who may do what: account id or UUID → read, write or admin."""

    groups: dict[GroupSlug, RepositoryPermission] | None = None
    """Which group may do what: slug → the same levels. Groups are neither listed nor touched where this is absent; when
    it is given for the first time, groups that it does not name are named before anything is changed."""


class State(Args, SetState):
    pass


class RepositoryUserPermissions(GrantSet):
    """All direct user permissions of a repository, and with `groups` those of groups: one listing each to refresh, one
    call for each difference. Whoever is not in the map loses the direct grant, once a preview has named them."""

    KIND = REPOSITORY_USERS
    GROUPS = REPOSITORY_GROUPS
    ARGS = Args
    STATE = State
    ID = ("workspace", "repo_slug")
    EXAMPLES = ("acme/api", "{5a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d}/api")
