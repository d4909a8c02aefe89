"""How a program names the place of a thing."""

from ..models.fields import ProjectKey, RepoSlug, Workspace
from ..models.model import Model, Replaces
from ..models.person import UserId


class InWorkspace(Model):
    workspace: Replaces[Workspace]
    """Slug of the workspace, or its UUID in braces."""


class InRepository(InWorkspace):
    repo_slug: Replaces[RepoSlug]
    """Slug of the repository, or its UUID in braces."""


class InProject(InWorkspace):
    project_key: Replaces[ProjectKey]
    """Key of the project, in upper case."""


class OfPerson(Model):
    user_id: Replaces[UserId]
    """Account id or UUID of the person. Never a username or an e-mail address: `getWorkspaceMembers` finds the id."""


class OfOwnAccount(Model):
    user_id: Replaces[UserId]
    """Account id or UUID of the account, which must be the credential's own. Never a username or an e-mail address."""
