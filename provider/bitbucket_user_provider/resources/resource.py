"""What a resource is: models of its inputs and its state, an id, four verbs. All the rest is `lifecycle`'s."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import Field, StrictBool

from ..config import NAMESPACE
from ..errors import InvalidInput
from ..models.fields import FORBIDDEN_IN_IDS
from ..models.model import Change, Model
from ..models.person import bare, is_uuid
from ..models.validation import Failure
from ..operation import current
from ..run.api import Api
from ..run.evidence import Absent
from ..run.place import Place, fields_of
from ..run.things import ThingKind, Things

A = TypeVar("A", bound=Model)
S = TypeVar("S", bound=Model)
FOUND = "made by a request whose answer was lost, or was there already: then another stack may hold it too"
"""What is said beside a resource whose thing was found after a POST without an answer: whose it is cannot be told."""


class Adopting(Model):
    """Inputs of a resource whose create can meet what stands there already."""

    adopt_existing: StrictBool | None = Field(default=None, exclude=True)
    """What create does when the thing is there already: true takes it over and brings it to the wanted state, false
    fails and says what stands there. The provider's `adoptExisting` where it is not set; a change of it alone changes
    nothing."""


class Resource(ABC, Generic[A, S]):
    KIND: ClassVar[ThingKind]
    """Where such things are in Bitbucket, and how they are asked for."""
    ARGS: ClassVar[type[Model]]
    STATE: ClassVar[type[Model]]

    ID: ClassVar[tuple[str, ...]]
    """State's fields that an id for import and get names, in order, parted by slashes."""
    EXAMPLES: ClassVar[tuple[str, str]]
    """Two ids as a person may write them for import."""

    DELETE_FIRST: ClassVar[bool] = True
    """Whether a replacement deletes before it creates."""
    DEPRECATED: ClassVar[str | None] = None
    LISTS: ClassVar[bool] = False
    """Whether all of its kind at one place can be listed."""
    SETTLES: ClassVar[frozenset[str]] = frozenset()
    """Outputs that an update may change, unknown while one is previewed."""

    def lacks(self, args: Mapping[str, Any]) -> frozenset[str]:
        """Outputs that a resource with these inputs (by field name) will not have."""
        del args
        return frozenset()

    @abstractmethod
    def id(self, state: S) -> str:
        """The canonical id, as it stands in state."""

    @abstractmethod
    def create(self, api: Api, args: A) -> S:
        """Makes the thing; the answer is the state. Raises Exists unless it `adopts` what is there."""

    @abstractmethod
    def read(self, api: Api, state: S) -> S | Absent:
        """The thing as it is now, or the proof that it is gone. `state` may hold no more than the id's fields.

        Raises NotFound when the place itself answers 404, BitbucketError when neither can be told.
        """

    @abstractmethod
    def update(self, api: Api, state: S, args: A) -> S:
        """Brings the thing to `args`."""

    @abstractmethod
    def delete(self, api: Api, state: S) -> None:
        """Returns when the thing is gone, or kept because something else of this run wants it. Raises
        BitbucketError."""

    def adopts(self, api: Api, args: Adopting) -> bool:
        """Whether create takes over what is there already."""
        return api.config.adopt_existing if args.adopt_existing is None else args.adopt_existing

    def how_to_adopt(self) -> str:
        """What a user does to let create take over what is there already."""
        alone = ", or adoptExisting of this resource alone" if issubclass(self.ARGS, Adopting) else ""
        return f"set {NAMESPACE}:adoptExisting to true{alone}"

    def place(self, api: Api, source: Any) -> Place:
        """Where the thing is, as a mapping by field names or a model says."""
        return api.place(self.KIND.where, source)

    def things(self, api: Api, source: Any) -> Things:
        """All of its kind there."""
        return api.things(self.KIND, source)

    def where(self, source: Any) -> str:
        """The place as the program or the state writes it, from a mapping by field names or a model."""
        return "/".join(fields_of(self.KIND.where, source).values())

    def leaving(self, state: S) -> str:
        """What leaves the state with a place that is gone, for its one warning."""
        del state
        return "what this stack holds there leaves"

    def complete(self, inputs: Mapping[str, Any], olds: Mapping[str, Any]) -> Mapping[str, Any]:
        """The inputs (camelCase) with what an SDK may have left out on its way here."""
        del olds
        return inputs

    def check(self, api: Api, known: Mapping[str, Any]) -> Iterable[Failure]:
        """Failures that no single field shows; records in the run's ledger what the resource wants. `known` holds the
        known inputs under their field names."""
        del api, known
        return ()

    def check_change(self, known: Mapping[str, Any], olds: Mapping[str, Any]) -> Iterable[Failure]:
        """Failures that only show beside the inputs of the last run; both under their field names."""
        del known, olds
        return ()

    def recognise(self, api: Api, state: S) -> None:
        """Learns from old state who is who."""

    def holds(self, api: Api, state: S) -> Iterable[tuple[str, Iterable[str]]]:
        """What the state holds, in the ledger's words: places, empty for what Bitbucket has given an identity, and
        every name of the things there."""
        del api, state
        return ()

    def recheck(self, api: Api, state: S, args: Mapping[str, Any]) -> None:
        """Raises InvalidInput for what only old state, once recognised, shows to be wrong with the new inputs."""

    def warnings(self, api: Api, state: S | None, args: Mapping[str, Any]) -> Iterable[str]:
        """Remarks on new inputs, under their field names: with `state` on what they change, without on themselves."""
        del api, state, args
        return ()

    def compare(self, api: Api, state: S, args: Mapping[str, Any]) -> dict[str, dict[str, Change]]:
        """For each field that compares by itself (by field name): its changes, by property path."""
        del api, state, args
        return {}

    def summary(self, api: Api, state: S | None, args: Mapping[str, Any]) -> str:
        """One line for people on what create or a change does, where its properties do not explain themselves."""
        del api, state, args
        return ""

    def farewell(self, api: Api, state: S) -> str:
        """One line for people on what a replacement takes away where the thing was."""
        del api, state
        return ""

    def listed(self, api: Api, place: S) -> Iterable[tuple[str, str]]:
        """Id and name of everything in the place."""
        del api, place
        return ()

    def alias(self, name: str) -> str:
        return self.STATE.model_fields[name].alias or name

    @property
    def token(self) -> str:
        return f"bitbucket-user:index:{type(self).__name__}"

    def parse(self, id: str) -> S:
        """The state that an id tells of, all else None. Raises InvalidInput with two examples."""
        parts = id.split("/", len(self.ID) - 1)
        if len(parts) != len(self.ID) or not all(map(self.fits, self.ID, parts)):
            first, second = self.EXAMPLES
            raise InvalidInput(f"'{id}' is no id of a {type(self).__name__}: it looks like '{first}' or '{second}'.")
        return self.recall(dict(zip(self.ID, parts, strict=True)))

    def fits(self, name: str, part: str) -> bool:
        """Whether a part of an id can be the field's value."""
        del name
        return bool(part) and not FORBIDDEN_IN_IDS.search(part)

    def recall(self, bag: Mapping[str, Any]) -> S:
        """State from a bag (camelCase or field names), taken as it is; what it lacks has its default, or None."""
        values = {}
        for name, field in self.STATE.model_fields.items():
            default = None if field.is_required() else field.get_default(call_default_factory=True)
            values[name] = bag.get(field.alias or name, bag.get(name, default))
        return self.STATE.model_construct(**values)  # type: ignore[return-value]


def in_id(user_id: str) -> str:
    """A person as it stands in an id: a UUID bare, anything else as written."""
    return bare(user_id) if is_uuid(user_id) else user_id


def refuse_rivals(rivals: Collection[str], what: str) -> None:
    """Raises InvalidInput when other URNs of the run want the same."""
    if rivals:
        raise InvalidInput(f"{manages_too(rivals, what)}; nothing was changed.")


def manages_too(rivals: Iterable[str], what: str) -> str:
    """Why two resources of a program cannot both be."""
    return f"{' and '.join(rivals)} manages {what} too, and {current.get().urn} must not: keep one of the two"
