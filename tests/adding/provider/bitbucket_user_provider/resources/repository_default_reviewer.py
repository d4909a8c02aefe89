"""A default reviewer of a repository: whom Bitbucket asks to review every pull request that is opened there.

One is added and taken away, and there is nothing about it to change. Those of a project are neither shown nor touched.

Scopes: reads read:repository, writes admin:repository. The caller must administer the repository.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/#api-repositories-workspace-repo-slug-default-reviewers-target-username-put
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ..models.person import account_id, bare
from ..models.validation import Failure
from ..rest.answer import Answer
from ..rest.client import Path
from ..run.api import Api
from ..run.evidence import Absent, proven
from ..run.place import READS, REPOSITORY
from ..run.things import ThingKind
from .held import Person
from .resource import Resource, manages_too, refuse_rivals
from .where import InRepository, OfPerson

REVIEWER = "this default reviewer"


def _names(api: Api, entry: Answer) -> list[str]:
    uuid = bare(entry.text("uuid"))
    api.people.learn(uuid, entry.maybe("account_id"), name=entry.maybe("display_name"))
    return sorted(api.people.forms(uuid))


REVIEWERS = ThingKind(
    "default-reviewers",
    REPOSITORY,
    Path("/repositories/{workspace}/{repo_slug}/default-reviewers", READS),
    Path("/repositories/{workspace}/{repo_slug}/default-reviewers/{user_id}", READS),
    _names,
    is_of_people=True,
)


class Args(OfPerson, InRepository):
    pass


class State(Args, Person):
    pass


class RepositoryDefaultReviewer(Resource[Args, State]):
    """A default reviewer of a repository: Bitbucket asks this person to review every pull request that is opened there.
    The person must see the repository. One who is a default reviewer already is taken over as they are."""

    KIND = REVIEWERS
    ARGS = Args
    STATE = State
    ID = ("workspace", "repo_slug", "user_id")
    EXAMPLES = (
        "acme/api/712020:8f4b2c1e-5d6a-4b3c-9e8f-7a6b5c4d3e2f",
        "acme/api/{d301aafa-d676-4ee0-88be-962be7417567}",
    )
    LISTS = True

    def id(self, state: State) -> str:
        return f"{self.where(state)}/{bare(state.user_uuid)}"

    def create(self, api: Api, args: Args) -> State:
        things = self.things(api, args)
        forms = api.people.forms(args.user_id)
        begun = things.begin(forms)
        refuse_rivals(begun.rivals, REVIEWER)
        if begun.mixed:  # another resource may name this person by the other kind of id: know it before the write
            refuse_rivals(things.want(api.who_is(args.user_id)), REVIEWER)
        entry = things.place.asked_again(lambda: things.put({"user_id": args.user_id}, forms, None))
        state = self._state(args, entry)
        self.recognise(api, state)
        names = self._forms(api, state)
        things.wrote(names, entry)
        things.done(names)
        return state

    def read(self, api: Api, state: State) -> State | Absent:
        found = proven(self.things(api, state).find(self._forms(api, state), self._id(state)))
        return found if isinstance(found, Absent) else self._state(state, found.entry)

    def update(self, api: Api, state: State, args: Args) -> State:
        """Nothing that is no replacement changes more than how the program writes it."""
        return self.create(api, args)

    def delete(self, api: Api, state: State) -> None:
        self.things(api, state).release(self._id(state), self._forms(api, state), own=True)

    def check(self, api: Api, known: Mapping[str, Any]) -> Iterable[Failure]:
        if all(known.get(name) for name in self.ID):
            person = known["user_id"]
            if rivals := self.things(api, known).want(api.people.forms(person)):
                yield Failure("userId", manages_too(rivals, REVIEWER))

    def recognise(self, api: Api, state: State) -> None:
        api.people.learn(state.user_uuid, state.account_id, state.user_id, name=state.display_name)

    def holds(self, api: Api, state: State) -> Iterable[tuple[str, Iterable[str]]]:
        yield self.things(api, state).key, self._forms(api, state)

    def listed(self, api: Api, place: State) -> Iterable[tuple[str, str]]:
        for entry in self.things(api, place).all().entries:
            state = self._state(place, entry)
            yield self.id(state), state.display_name or state.user_uuid

    def _forms(self, api: Api, state: State) -> frozenset[str]:
        return api.people.forms(state.user_uuid, state.account_id, state.user_id)

    def _id(self, state: State) -> dict[str, str]:
        return {"user_id": state.user_uuid or state.user_id}

    def _state(self, args: Any, entry: Answer) -> State:
        """State of args and an answer. Where the answer leaves the account id out, the one that is known stays."""
        known = entry.maybe("account_id") or getattr(args, "account_id", None)
        answered = {
            "userUuid": bare(entry.text("uuid")),
            "accountId": known or (account_id(args.user_id) if args.user_id else None),
            "displayName": entry.maybe("display_name"),
        }
        return self.recall(args.bag() | answered)
