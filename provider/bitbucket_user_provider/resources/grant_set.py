"""All direct grants of one place as one resource: what the sets of repositories and projects have in common.

No access ends unannounced: update and delete remove only people and groups whom the state holds, and create fails
before any write when it finds some whom the map does not name. So does an update whose program names groups for the
first time. Without the map of groups, groups are neither listed nor touched.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from pydantic import Field, StrictBool

from ..config import NAMESPACE
from ..errors import BitbucketError, InvalidInput, PartialFailure, joined
from ..models.model import UNKNOWN, Change, Model
from ..models.person import account_id
from ..models.validation import Failure
from ..run.api import Api
from ..run.facts import moment
from ..run.grants import GrantKind
from .held import ADMIN, GroupGrant, Held, UserGrant
from .plan import Plan, plan
from .resource import Adopting, Resource, manages_too, refuse_rivals
from .steps import take_steps
from .strangers import refuse_strangers
from .subjects import Side, Subjects
from .twice import refuse_twice, refuse_twice_before_writing, twice

LOOKS = 3
"""How often a place is listed, when deletes of the run take what was found there."""


class SetOptions(Adopting):
    exclusive: StrictBool = True
    """Whether people whom the map does not name lose their direct grant here, once a preview has named them, and groups
    likewise where `groups` is given. With false only those whom the maps name, or named, are touched."""

    keep_caller: StrictBool = True
    """Whether the credential's own account keeps its direct grant when the map does not name it."""


class SetState(Model):
    grants: list[UserGrant]
    """Everyone who holds a direct grant, as last seen."""

    group_grants: list[GroupGrant] | None = None
    """Every group that holds a grant, as last seen; absent when groups are not managed."""

    caller: str | None = Field(default=None, alias="__caller")
    """UUID of the account that the credential belonged to, once a call has told."""

    refused: list[str] | None = Field(default=None, alias="__refused")
    """Whom Bitbucket has refused to remove: they are left alone, or every run would fail."""


