"""All direct user permissions of a project, as one resource.

Scopes: reads read:project, writes admin:project with write:permission or delete:permission; API token only.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-projects/#api-workspaces-workspace-projects-project-key-permissions-config-users-get
"""

from ..models.fields import ProjectPermission
from ..models.group import GroupSlug
from ..models.person import UserId
from ..run.grants import PROJECT_GROUPS, PROJECT_USERS
from .grant_set import GrantSet, SetOptions, SetState
from .where import InProject


class Args(InProject, SetOptions):
    permissions: dict[UserId, ProjectPermission]
    """Who may do what: account id or UUID → read, write, create-repo or admin."""

    groups: dict[GroupSlug, ProjectPermission] | None = None
    """Which group may do what: slug → the same levels. Groups are neither listed nor touched where this is absent; when
    it is given for the first time, groups that it does not name are named before anything is changed."""


class State(Args, SetState):
    pass


class ProjectUserPermissions(GrantSet):
    """All direct user permissions of a project, and with `groups` those of groups: one listing each to refresh, one
    call for each difference. Whoever is not in the map loses the direct grant, once a preview has named them."""

    KIND = PROJECT_USERS
    GROUPS = PROJECT_GROUPS
    ARGS = Args
    STATE = State
    ID = ("workspace", "project_key")
    EXAMPLES = ("acme/CORE", "{5a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d}/CORE")
