"""A person's direct permission on a repository.

Scopes: reads read:repository, writes admin:repository with write:permission or delete:permission; API token only.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-repo-slug-permissions-config-users-selected-user-id-put
"""

from ..models.fields import RepositoryPermission
from ..run.grants import REPOSITORY_USERS
from .grant import GrantToPerson
from .held import Person
from .resource import Adopting
from .where import InRepository, OfPerson


class Args(Adopting, OfPerson, InRepository):
    permission: RepositoryPermission
    """What the person may do: read, write or admin."""


class State(Args, Person):
    pass


class RepositoryUserPermission(GrantToPerson):
    """A person's direct permission on a repository. The person must be a member of the workspace, and not its owner.
    What a group or the project gives is not touched, and Bitbucket applies the highest of all."""

    KIND = REPOSITORY_USERS
    ARGS = Args
    STATE = State
    ID = ("workspace", "repo_slug", "user_id")
    EXAMPLES = (
        "acme/api/712020:8f4b2c1e-5d6a-4b3c-9e8f-7a6b5c4d3e2f",
        "acme/api/{d301aafa-d676-4ee0-88be-962be7417567}",
    )