class GrantSet(Resource[Any, Any]):
    KIND: ClassVar[GrantKind]
    GROUPS: ClassVar[GrantKind]
    SETTLES = frozenset({"grants", "group_grants"})

    @cached_property
    def sides(self) -> tuple[Side, Side]:
        return Side(self.KIND, "permissions", "grants"), Side(self.GROUPS, "groups", "group_grants")

    def lacks(self, args: Mapping[str, Any]) -> frozenset[str]:
        return frozenset(side.list for side in self.sides if args.get(side.map) is None)

    def id(self, state: Any) -> str:
        return self.where(state)

    def create(self, api: Api, args: Any) -> Any:
        subjects, wanted = self._begin(api, args)
        held, caller = self._meet(api, subjects, args, wanted, subjects.sides, self.id(args))
        made = self._plan(api, wanted, held, lambda grant: False, caller)
        return self._bring(api, subjects, args, held, made, caller, ())

    def read(self, api: Api, state: Any) -> Any:
        subjects, caller, before = self._subjects(api, state), state.caller, self._grants(state)
        held = subjects.seen(before)
        is_import = state.permissions is None
        managed, refused = {grant.id for grant in before if grant.managed}, state.refused or ()
        if self._unreadable(state):  # a state of another version
            named = api.people.forms(*self._wanted(state))
            managed = {grant.id for grant in held if grant.forms(api.people) & named}
        strangers = [one for one in held if not one.is_group and one.id not in managed and one.id not in refused]
        if (is_import or state.exclusive) and strangers:
            caller = api.caller_uuid()
        if is_import:
            managed = {grant.id for grant in held} - {caller}
        return self._state(api, state, held, managed, caller, refused)

    def update(self, api: Api, state: Any, args: Any) -> Any:
        self._refuse_without_grants(state)
        subjects, wanted = self._begin(api, args)
        refuse_twice_before_writing(api, args.permissions)
        new = [side for side in subjects.sides if side.wanted(state) is None]
        held, caller, stay = self._grants(state, subjects.sides), state.caller, [*(state.refused or ())]
        if new:
            met, asked = self._meet(api, subjects, args, wanted, new, None)
            held, caller, stay = held + met, asked or caller, stay + [grant.id for grant in met]
        made = self._plan(api, wanted, held, self._removes(args, caller, stay), caller)
        if (
            any(step.key is None for step in (*made.steps, *made.settled))
            or any(step.before == ADMIN for step in made.steps)
            or (made.steps and caller is None)
        ):
            caller = api.caller_uuid()  # perhaps another one than the preview could know of
            previewed, removes = {step.id for step in made.removals}, self._removes(args, caller, stay)
            made = self._plan(api, wanted, held, lambda one: one.id in previewed and removes(one), caller)
        # what the state saw of somebody whom it does not manage may be over, and no refresh need have been
        made.gives += [step for step in made.settled if step.key and step.id not in stay]
        return self._bring(api, subjects, args, held, made, caller, state.refused or ())

    def delete(self, api: Api, state: Any) -> None:
        self._refuse_without_grants(state)
        subjects = self._subjects(api, state)
        going = [grant for grant in self._grants(state) if grant.managed]
        caller = api.caller_uuid() if any(grant.permission == ADMIN for grant in going) else None
        made = self._plan(api, {}, going, lambda grant: True, caller)
        outcome, _ = take_steps(api, subjects, made, going, (), own=True)
        if not outcome.is_whole:
            raise BitbucketError(outcome.report(subjects.place.shown))

    def leaving(self, state: Any) -> str:
        count = len(self._grants(state))
        return "1 grant leaves" if count == 1 else f"{count} grants leave"

    def check(self, api: Api, known: Mapping[str, Any]) -> Iterable[Failure]:
        for first, second in twice(api, known.get("permissions") or {}):
            yield Failure("", f'permissions["{second}"]: the same person as permissions["{first}"]')
        if not all(known.get(name) for name in self.KIND.where.fields):
            return
        subjects = self._subjects(api, known)
        for side, rivals in subjects.want(self._wanted(known)).items():
            if rivals:
                what = "grants of" if side.kind.is_of_people else "grants of groups on"
                yield Failure(
                    side.map,
                    f"{manages_too(rivals, f'{what} {subjects.place.shown}')}: one place belongs to one set, or to "
                    "single resources",
                )

    def recognise(self, api: Api, state: Any) -> None:
        for grant in self._grants(state):
            if isinstance(grant, UserGrant):
                api.people.learn(grant.user_uuid, grant.account_id, name=grant.display_name)

    def holds(self, api: Api, state: Any) -> Iterable[tuple[str, Iterable[str]]]:
        return self._subjects(api, state).holds([grant for grant in self._grants(state) if grant.managed])

    def recheck(self, api: Api, state: Any, args: Mapping[str, Any]) -> None:
        permissions = args.get("permissions")
        refuse_twice(api, permissions if isinstance(permissions, Mapping) else ())
        if self._is_known(args) and self.place(api, args) is self.place(api, state):
            self._refuse_too_many(api, self.where(args), self._previewed(api, state, args))

    def compare(self, api: Api, state: Any, args: Mapping[str, Any]) -> dict[str, dict[str, Change]]:
        changes: dict[str, dict[str, Change]] = {}
        for side in self.sides:
            before, after = side.wanted(state), args.get(side.map)
            if after is UNKNOWN:
                changes[side.map] = {side.map: Change.UPDATE}
            elif (before is None) is not (after is None):
                changes[side.map] = {side.map: Change.between(before, after)}
            else:
                unknown = [key for key, value in (after or {}).items() if value is UNKNOWN]
                changes[side.map] = {side.path(key): Change.UPDATE for key in unknown}
        made = self._previewed(api, state, args)
        written = {form: id for id in self._wanted(state) for form in api.people.forms(id)}
        keys = {grant.id: grant.key for grant in self._grants(state)}
        for step in (*made.steps, *made.settled):
            before_as = written.get(step.id)
            id = step.key or before_as or keys[step.id]
            side = next(side for side in reversed(self.sides) if id.startswith(side.kind.prefix))
            change = Change.DELETE if step.key is None else Change.UPDATE if before_as else Change.ADD
            if side.map not in changes[side.map]:
                changes[side.map][side.path(id.removeprefix(side.kind.prefix))] = change
        return changes

    def summary(self, api: Api, state: Any, args: Mapping[str, Any]) -> str:
        line = self._previewed(api, state, args).line() if self._is_known(args) else ""
        return f"{self.where(args)}: {line}" if line else ""

    def farewell(self, api: Api, state: Any) -> str:
        going = [grant for grant in self._grants(state) if grant.managed]
        line = self._plan(api, {}, going, lambda grant: True, None).line()
        return f"{self.where(state)}: {line}" if line else ""

    def warnings(self, api: Api, state: Any, args: Mapping[str, Any]) -> Iterable[str]:
        if state:
            for step in self._previewed(api, state, args).caller:
                yield f"{self.where(state)}: {step} is the credential's own account; this is done last."

    def _is_known(self, args: Mapping[str, Any]) -> bool:
        """Whether a preview knows the place."""
        return all(isinstance(args.get(name), str) for name in self.KIND.where.fields)

    # Whom it is about

    def _subjects(self, api: Api, source: Any) -> Subjects:
        sides = [side for side in self.sides if side.kind.is_of_people or side.wanted(source) is not None]
        return Subjects(api, sides, source)

    def _wanted(self, source: Any) -> dict[str, Any]:
        """The maps as one: what the run calls each subject → permission."""
        return {
            side.kind.prefix + key: value for side in self.sides for key, value in (side.wanted(source) or {}).items()
        }

    def _grants(self, state: Any, sides: Sequence[Side] | None = None) -> list[Held]:
        if not state or self._unreadable(state):
            return []
        return [grant for side in sides or self.sides for grant in side.grants(state)]

    def _unreadable(self, state: Any) -> bool:
        """Whether the state, which another version may have written, lacks grants of those whom it manages."""
        people, groups = self.sides
        return not people.is_readable(state) or (groups.wanted(state) is not None and not groups.is_readable(state))

    def _refuse_without_grants(self, state: Any) -> None:
        """Such a state does not say whom this resource has given access: to go on would leave them."""
        if self._unreadable(state):
            raise InvalidInput(
                f"The state of {self.id(state)} does not hold `grants` that this version can read, so who would lose "
                "access cannot be told; nothing was changed. Run `pulumi refresh` first."
            )

    # What is to be done

    def _plan(
        self,
        api: Api,
        wanted: Mapping[str, str],
        held: list[Held],
        removes: Callable[[Held], bool],
        caller: str | None,
    ) -> Plan:
        return plan(held, wanted, self.KIND.levels, api.people, removes, caller)

    def _removes(self, args: Any, caller: str | None, stay: Collection[str]) -> Callable[[Held], bool]:
        def removes(grant: Held) -> bool:
            stays = (args.keep_caller and grant.id == caller) or grant.id in stay
            return (args.exclusive or grant.managed) and not stays

        return removes

    def _previewed(self, api: Api, state: Any, args: Mapping[str, Any]) -> Plan:
        """The plan as far as state and known inputs tell; a permission that is not known yet counts as unchanged."""
        sides = [side for side in self.sides if side.wanted(args) is not None]
        held = self._grants(state, sides) if sides else []
        levels = {form: grant.permission for grant in held for form in grant.forms(api.people)}
        wanted: dict[str, str] = {}
        for key, value in self._wanted(args).items():
            before = next((levels[form] for form in api.people.forms(key) if form in levels), None)
            if value is not UNKNOWN:
                wanted[key] = value
            elif before is not None:
                wanted[key] = before
        options = SetOptions.model_construct(
            **{name: args[name] for name in ("exclusive", "keep_caller") if isinstance(args.get(name), bool)}
        )
        caller, refused = (state.caller, state.refused or ()) if state else (None, ())
        return self._plan(api, wanted, held, self._removes(options, caller, refused), caller)

    def _refuse_too_many(self, api: Api, place: str, made: Plan) -> None:
        """Raises InvalidInput when more lose access than the provider's configuration allows."""
        losses, most = made.losses(self.KIND.levels), api.config.max_removals
        if most is not None and len(losses) > most:
            raise InvalidInput(
                f"{place}: {len(losses)} would lose access or part of it, and maxRemovals allows {most}: "
                f"{joined([*map(str, losses)], ' · ')}; nothing was changed. If all of them shall, set "
                f"{NAMESPACE}:maxRemovals to {len(losses)} or more for this run."
            )

    # What is done

    def _begin(self, api: Api, args: Any) -> tuple[Subjects, dict[str, str]]:
        """Says that the set's work begins. Raises InvalidInput when something else of the run manages the place too."""
        subjects, wanted = self._subjects(api, args), self._wanted(args)
        rivals, taken = subjects.begin(wanted)
        refuse_rivals(rivals, f"grants of {subjects.place.shown}")
        if taken:
            subjects.forget()
        return subjects, wanted

    def _meet(
        self,
        api: Api,
        subjects: Subjects,
        args: Any,
        wanted: Mapping[str, str],
        sides: Sequence[Side],
        import_id: str | None,
    ) -> tuple[list[Held], str | None]:
        """What the place holds on sides that the set has not managed before, and who the caller is where that counts.

        Raises Exists when somebody else has granted what the maps do not say, unless that is to be taken over.
        """
        named = {id: level for id, level in wanted.items() if subjects.side(id) in sides}
        for _ in range(LOOKS):
            looked_at = moment()
            held = subjects.place.asked_again(lambda: subjects.listed(sides))
            if subjects.taken_elsewhere(held):  # here too, if the place has two names
                subjects.forget()
                held = subjects.listed(sides)
            refuse_twice_before_writing(api, args.permissions)
            made = self._plan(api, named, held, lambda grant: True, None)
            caller = api.caller_uuid() if made.steps else None
            if not self.adopts(api, args):
                refuse_strangers(subjects, args, made, held, caller, import_id)
            settled = {step.id for step in made.settled}
            if subjects.given(settled, looked_at):
                return held, caller
            subjects.begin(settled)  # waits for the delete that has come between
            subjects.forget()
        raise BitbucketError(f"{subjects.place.shown} changes while it is looked at: run again. Nothing was changed.")

    def _bring(
        self,
        api: Api,
        subjects: Subjects,
        args: Any,
        held: list[Held],
        made: Plan,
        caller: str | None,
        refused: Collection[str],
    ) -> Any:
        where, wanted = subjects.place.shown, self._wanted(args)
        self._refuse_too_many(api, where, made)
        now = list(held)
        outcome, more = take_steps(api, subjects, made, now, wanted)
        refused = [*refused, *more]
        named, removes = api.people.forms(*wanted), self._removes(args, caller, refused)
        managed = {
            grant.id
            for grant in now
            if grant.forms(api.people) & named or (grant.managed and removes(grant))  # the latter could not be removed
        }
        state = self._state(api, args, now, managed, caller, refused)
        if not outcome.is_whole:
            raise PartialFailure(outcome.report(where), self.id(state), state.bag(), outcome.reasons(where))
        subjects.done([*wanted])
        return state

    def _state(
        self,
        api: Api,
        source: Any,
        held: Collection[Held],
        managed: set[str],
        caller: str | None,
        refused: Collection[str],
    ) -> Any:
        """State of what is held: the maps as they are in Bitbucket, in the spelling of those of `source`, with those
        whom an update would remove."""
        wanted = self._wanted(source)
        held = [grant.model_copy(update={"managed": grant.id in managed}) for grant in held]
        by_form = {form: grant for grant in held for form in grant.forms(api.people)}
        written = {key: next((by_form[f] for f in api.people.forms(key) if f in by_form), None) for key in wanted}
        found = {key: grant for key, grant in written.items() if grant}
        for key, grant in found.items():  # an answer may leave the account id out; the map has it
            if isinstance(grant, UserGrant):
                grant.account_id = grant.account_id or account_id(key)
        removes, known = self._removes(source, caller, refused), {grant.id for grant in found.values()}
        found |= {one.key: one for one in held if one.id not in known and removes(one)}
        now: dict[str, Any] = {}
        for side in self._subjects(api, source).sides:
            is_group = not side.kind.is_of_people
            mine = [grant for grant in held if grant.is_group is is_group]
            now[side.list] = sorted(mine, key=lambda grant: (grant.name, grant.id))
            now[side.map] = {
                key.removeprefix(side.kind.prefix): grant.permission
                for key, grant in found.items()
                if grant.is_group is is_group
            }
        still = sorted({grant.id for grant in held if grant.id in refused and grant.id not in known})
        return self.recall(
            source.bag()
            | {self.alias(name): value for name, value in now.items()}
            | {"__caller": caller, "__refused": still or None}
        )
