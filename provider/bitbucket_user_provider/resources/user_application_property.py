"""A JSON value that a Connect app keeps at a user. Only the app's own JWT may write it.

https://developer.atlassian.com/cloud/bitbucket/rest/api-group-properties/#api-users-selected-user-properties-app-key-property-name-put
"""

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

from ..errors import NotFound
from ..models.fields import JsonObject, PropertyName
from ..models.model import Hidden, Model, Replaces
from ..models.person import UserId
from ..models.validation import Failure
from ..operation import current
from ..rest.client import Path
from ..rest.credentials import Kind
from ..run.api import Api
from ..run.claims import Place
from .resource import Container, Resource

PROPERTY = Path(
    "/users/{user_id}/properties/{app_key}/{property_name}",
    reads=(Kind.JWT, Kind.API_TOKEN, Kind.OAUTH, Kind.ACCESS_TOKEN),
    writes=(Kind.JWT,),
)
ATTRIBUTES = "_attributes"


class Args(Model):
    user_id: Replaces[UserId]
    """Account id or UUID of the person. Never a username or an e-mail address: `getWorkspaceMembers` finds the id."""

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
        api.put(PROPERTY, args, args.value)
        return self.recall(args.bag())

    def read(self, api: Api, state: State) -> State | None:
        try:
            value: dict[str, Any] = api.get(PROPERTY, state)
        except NotFound:
            api.probe(PROPERTY)
            return None
        kept = state.value or {}
        if ATTRIBUTES in kept:
            value = {ATTRIBUTES: kept[ATTRIBUTES]} | value
        return self.recall(state.bag() | {"value": value})

    def update(self, api: Api, state: State, args: Args) -> State:
        return self.create(api, args)

    def delete(self, api: Api, state: State) -> None:
        if holder := api.claims.wanted(_place(state), api.people.forms(state.user_id)):
            current.get().say(f"kept in Bitbucket: {holder} wants this property")
            return
        api.delete(PROPERTY, state)

    def check(self, api: Api, known: Mapping[str, Any]) -> Iterable[Failure]:
        if all(known.get(name) for name in self.ID):
            if rival := api.claims.claim(_place(known), api.people.forms(known["user_id"])):
                yield Failure(
                    "propertyName", f"{rival} manages this property too, and {current.get().urn} must not: keep one."
                )

    def container(self, api: Api, state: State) -> Container:
        return Container(PROPERTY, state.user_id)


def _place(source: Any) -> Place:
    app, name = itemgetter("app_key", "property_name")(source if isinstance(source, Mapping) else vars(source))
    return (PROPERTY.template, app, name)
