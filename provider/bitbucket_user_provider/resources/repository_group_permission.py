"""A group's permission on a repository.

Scopes: reads read:repository, writes admin:repository with write:permission or delete:permission; API token only.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-repo-slug-permissions-config-groups-group-slug-put
"""

from ..models.fields import RepositoryPermission
from ..models.group import GroupSlug
from ..models.model import Replaces
from ..run.grants import REPOSITORY_GROUPS
from .grant import GrantToGroup, Group
from .resource import Adopting
from .where import InRepository


class Args(Adopting, InRepository):
    group_slug: Replaces[GroupSlug]
    """Slug of the group, never its name or a UUID: `getRepositoryGroupPermissions` lists slugs."""

    permission: RepositoryPermission
    """What the members of the group may do: read, write or admin."""


class State(Args, Group):
    pass


class RepositoryGroupPermission(GrantToGroup):
    """A group's permission on a repository. What its members hold themselves, or by other groups or the project, is not
    touched, and Bitbucket applies the highest of all."""

    KIND = REPOSITORY_GROUPS
    ARGS = Args
    STATE = State
    ID = ("workspace", "repo_slug", "group_slug")
    EXAMPLES = ("acme/api/developers", "{5a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d}/api/developers")
