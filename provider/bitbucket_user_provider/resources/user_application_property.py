"""A JSON value that a Connect app keeps at a user. Only the app's own JWT may write it.

https://developer.atlassian.com/cloud/bitbucket/rest/api-group-properties/#api-users-selected-user-properties-app-key-property-name-put
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ..models.fields import JsonObject, PropertyName
from ..models.model import Hidden, Replaces
from ..models.validation import Failure
from ..run.api import Api
from ..run.evidence import Absent, proven
from ..run.kinds import USER_APPLICATION_PROPERTIES
from .resource import Resource, manages_too, refuse_rivals
from .where import OfPerson

ATTRIBUTES = "_attributes"


class Args(OfPerson):
    app_key: Replaces[PropertyName]
    """Key of the Connect app, which must be installed."""

    property_name: Replaces[PropertyName]
    """Name of the property, of the app's choosing."""

    value: Hidden[JsonObject]
    """The JSON object to keep, replaced as a whole. Keys hold letters, digits, - and _. `_attributes` may list
    `public` (others may read it) and `read_only`. No place for secrets: the API hands it out."""


class State(Args):
    pass


class UserApplicationProperty(Resource[Args, State]):
    """A JSON value that a Connect app keeps at a user. Bitbucket lets only the app write it: BITBUCKET_JWT has to hold
    the app's token. No new Connect app can be installed since February 2026."""

    KIND = USER_APPLICATION_PROPERTIES
    ARGS = Args
    STATE = State
    ID = ("user_id", "app_key", "property_name")
    EXAMPLES = (
        "712020:8f4b2c1e-5d6a-4b3c-9e8f-7a6b5c4d3e2f/acme-app/theme",
        "{d301aafa-d676-4ee0-88be-962be7417567}/acme-app/theme",
    )

    def id(self, state: State) -> str:
        return f"{state.user_id}/{state.app_key}/{state.property_name}"

    def create(self, api: Api, args: Args) -> State:
        things = self.things(api, args)
        refuse_rivals(things.begin(_names(args)).rivals, "this property")
        things.put(_id(args), _names(args), args.value)
        things.done(_names(args))
        return self.recall(args.bag())

    def read(self, api: Api, state: State) -> State | Absent:
        found = proven(self.things(api, state).ask(_id(state), _names(state)))
        if isinstance(found, Absent):
            return found
        value, kept_here = found.entry.object(), state.value or {}
        if ATTRIBUTES in kept_here:
            value = {ATTRIBUTES: kept_here[ATTRIBUTES]} | value
        return self.recall(state.bag() | {"value": value})

    def update(self, api: Api, state: State, args: Args) -> State:
        return self.create(api, args)

    def delete(self, api: Api, state: State) -> None:
        self.things(api, state).release(_id(state), _names(state), own=True)

    def check(self, api: Api, known: Mapping[str, Any]) -> Iterable[Failure]:
        if all(known.get(name) for name in self.ID):
            if rivals := self.things(api, known).want(_names(known)):
                yield Failure("propertyName", manages_too(rivals, "this property"))


def _id(source: Any) -> dict[str, str]:
    app, name = (
        source[field] if isinstance(source, Mapping) else getattr(source, field)
        for field in ("app_key", "property_name")
    )
    return {"app_key": app, "property_name": name}


def _names(source: Any) -> list[str]:
    return ["/".join(_id(source).values())]
