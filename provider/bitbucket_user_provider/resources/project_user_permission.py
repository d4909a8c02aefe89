"""A person's direct permission on a project.

Scopes: reads read:project, writes admin:project with write:permission or delete:permission; API token only.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-projects/#api-workspaces-workspace-projects-project-key-permissions-config-users-selected-user-id-put
"""

from ..models.fields import ProjectPermission
from ..run.grants import PROJECT_USERS
from .grant import GrantToPerson
from .held import Person
from .resource import Adopting
from .where import InProject, OfPerson


class Args(Adopting, OfPerson, InProject):
    permission: ProjectPermission
    """What the person may do: read, write, create-repo or admin."""


class State(Args, Person):
    pass


class ProjectUserPermission(GrantToPerson):
    """A person's direct permission on a project, and with it on every repository of the project. The person must be a
    member of the workspace. What a group gives is not touched, and Bitbucket applies the highest of all."""

    KIND = PROJECT_USERS
    ARGS = Args
    STATE = State
    ID = ("workspace", "project_key", "user_id")
    EXAMPLES = (
        "acme/CORE/712020:8f4b2c1e-5d6a-4b3c-9e8f-7a6b5c4d3e2f",
        "acme/CORE/{d301aafa-d676-4ee0-88be-962be7417567}",
    )
