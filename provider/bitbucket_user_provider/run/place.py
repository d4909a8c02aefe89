"""Where things are: a repository, a project, a workspace, an account. One type knows how a place is spelt and compared,
what its other names are, and what a 404 of it proves.

The same place stands in a program as `acme/api`, `ACME/api`, by UUID with or without braces, and under a name that it
had before somebody renamed it in Bitbucket. Case and braces never matter. Which UUID a name has, and which name an old
one leads to, only Bitbucket knows: it is asked once a spelling and run, when something depends on it, and never in a
preview.
"""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import BitbucketError, Cancelled, NotFound, NotKnown
from ..models.person import account_id, bare, is_uuid, spelt
from ..operation import current
from ..rest.answer import Answer
from ..rest.client import Path
from ..rest.credentials import Kind

if TYPE_CHECKING:
    from .api import Api

T = TypeVar("T")
READS = (Kind.API_TOKEN, Kind.OAUTH)
READ_PEOPLE = (Kind.API_TOKEN, Kind.OAUTH, Kind.ACCESS_TOKEN)
PIPELINES = (Kind.API_TOKEN, Kind.ACCESS_TOKEN, Kind.OAUTH)
"""Of variables and deployment environments."""
ROLE = Path("/user/workspaces/{workspace}/permission", READS)
PAUSES_SECONDS = (1.0, 3.0)
"""Before a place that may have been made a moment ago is asked again."""


@dataclass(frozen=True)
class PlaceKind:
    name: str
    fields: tuple[str, ...]
    """The inputs that name the place, in order."""
    itself: Path
    """What is asked for its other names."""
    spellings: Callable[[Answer], list[tuple[str, ...]]] = lambda answer: []
    """Every way to name it, from what that answers: those by UUID alone last."""
    made: "type[Place] | None" = None
    """Its own kind of Place, where that answer does not say them all, or a path takes another name than a program."""
    uuid_output: str = ""
    """The output with the UUID of the place that a state means: its name may have become another's since."""


WORKSPACE = PlaceKind(
    "workspace",
    ("workspace",),
    Path("/workspaces/{workspace}", READ_PEOPLE),
    lambda answer: [(answer.text("slug").lower(),), (bare(answer.text("uuid")),)],
)
CALLER = PlaceKind("account of the credential", (), Path("/user", READ_PEOPLE), lambda answer: [()])


