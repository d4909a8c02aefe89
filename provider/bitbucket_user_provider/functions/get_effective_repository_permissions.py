"""What everybody may do in a repository, whatever gives it.

Scopes: read:repository (OAuth: repository). The caller must administer the repository.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-permissions-repositories-repo-slug-get
"""

from ..rest.client import Path
from ..run.api import Api
from ..run.place import READS
from .arguments import InRepository
from .function import Function, every
from .permission import UserPermissions, of_users

EFFECTIVE = Path("/workspaces/{workspace}/permissions/repositories/{repo_slug}", READS)


class GetEffectiveRepositoryPermissions(Function[InRepository, UserPermissions]):
    """What everybody may do in a repository: the highest of the direct permission, those of groups and those of the
    project."""

    ARGS = InRepository
    RESULT = UserPermissions

    def call(self, api: Api, args: InRepository) -> UserPermissions:
        return of_users(api, every(api, EFFECTIVE, args, lambda entry: entry.text("user.uuid")))
