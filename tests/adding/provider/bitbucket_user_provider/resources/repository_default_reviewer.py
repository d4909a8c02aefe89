"""A person who is asked to review every pull request of a repository.

https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/#api-repositories-workspace-repo-slug-default-reviewers-target-username-put
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import InvalidInput
from ..models.fields import RepoSlug, Workspace
from ..models.model import Model, Replaces
from ..models.person import UserId, bare
from ..models.validation import Failure
from ..rest.answer import Answer
from ..rest.client import Path
from ..rest.credentials import Kind
from ..run.api import Api
from ..run.evidence import Absent, NotKnown
from ..run.place import REPOSITORY
from ..run.things import ThingKind
from .resource import Resource, manages_too

REVIEWERS = ThingKind(
    "default-reviewers",
    REPOSITORY,
    None,
    Path("/repositories/{workspace}/{repo_slug}/default-reviewers/{user_id}", (Kind.API_TOKEN, Kind.OAUTH)),
)


class Args(Model):
    workspace: Replaces[Workspace]
    """Slug of the workspace, or its UUID in braces."""

    repo_slug: Replaces[RepoSlug]
    """Slug of the repository, or its UUID in braces."""

    user_id: Replaces[UserId]
    """Account id or UUID of the person. Never a username or an e-mail address: `getWorkspaceMembers` finds the id."""


class State(Args):
    user_uuid: str
    """UUID of the person, without braces."""

    account_id: str | None = None
    """Atlassian account id of the person."""


class RepositoryDefaultReviewer(Resource[Args, State]):
    """A person who is asked to review every pull request of a repository."""

    KIND = REVIEWERS
    ARGS = Args
    STATE = State
    ID = ("workspace", "repo_slug", "user_id")
    EXAMPLES = (
        "acme/api/712020:8f4b2c1e-5d6a-4b3c-9e8f-7a6b5c4d3e2f",
        "acme/api/{d301aafa-d676-4ee0-88be-962be7417567}",
    )

    def id(self, state: State) -> str:
        return f"{state.workspace}/{state.repo_slug}/{bare(state.user_uuid)}"

    def create(self, api: Api, args: Args) -> State:
        things, names = api.things(REVIEWERS, args), api.people.forms(args.user_id)
        if rivals := things.begin(names).rivals:
            raise InvalidInput(f"{manages_too(rivals, 'this reviewer')}; nothing was changed.")
        state = self._state(args, things.put({"user_id": args.user_id}, None))
        things.done(names)
        return state

    def read(self, api: Api, state: State) -> State | Absent:
        found = api.things(REVIEWERS, state).ask({"user_id": state.user_uuid or state.user_id})
        if isinstance(found, NotKnown):
            raise found.why
        return found if isinstance(found, Absent) else self._state(state, found.entry)

    def update(self, api: Api, state: State, args: Args) -> State:
        return self.create(api, args)

    def delete(self, api: Api, state: State) -> None:
        names = api.people.forms(state.user_uuid, state.account_id)
        api.things(REVIEWERS, state).release({"user_id": state.user_uuid}, names)

    def check(self, api: Api, known: Mapping[str, Any]) -> Iterable[Failure]:
        if all(known.get(name) for name in self.ID):
            if rivals := api.things(REVIEWERS, known).want(api.people.forms(known["user_id"])):
                yield Failure("userId", manages_too(rivals, "this reviewer"))

    def recognise(self, api: Api, state: State) -> None:
        api.people.learn(state.user_uuid, state.account_id)

    def holds(self, api: Api, state: State) -> tuple[str, Iterable[str]]:
        return api.things(REVIEWERS, state).key, api.people.forms(state.user_uuid, state.account_id)

    def _state(self, args: Args, answer: Answer) -> State:
        return self.recall(args.bag() | {"userUuid": bare(answer.text("uuid")), "accountId": answer.text("account_id")})