class Place:
    """Safe for threads. Made by `Api.place`, one for each spelling of each place."""

    def __init__(self, api: "Api", kind: PlaceKind, fields: Mapping[str, str], uuid: str = "") -> None:
        """`uuid` is what the state says, of a place that it names otherwise."""
        self.api = api
        self.kind = kind
        self.fields = dict(fields)
        self.known_uuid = bare(uuid)
        self.names = self._spelt()
        self.shown = "/".join(fields.values()) or kind.name
        self._lock = threading.Lock()
        self._patience = threading.Lock()
        self._identity: tuple[tuple[str, ...], ...] | BitbucketError | None = None
        self._renamed_fields: dict[str, str] | None = None
        self.exists = False
        """Whether anything in this process has shown that it does."""

    def __repr__(self) -> str:
        return f"<{self.kind.name} {self.shown}>"

    def _spelt(self) -> tuple[str, ...]:
        return tuple(spelt(value) for value in self.fields.values())

    @property
    def key(self) -> str:
        return f"{self.kind.name} {'/'.join(self.names)}"

    @property
    def cache_key(self) -> str:
        """By which `Api` knows it again: spellings that differ in case or braces alone have the same one."""
        return self.key

    def keys(self, family: str) -> list[str]:
        """How the ledger calls things of a family here: under the own spelling first, then under all that are known."""
        known = self._identity if isinstance(self._identity, tuple) else ()
        if self.kind is USER:
            known = (*known, *((form,) for form in self.api.people.forms(*self.names)))
        return [key_of(family, names) for names in dict.fromkeys((self.names, *known))]

    @property
    def is_certain(self) -> bool:
        """Whether all of its spellings are known, or it is gone."""
        return isinstance(self._identity, tuple | NotFound)

    # Other names

    def identify(self) -> None:
        """Finds out the other spellings. Raises NotKnown when Bitbucket does not tell; a 404 is an answer too."""
        if isinstance(found := self.identified(), BitbucketError) and not isinstance(found, NotFound):
            raise NotKnown(
                f"Whether {self.shown} is the same {self.kind.name} as one that this run writes in another way cannot "
                f"be told, so nothing was removed there: {found}"
            )

    def identified(self) -> tuple[tuple[str, ...], ...] | BitbucketError:
        """Every spelling, or why Bitbucket does not tell; asked once."""
        with self._lock:
            if self._identity is None:
                if known := self.api.ledger.noted("identity", self.cache_key):
                    self._identity = tuple(tuple(names) for names in json.loads(known))
                else:
                    self._identity = self._ask_who()
            return self._identity

    def _ask_who(self) -> tuple[tuple[str, ...], ...] | BitbucketError:
        try:
            found = tuple(self._spellings())
        except Cancelled:  # the end of one operation is no answer, and the next one asks again
            raise
        except BitbucketError as refusal:
            return refusal
        self.api.ledger.note("identity", self.cache_key, json.dumps(found))
        return found

    def _spellings(self) -> list[tuple[str, ...]]:
        return self.kind.spellings(self.api.get(self.kind.itself, self.fields))

    def _spellings_of(self, kind: PlaceKind, fields: Mapping[str, str] | None = None) -> tuple[tuple[str, ...], ...]:
        """Those of the place of this kind that it is in, or that has these fields. Raises BitbucketError."""
        found = self.api.place(kind, fields or self.fields).identified()
        if isinstance(found, BitbucketError):
            raise found
        return found

    @property
    def in_path(self) -> Mapping[str, str]:
        """The fields of a path that is read."""
        return self.fields

    @property
    def where_to_write(self) -> Mapping[str, str]:
        """The fields of a path: its own spelling, or its UUIDs once it is known to have another name now."""
        return self._renamed_fields or self.in_path

    @property
    def is_renamed(self) -> bool:
        """Whether it is known to have another name now."""
        return self._renamed_fields is not None

    def has_another_name(self) -> bool:
        """Whether the spelling is one that Bitbucket only remembers: it answers reads by a redirect, and refuses
        writes. Warns once, with the name that it has now."""
        if self._renamed_fields:
            return True
        found = self.identified()
        if isinstance(found, BitbucketError) or self.names in found:
            return False
        names = zip(self.fields.items(), self.names, found[-1], strict=True)
        self._renamed_fields = {field: written if name == now else now for (field, written), name, now in names}
        if self.api.ledger.note("renamed", self.key):
            current.get().warn(f"{self.shown} is called {'/'.join(found[0])} in Bitbucket now: write that name.")
        return True

    # A 404

    def asked_again(self, call: Callable[[], T]) -> T:
        """What the call of a create answers; a 404 is asked again where nothing has shown the place to exist: another
        provider of the same program may have made it a moment ago. One wait a place and run, three calls in five
        seconds; who comes later asks once more."""
        try:
            return call()
        except NotFound:
            if self.exists:
                raise
        with self._patience:
            if self.api.ledger.note("waited", self.key) and not self.exists:
                soon, later = PAUSES_SECONDS
                why = f"{self.shown} was not found, and may be new"
                self.api.governor.sleep(soon, why)
                with suppress(NotFound):
                    return call()
                self.api.governor.sleep(later, why)
        try:
            return call()
        except NotFound as missing:
            raise missing.advised(
                f"Is the {self.kind.name} {self.shown} spelt right, and does this credential see it?"
            ) from None

    def lost(self) -> None:
        """Records that this run has taken the credential's own access here: from now on a 404 proves nothing."""
        self.api.ledger.note("lost", self.key)

    def gone_for_a_read(self, missing: NotFound, read_by: Path, leaving: str) -> None:
        """A 404 of the place lets what was there leave the state, with one warning a place, after a look whether the
        credential that reads this path is accepted at all.

        Raises ApiError when the credential is not accepted at all, NotKnown when this run has taken its access here.
        """
        self._refuse_if_lost(missing)
        self.api.probe(read_by)
        if self.api.ledger.note("gone", self.key):
            current.get().warn(
                f"{self.shown} answers {missing.status}: deleted, or this credential no longer sees it; {leaving} the "
                "state."
            )

    def gone_for_a_delete(self, missing: NotFound) -> None:
        """Returns when the place is proven gone. Raises NotKnown, with the ways out, when it is not."""
        self._refuse_if_lost(missing)
        if not self._is_proven_gone():
            raise NotKnown(
                f"{missing} {self.shown} was deleted, or this credential no longer sees it; that cannot be told apart, "
                "so nothing was removed and it stays in the state. If it was deleted, `pulumi refresh` lets it leave "
                f"the state. If the {self.kind.name} is a resource of this program, set `deletedWith` to it. If it is "
                "there, run again with a credential that administers it."
            )
        if self.api.ledger.note("gone", self.key):
            current.get().warn(
                f"{self.shown} answers {missing.status} to an administrator of the workspace: it is gone."
            )

    def _refuse_if_lost(self, missing: NotFound) -> None:
        if self.api.ledger.noted("lost", self.key) is not None:
            raise NotKnown(
                f"{missing} This run has taken the credential's own access to {self.shown}, so what is left there "
                "cannot be seen and stays in the state. Finish with the credential of another administrator, and let "
                "the other resources of this place depend on that of the own access (`dependsOn`): it then goes last."
            )

    def _is_proven_gone(self) -> bool:
        """An administrator of the workspace sees all that is in it; an account can be asked for itself."""
        try:
            if self.kind is not USER:
                return self.kind is not WORKSPACE and self.api.is_administrator(self.fields["workspace"])
            try:
                self.api.get(self.kind.itself, self.fields)
            except NotFound:
                self.api.probe(self.kind.itself)  # what answers 404 to everything says nothing of this account
                return True
        except BitbucketError:
            pass
        return False


