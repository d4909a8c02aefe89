"""Who may hold grants in the place of a set: its people, and its groups where the set manages them.

A set treats both alike. Only here it shows that Bitbucket lists them, asks for them and answers about them on two
paths, and that a program names them in two maps.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..models.person import account_id
from ..rest.answer import Answer
from ..run.api import Api
from ..run.evidence import Absent, proven
from ..run.facts import EVERYBODY, Keeper
from ..run.grants import GrantKind
from ..run.things import Things, Verdict
from .held import GroupGrant, Held, UserGrant


@dataclass(frozen=True)
class Side:
    """People, or groups."""

    kind: GrantKind
    map: str
    """The input that names them."""
    list: str
    """The output that holds their grants."""

    @property
    def model(self) -> type[UserGrant] | type[GroupGrant]:
        return UserGrant if self.kind.is_of_people else GroupGrant

    def path(self, key: str) -> str:
        """The property path of one of them."""
        return f'{self.map}["{key}"]'

    def wanted(self, source: Any) -> Mapping[str, Any] | None:
        """The map of inputs, of a mapping by field names or of a model; None where it is absent or not known."""
        found = source.get(self.map) if isinstance(source, Mapping) else getattr(source, self.map)
        return found if isinstance(found, Mapping) else None

    def grant(self, entry: Answer) -> Held:
        subject, permission = self.kind.subject(entry), entry.text("permission")
        if self.kind.is_of_people:
            return UserGrant(
                user_uuid=subject.id, account_id=subject.account_id, display_name=subject.name, permission=permission
            )
        return GroupGrant(group_slug=subject.id, group_name=subject.name, permission=permission)

    def is_readable(self, state: Any) -> bool:
        """Whether a state, which another version may have written, holds the grants and what makes one."""
        grants = getattr(state, self.list)
        return isinstance(grants, list) and all(map(self.model.is_readable, grants))

    def grants(self, state: Any) -> Sequence[Held]:
        """Those that a state holds; none where it cannot be read."""
        return [self.model.recall(one) for one in getattr(state, self.list)] if self.is_readable(state) else []


class Subjects:
    """What they are called here, `id`, is what the run calls them: no person is called like a group."""

    def __init__(self, api: Api, sides: Sequence[Side], source: Any) -> None:
        self.api = api
        self.sides = sides
        self._things = {side: api.things(side.kind, source) for side in sides}
        self.place = next(iter(self._things.values())).place

    def side(self, id: str) -> Side:
        return next(side for side in reversed(self.sides) if id.startswith(side.kind.prefix))

    # What Bitbucket holds

    def listed(self, sides: Iterable[Side]) -> list[Held]:
        return [side.grant(entry) for side in sides for entry in self._things[side].all().entries]

    def seen(self, before: Collection[Held]) -> list[Held]:
        """Everybody who holds a grant now. Whoever is missing from a list of several pages is asked for alone."""
        found: dict[str, Held] = {}
        for side, things in self._things.items():
            listed = things.all()
            found |= {grant.id: grant for grant in map(side.grant, listed.entries)}
            for one in before:
                if self.side(one.id) is not side or one.id in found or not listed.long:
                    continue
                if not isinstance(now := proven(things.ask(self._named(one.id), one.forms(self.api.people))), Absent):
                    found[one.id] = side.grant(now.entry)
        for one in before:
            now_held = found.get(one.id)
            if isinstance(one, UserGrant) and isinstance(now_held, UserGrant) and not now_held.account_id:
                now_held.account_id = one.account_id  # an answer may leave it out
        return list(found.values())

    def forget(self) -> None:
        for things in self._things.values():
            things.listing.forget()

    def put(self, id: str, permission: str, written: str) -> Held:
        """Grants; `written` is how the program or the state names the subject."""
        side = self.side(id)
        entry = self._things[side].put(self._named(id), self.api.people.forms(id, written), {"permission": permission})
        grant = side.grant(entry)
        if isinstance(grant, UserGrant):
            grant.account_id = grant.account_id or account_id(written)
            self.api.people.learn(id, grant.user_uuid, grant.account_id, name=grant.display_name)
        self._things[side].wrote(grant.forms(self.api.people), entry)
        return grant

    def settle(self, id: str, own: bool) -> Keeper | None:
        """Removes the grant, as `Things.settle` does; who keeps it."""
        return self._things[self.side(id)].settle(self._named(id), self.api.people.forms(id), own)

    def _named(self, id: str) -> dict[str, str]:
        kind = self.side(id).kind
        return {kind.field: id.removeprefix(kind.prefix)}

    # What the run knows

    def want(self, wanted: Collection[str]) -> dict[Side, list[str]]:
        """Records what check has found the current URN to want: these and nobody else. The rivals of each side."""
        return {
            side: things.want([EVERYBODY, *self.api.people.forms(*ids)]) for side, things, ids in self._by_side(wanted)
        }

    def begin(self, wanted: Collection[str]) -> tuple[list[str], bool]:
        """Says that the set's work begins, and waits for deletes that are under way. The rivals, and whether this run
        has taken away something that is wanted."""
        begun = [things.begin([EVERYBODY, *self.api.people.forms(*ids)]) for _, things, ids in self._by_side(wanted)]
        return sorted({rival for one in begun for rival in one.rivals}), any(one.taken for one in begun)

    def taken_elsewhere(self, grants: Collection[Held]) -> bool:
        """Whether this run has taken one of these at another place, which may be this one under another name."""
        return any(
            self.api.ledger.taken_elsewhere(things.key, self.api.people.forms(*ids))
            for _, things, ids in self._by_side([grant.id for grant in grants])
        )

    def given(self, ids: Collection[str], found_at: float | None = None) -> bool:
        """Says that these are there, found so at that moment; false when a delete of this run has come between."""
        return all(
            self.api.ledger.given(things.key, self.api.people.forms(*mine), found_at) is None
            for _, things, mine in self._by_side(ids)
            if mine  # a destroy gives nobody anything, and goes on without the ledger
        )

    def wait_until_quiet(self) -> None:
        """Waits as `Things.wait_until_quiet` does."""
        next(iter(self._things.values())).wait_until_quiet()

    def done(self, ids: Collection[str]) -> None:
        for _, things, mine in self._by_side(ids):
            things.done(self.api.people.forms(*mine))

    def look(self, ids: Sequence[str], own: bool) -> dict[str, Verdict]:
        """Who keeps each from being removed, as `Things.look` says."""
        verdicts: dict[str, Verdict] = {}
        for _, things, mine in self._by_side(ids):
            if mine:
                found = things.look([self.api.people.forms(id) for id in mine], own)
                verdicts |= dict(zip(mine, found, strict=True))
        return verdicts

    def holds(self, grants: Iterable[Held]) -> Iterable[tuple[str, Iterable[str]]]:
        for _, things, ids in self._by_side([grant.id for grant in grants]):
            yield things.key, self.api.people.forms(*ids)

    def _by_side(self, ids: Collection[str]) -> Iterable[tuple[Side, Things, list[str]]]:
        for side, things in self._things.items():
            yield side, things, [id for id in ids if self.side(id) is side]
