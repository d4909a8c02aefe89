"""A deploy key of a repository: machines that have it may read the repository.

Scopes: reads admin:repository; writes also write:ssh-key, delete:ssh-key. The caller must administer the repository.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-deployments/#api-repositories-workspace-repo-slug-deploy-keys-post
"""

from typing import Any

from ..rest.answer import Answer
from ..run.kinds import REPOSITORY_DEPLOY_KEYS
from .deploy_key import DeployKey, DeployKeyArgs, DeployKeyState
from .where import InRepository


class Args(DeployKeyArgs, InRepository):
    pass


class State(Args, DeployKeyState):
    pass


class RepositoryDeployKey(DeployKey):
    """A deploy key of a repository: machines that have its private half may read the repository. It is made with an API
    token only, because a deploy key that an OAuth consumer has made dies with the consumer. A key that an account has,
    or that was deleted within 30 days, is refused by Bitbucket."""

    KIND = REPOSITORY_DEPLOY_KEYS
    ARGS = Args
    STATE = State
    ID = ("workspace", "repo_slug", "key_id")
    EXAMPLES = ("acme/api/1234", "acme/api/SHA256:W8FmYw7tJCNBQ1vGXMKmLxcmlu8kMsJ3S9aMCWpXCDM")
    SETTLES = frozenset({"comment"})

    def change(self, args: Args) -> dict[str, Any]:
        """Bitbucket wants the same key again, whose comment may be another."""
        return {"key": args.key, "label": args.label}

    def changed(self, entry: Answer) -> dict[str, Any]:
        return {"comment": entry.maybe("comment") or ""}