class Repository(Place):
    """Its name says the slug of its workspace; the workspace's UUID is no published part of its answer."""

    def _spellings(self) -> list[tuple[str, ...]]:
        answer = self.api.get(self.kind.itself, self.fields)
        workspace, _, slug = answer.text("full_name").lower().rpartition("/")
        if uuid := answer.maybe("workspace.uuid"):
            workspaces: Iterable[tuple[str, ...]] = [(workspace,), (bare(uuid),)]
        else:
            workspaces = self._spellings_of(WORKSPACE, {"workspace": workspace})
        names = [slug, bare(answer.text("uuid"))]
        return [(*workspace, name) for name in names for workspace in workspaces]


REPOSITORY = PlaceKind(
    "repository",
    ("workspace", "repo_slug"),
    Path("/repositories/{workspace}/{repo_slug}", READ_PEOPLE),
    made=Repository,
)


class Project(Place):
    """It is named by its key alone, and does not say which workspace it is in."""

    def _spellings(self) -> list[tuple[str, ...]]:
        return [(*workspace, self.names[-1]) for workspace in self._spellings_of(WORKSPACE)]


PROJECT = PlaceKind("project", ("workspace", "project_key"), WORKSPACE.itself, made=Project)


class User(Place):
    """The account id is no published part of its answer. Where it is left out, only who is written by it is known by
    both: of anybody else it cannot be told who they are in resources that name people by account id."""

    def _spellings(self) -> list[tuple[str, ...]]:
        answer = self.api.get(self.kind.itself, self.fields)
        known = answer.maybe("account_id") or account_id(self.names[0])
        if known is None:
            raise NotKnown(f"{answer.call} does not say the account id. Write the UUID of this user everywhere.")
        return [(known,), (bare(answer.text("uuid")),)]


USER = PlaceKind("user", ("user_id",), Path("/users/{user_id}", READ_PEOPLE), made=User)


def key_of(family: str, names: Iterable[str]) -> str:
    parts = [*names]
    return f"{family} {''.join('u' if is_uuid(part) else 's' for part in parts)} {'/'.join(parts)}"


def fields_of(kind: PlaceKind, source: Any) -> dict[str, str]:
    """The fields that name the place, from a mapping or from an object with these attributes."""
    if isinstance(source, Mapping):
        return {name: str(source[name]) for name in kind.fields}
    return {name: str(getattr(source, name)) for name in kind.fields}


def known_uuid(kind: PlaceKind, source: Any) -> str:
    """The UUID of the place, where the source is a state that knows it; else nothing."""
    found = source.get(kind.uuid_output) if isinstance(source, Mapping) else getattr(source, kind.uuid_output, None)
    return str(found or "")
