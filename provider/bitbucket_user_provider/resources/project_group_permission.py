"""A group's permission on a project.

Scopes: reads read:project, writes admin:project with write:permission or delete:permission; API token only.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-projects/#api-workspaces-workspace-projects-project-key-permissions-config-groups-group-slug-put
"""

from ..models.fields import ProjectPermission
from ..models.group import GroupSlug
from ..models.model import Replaces
from ..run.grants import PROJECT_GROUPS
from .grant import GrantToGroup, Group
from .resource import Adopting
from .where import InProject


class Args(Adopting, InProject):
    group_slug: Replaces[GroupSlug]
    """Slug of the group, never its name or a UUID: `getProjectGroupPermissions` lists slugs."""

    permission: ProjectPermission
    """What the members of the group may do: read, write, create-repo or admin."""


class State(Args, Group):
    pass


class ProjectGroupPermission(GrantToGroup):
    """A group's permission on a project, and with it on every repository of the project. What its members hold
    themselves, or by other groups, is not touched, and Bitbucket applies the highest of all."""

    KIND = PROJECT_GROUPS
    ARGS = Args
    STATE = State
    ID = ("workspace", "project_key", "group_slug")
    EXAMPLES = ("acme/CORE/developers", "{5a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d}/CORE/developers")
