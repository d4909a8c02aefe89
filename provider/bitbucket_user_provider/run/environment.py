"""Deployment environments: places within a repository, which a program names and the API takes by UUID alone.

A name is looked up in the repository's list of environments, once a repository and run. A state knows the UUID, and
means that one as long as it is there, whatever has its name now: what is new goes to the one that has the name. A
program may make an environment together with its variables, so one that is not in the list is asked for again as a
place is that was just made.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-deployments/#api-repositories-workspace-repo-slug-environments-get
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from ..errors import InvalidInput, NoEnvironment, NotFound
from ..models.environment import spelt_environment
from ..models.person import bare, is_uuid, spelt
from ..rest.answer import Answer
from ..rest.client import Path
from .place import PIPELINES, REPOSITORY, Place, PlaceKind
from .things import ThingKind, Things

T = TypeVar("T")
_LIST = Path("/repositories/{workspace}/{repo_slug}/environments", PIPELINES)
ENVIRONMENTS = ThingKind(
    "environments", REPOSITORY, _LIST, _LIST, lambda api, entry: [bare(entry.text("uuid"))], can_be_asked=False
)


def _names(entry: Answer) -> list[str]:
    """All that an environment answers to, its UUID last."""
    named = [entry.text("name"), entry.maybe("slug"), entry.text("uuid")]
    return [*dict.fromkeys(spelt_environment(name) for name in named if name)]


class Environment(Place):
    _uuid: str | None = None

    @property
    def cache_key(self) -> str:
        """A name may be that of two, and what a state names may have another name now."""
        return f"{self.key} {self.known_uuid or self.fields['environment'].lower()}"

    def _spelt(self) -> tuple[str, ...]:
        workspace, repository, environment = self.fields.values()
        return spelt(workspace), spelt(repository), spelt_environment(environment)

    @property
    def _repository(self) -> Place:
        return self.api.place(REPOSITORY, self.fields)

    @property
    def _list(self) -> Things:
        return self.api.things(ENVIRONMENTS, self.fields)

    @property
    def uuid(self) -> str:
        """Without braces. Raises NoEnvironment, NotFound when the repository is missing, BitbucketError."""
        if is_uuid(self.fields["environment"]):
            return self.names[-1]
        uuid = self.known_uuid or self._uuid  # another thread may forget it meanwhile
        if uuid is None:
            uuid = self._uuid = bare(self._entry().text("uuid"))
        return uuid

    @property
    def in_path(self) -> Mapping[str, str]:
        return {**self.fields, "environment": self.uuid}

    def has_another_name(self) -> bool:
        """Whether its repository has; that one warns."""
        if not self._renamed_fields and self._repository.has_another_name():
            self._renamed_fields = {**self._repository.where_to_write, "environment": self.uuid}
        return self.is_renamed

    def asked_again(self, call: Callable[[], T]) -> T:
        """As every place; what was thought to be the environment may have been deleted and made anew."""

        def afresh() -> T:
            try:
                return call()
            except NotFound:
                self._forget()
                raise

        return super().asked_again(afresh)

    def gone_for_a_read(self, missing: NotFound, read_by: Path, leaving: str) -> None:
        super().gone_for_a_read(missing, read_by, leaving)
        self._forget()

    def _forget(self) -> None:
        self._uuid = None
        self._list.listing.forget()

    def _entry(self) -> Answer:
        wanted, entries = self.known_uuid or self.fields["environment"], self._list.all().entries
        found = [one for one in entries if wanted in (one.text("name"), one.maybe("slug"), bare(one.text("uuid")))]
        if not found and not self.known_uuid:
            found = [one for one in entries if self.names[-1] in _names(one)]
        if len(found) == 1:
            return found[0]
        if found:
            which = ", ".join(f"{one.text('name')} ({bare(one.text('uuid'))})" for one in found)
            raise InvalidInput(f"'{wanted}' may mean each of these environments: {which}. Give the UUID of one.")
        there = ", ".join(one.text("name") for one in entries) or "none"
        raise NoEnvironment(
            f"GET {_LIST.shown(self.fields)} shows no environment '{wanted}'; there are: {there}. Give one of these, "
            "by name, slug or UUID, or make it first.",
            404,
        )

    def _spellings(self) -> list[tuple[str, ...]]:
        return [(*names, name) for name in _names(self._entry()) for names in self._spellings_of(REPOSITORY)]


ENVIRONMENT = PlaceKind(
    "environment",
    (*REPOSITORY.fields, "environment"),
    REPOSITORY.itself,
    made=Environment,
    uuid_output="environment_uuid",
)
