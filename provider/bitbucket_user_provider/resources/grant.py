"""One person's direct permission on one place: what the resources of repositories and projects have in common.

A grant has no identity but place and person. PUT grants as well as changes, so without `adoptExisting` the listing has
to tell whether somebody else granted it before.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from ..errors import Exists, InvalidInput
from ..models.fields import level
from ..models.model import Model
from ..models.person import bare, normal
from ..models.validation import Failure
from ..operation import current
from ..run.api import Api
from ..run.claims import EVERYBODY
from ..run.listings import Entry
from ..run.permissions import Holding, spellings
from .resource import Container, Resource


class Person(Model):
    """What Bitbucket's answer adds about the person."""

    user_uuid: str
    """UUID of the person, without braces."""

    account_id: str | None = None
    """Atlassian account id of the person."""

    display_name: str | None = None
    """Name of the person, as Bitbucket shows it."""


class Grant(Resource[Any, Any]):
    HOLDING: ClassVar[Holding]

    def create(self, api: Api, args: Any) -> Any:
        if not api.config.adopt_existing:
            standing = self.HOLDING.find(api, args, args.user_id, fresh=False)
            if standing and api.revoked & api.people.forms(args.user_id):  # here too, if the place has two spellings
                standing = self.HOLDING.ask(api, args, args.user_id)
            self._claim(api, args)
            if standing and standing["permission"] == args.permission:
                return self._state(args, standing)
            ours = api.claims.holds(self.HOLDING.key(args), api.people.forms(args.user_id))
            if standing and not ours:  # two resources may be swapping persons
                state = self._state(args, standing)
                who, where = state.display_name or args.user_id, self.HOLDING.shown(args)
                raise Exists(
                    f"{who} holds {standing['permission']} on {where} already, not {args.permission}; "
                    "nothing was changed",
                    self.id(state),
                )
        return self._put(api, args)

    def read(self, api: Api, state: Any) -> Any:
        entry = self.HOLDING.find(api, state, state.user_uuid, state.account_id, state.user_id)
        return self._state(state, entry) if entry else None

    def update(self, api: Api, state: Any, args: Any) -> Any:
        self._claim(api, args)
        return self._put(api, args)

    def delete(self, api: Api, state: Any) -> None:
        forms = api.people.forms(state.user_uuid, state.account_id, state.user_id)
        if holder := api.claims.wanted(self.HOLDING.key(state), forms):
            current.get().say(f"kept in Bitbucket: {holder} wants this grant")
            return
        self.HOLDING.revoke(api, state, state.user_uuid, state.account_id, state.user_id)

    def check(self, api: Api, known: Mapping[str, Any]) -> Iterable[Failure]:
        if all(known.get(name) for name in (*self.HOLDING.within, "user_id")):
            key = self.HOLDING.key(known)
            rival = api.claims.claim(key, api.people.forms(known["user_id"])) or api.claims.others(key, [EVERYBODY])
            if rival:
                yield Failure("userId", self._twice(rival))

    def recognise(self, api: Api, state: Any) -> None:
        api.people.learn(state.user_uuid, state.account_id, name=state.display_name)
        api.claims.hold(self.HOLDING.key(state), api.people.forms(state.user_uuid, state.account_id))

    def warnings(self, api: Api, state: Any, args: Mapping[str, Any]) -> Iterable[str]:
        levels, wanted = self.HOLDING.levels, args.get("permission")
        if not state or not all(isinstance(args.get(name), str) for name in (*self.ID, "permission")):
            return
        is_same = self.HOLDING.key(args) == self.HOLDING.key(state) and normal(args["user_id"]) in api.people.forms(
            state.user_uuid, state.account_id, state.user_id
        )
        if is_same and level(levels, wanted) < level(levels, state.permission):
            who, where = state.display_name or state.user_id, self.HOLDING.shown(state)
            yield f"{who} holds {state.permission} on {where}; {wanted} is less."

    def listed(self, api: Api, place: Any) -> Iterable[tuple[str, str]]:
        for entry in self.HOLDING.listing(api, place).all():
            state = self._state(place, entry)
            yield self.id(state), state.display_name or state.user_uuid

    def container(self, api: Api, state: Any) -> Container:
        return Container(self.HOLDING.users, self.HOLDING.shown(state))

    def _put(self, api: Api, args: Any) -> Any:
        entry = self.HOLDING.grant(api, args, args.user_id, args.permission)
        api.people.learn(args.user_id, *spellings(entry))
        self._claim(api, args)
        return self._state(args, entry)

    def _claim(self, api: Api, args: Any) -> None:
        """Claims every spelling shown by now. Raises InvalidInput when two resources want the grant."""
        if rival := api.claims.claim(self.HOLDING.key(args), api.people.forms(args.user_id)):
            raise InvalidInput(self._twice(rival))

    def _twice(self, rival: str) -> str:
        return f"{rival} manages this grant too, and {current.get().urn} must not: keep one of the two."

    def _state(self, args: Any, entry: Entry) -> Any:
        return self.recall(args.bag() | {"permission": entry["permission"]} | self._person(entry))

    def _person(self, entry: Entry) -> dict[str, Any]:
        user = entry["user"]
        return {
            "userUuid": bare(user["uuid"]),
            "accountId": user.get("account_id"),
            "displayName": user.get("display_name"),
        }
