"""What everybody may do in every repository of a workspace, whatever gives it.

Scopes: read:repository (OAuth: account). The caller must administer the workspace; with a repository, that one.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-permissions-repositories-get
"""

from ..models.fields import RepositoryPermission, RepoSlug
from ..models.model import Model
from ..models.person import UserId, bare, is_uuid
from ..rest.answer import Answer
from ..rest.client import Path
from ..run.api import Api
from ..run.place import READS, USER
from .account import account
from .arguments import InWorkspace
from .function import Function, all_of, every, quoted
from .get_effective_repository_permissions import EFFECTIVE
from .member import who

EVERYWHERE = Path("/workspaces/{workspace}/permissions/repositories", READS)
WITHOUT = "-values.links,-values.user.links,-values.repository.links"
"""Most of an entry, which a list of thousands does without."""


class Args(InWorkspace):
    user_id: UserId | None = None
    """Only this person: everything that they can reach. Account id or UUID."""

    repo_slug: RepoSlug | None = None
    """Only this repository: its slug, or its UUID in braces."""

    permission: RepositoryPermission | None = None
    """Only this permission, and no higher one."""

    query: str | None = None
    """Which of them, in Bitbucket's query language, as in `permission > "read"`."""


class WorkspaceRepositoryPermission(Model):
    """What a person may do in a repository."""

    repo_slug: str
    """Slug of the repository."""

    repo_uuid: str
    """UUID of the repository in braces, as `repoSlug` of everything else takes it."""

    user_uuid: str
    """UUID of the person, without braces."""

    account_id: str
    """Atlassian account id of the person. Empty when Bitbucket withholds it."""

    display_name: str
    """Name of the person, as Bitbucket shows it. Empty when privacy settings withhold it."""

    permission: str
    """`read`, `write` or `admin`: the highest of the direct permission, those of groups and those of the project."""


class Result(Model):
    permissions: list[WorkspaceRepositoryPermission]
    """By repository, and within one by name."""


class GetWorkspaceRepositoryPermissions(Function[Args, Result]):
    """What everybody may do in every repository of a workspace, 100 entries a call; with `userId` all that one person
    can reach. Who has a permission by groups, the project or a role is among them, and it is not told which. A person
    who is given by account id costs one call more where nothing has shown the UUID yet."""

    ARGS = Args
    RESULT = Result

    def call(self, api: Api, args: Args) -> Result:
        query = all_of(
            f"user.uuid = {quoted(_uuid(api, args.user_id))}" if args.user_id else None,
            f"permission = {quoted(str(args.permission))}" if args.permission else None,
            args.query,
        )
        path = EFFECTIVE if args.repo_slug else EVERYWHERE
        found = [_shown(api, entry) for entry in every(api, path, args, _name, query | {"fields": WITHOUT})]
        found.sort(key=lambda one: (one.repo_slug, one.display_name.lower(), one.user_uuid))
        return Result(permissions=found)


def _uuid(api: Api, user_id: str) -> str:
    """In braces. Bitbucket's query language is documented for UUIDs."""
    known = next(filter(is_uuid, (user_id, *api.people.forms(user_id))), None)
    return f"{{{bare(known or account(api, api.get(USER.itself, {'user_id': user_id})).uuid)}}}"


def _name(entry: Answer) -> str:
    return f"{entry.text('repository.uuid')} {entry.text('user.uuid')}"


def _shown(api: Api, entry: Answer) -> WorkspaceRepositoryPermission:
    return WorkspaceRepositoryPermission(
        **who(api, entry),
        repo_slug=entry.text("repository.full_name").rpartition("/")[2],
        repo_uuid=entry.text("repository.uuid"),
        permission=entry.text("permission"),
    )
