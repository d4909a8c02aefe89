"""All direct user grants of one place as one resource: what the sets of repositories and projects have in common.

No access ends unannounced: update and delete remove only people whom the state holds, and create
fails before any write when it finds people whom the map does not name. Groups are never touched.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from pydantic import Field, StrictBool

from ..errors import BitbucketError, Exists, InvalidInput, NotFound, PartialFailure
from ..models.model import UNKNOWN, Change, Model
from ..models.person import bare
from ..models.validation import Failure
from ..operation import current
from ..run.api import Api
from ..run.claims import EVERYBODY
from ..run.listings import Entry
from ..run.permissions import Holding
from .plan import Outcome, Plan, Step, UserGrant, carry_out, plan
from .resource import Container, Resource

ADMIN = "admin"
"""The level that it takes to change grants: whoever loses it may be the caller, whose turn is last."""


class SetOptions(Model):
    exclusive: StrictBool = True
    """Whether people whom the map does not name lose their direct grant here, once a preview has named them. With false
    only those whom the map names, or named, are touched."""

    keep_caller: StrictBool = True
    """Whether the credential's own account keeps its direct grant when the map does not name it."""


class SetState(Model):
    grants: list[UserGrant] = []
    """Everyone who holds a direct grant, as last seen."""

    caller: str | None = Field(default=None, alias="__caller")
    """UUID of the account that the credential belonged to, once a call has told."""


class GrantSet(Resource[Any, Any]):
    HOLDING: ClassVar[Holding]
    SETTLES = frozenset({"grants"})

    def id(self, state: Any) -> str:
        return self.HOLDING.shown(state)

    def create(self, api: Api, args: Any) -> Any:
        held = self._listed(api, args)
        if any(grant.forms(api.people) & api.revoked for grant in held):  # here too, if the place has two spellings
            self.HOLDING.listing(api, args).wrote((), None)
            held = self._listed(api, args)
        self._refuse_twice(api, args.permissions)
        made = self._plan(api, args.permissions, held, lambda grant: True, None)
        caller = bare(api.caller()["uuid"]) if made.steps else None
        if not api.config.adopt_existing:
            self._refuse_strangers(args, made, caller)
        made = self._plan(api, args.permissions, held, lambda grant: False, caller)
        return self._bring(api, args, held, made, caller)

    def read(self, api: Api, state: Any) -> Any:
        held, caller = self._listed(api, state), state.caller
        is_import = state.permissions is None
        managed = {grant.user_uuid for grant in self._grants(state) if grant.managed}
        if (is_import or state.exclusive) and any(one.user_uuid not in managed for one in held):
            caller = bare(api.caller()["uuid"])
        if is_import:
            managed = {grant.user_uuid for grant in held} - {caller}
        return self._state(api, state, state.permissions or {}, held, managed, caller)

    def update(self, api: Api, state: Any, args: Any) -> Any:
        self._refuse_twice(api, args.permissions)
        held, caller = self._grants(state), state.caller
        made = self._plan(api, args.permissions, held, self._removes(args, caller), caller)
        if (
            any(step.key is None for step in (*made.steps, *made.settled))
            or any(step.before == ADMIN for step in made.steps)
            or (made.steps and caller is None)
        ):
            caller = bare(api.caller()["uuid"])  # perhaps another one than the preview could know of
            previewed, removes = {step.user_id for step in made.removals}, self._removes(args, caller)
            made = self._plan(
                api, args.permissions, held, lambda one: one.user_uuid in previewed and removes(one), caller
            )
        return self._bring(api, args, held, made, caller)

    def delete(self, api: Api, state: Any) -> None:
        place = self.HOLDING.key(state)
        granted = [grant for grant in self._grants(state) if grant.managed]
        kept = [grant for grant in granted if api.claims.wanted(place, grant.forms(api.people))]
        if kept:
            names = ", ".join(grant.name for grant in kept)
            current.get().say(f"kept in Bitbucket, because resources of this run want them: {names}")
        going = [grant for grant in granted if grant not in kept]
        may_be_caller = len(going) > 1 and any(grant.permission == ADMIN for grant in going)
        caller = bare(api.caller()["uuid"]) if may_be_caller else None
        outcome = self._carry_out(api, state, self._plan(api, {}, going, lambda grant: True, caller), {})
        for _, error in outcome.failed:
            if isinstance(error, NotFound):  # of the place
                raise error
        if not outcome.is_whole:
            raise BitbucketError(outcome.report(self.HOLDING.shown(state)))

    def check(self, api: Api, known: Mapping[str, Any]) -> Iterable[Failure]:
        permissions = known.get("permissions") or {}
        for first, second in self._twice(api, permissions):
            yield Failure("", f'permissions["{second}"]: the same person as permissions["{first}"]')
        if not all(known.get(name) for name in self.HOLDING.within):
            return
        place = self.HOLDING.key(known)
        api.claims.claim(place, [EVERYBODY, *(form for key in permissions for form in api.people.forms(key))])
        if rivals := api.claims.at(place):
            yield Failure(
                "permissions",
                f"{' and '.join(sorted(rivals))} manages grants of {self.HOLDING.shown(known)} too, and "
                f"{current.get().urn} must not: one place belongs to one set, or to single resources",
            )

    def recognise(self, api: Api, state: Any) -> None:
        for grant in self._grants(state):
            api.people.learn(grant.user_uuid, grant.account_id, name=grant.display_name)

    def recheck(self, api: Api, args: Mapping[str, Any]) -> None:
        permissions = args.get("permissions")
        self._refuse_twice(api, permissions if isinstance(permissions, Mapping) else ())

    def compare(self, api: Api, state: Any, args: Mapping[str, Any]) -> dict[str, dict[str, Change]]:
        wanted = args.get("permissions", {})
        if wanted is UNKNOWN:
            return {"permissions": {"permissions": Change.UPDATE}}
        made = self._previewed(api, state, args)
        written = {form: key for key in state.permissions or {} for form in api.people.forms(key)}
        names = {grant.user_uuid: grant.account_id or grant.user_uuid for grant in self._grants(state)}
        changes = {f'permissions["{key}"]': Change.UPDATE for key, value in wanted.items() if value is UNKNOWN}
        for step in (*made.steps, *made.settled):
            key = written.get(step.user_id)
            if step.key is not None:
                changes[f'permissions["{step.key}"]'] = Change.UPDATE if key else Change.ADD
            else:
                changes[f'permissions["{key or names[step.user_id]}"]'] = Change.DELETE
        return {"permissions": changes}

    def summary(self, api: Api, state: Any, args: Mapping[str, Any]) -> str:
        known = all(isinstance(args.get(name), str) for name in self.HOLDING.within)
        if not known or not isinstance(args.get("permissions"), Mapping):
            return ""
        line = self._previewed(api, state, args).line()
        return f"{self.HOLDING.shown(args)}: {line}" if line else ""

    def farewell(self, api: Api, state: Any) -> str:
        going = [grant for grant in self._grants(state) if grant.managed]
        line = self._plan(api, {}, going, lambda grant: True, None).line()
        return f"{self.HOLDING.shown(state)}: {line}" if line else ""

    def warnings(self, api: Api, state: Any, args: Mapping[str, Any]) -> Iterable[str]:
        if state and isinstance(args.get("permissions"), Mapping):
            for step in self._previewed(api, state, args).caller:
                yield f"{self.HOLDING.shown(state)}: {step} is the credential's own account; this is done last."

    def container(self, api: Api, state: Any) -> Container:
        count = len(self._grants(state))
        leaving = "1 grant leaves" if count == 1 else f"{count} grants leave"
        return Container(self.HOLDING.users, self.HOLDING.shown(state), leaving)

    def _listed(self, api: Api, source: Any) -> list[UserGrant]:
        return [_seen(entry) for entry in self.HOLDING.listing(api, source).all()]

    def _grants(self, state: Any) -> list[UserGrant]:
        return [UserGrant.model_validate(grant) for grant in state.grants or []] if state else []

    def _plan(
        self,
        api: Api,
        wanted: Mapping[str, str],
        held: list[UserGrant],
        removes: Callable[[UserGrant], bool],
        caller: str | None,
    ) -> Plan:
        return plan(held, wanted, self.HOLDING.levels, api.people, removes, caller)

    def _removes(self, args: Any, caller: str | None) -> Callable[[UserGrant], bool]:
        def removes(grant: UserGrant) -> bool:
            stays = args.keep_caller and grant.user_uuid == caller
            return (args.exclusive or grant.managed) and not stays

        return removes

    def _previewed(self, api: Api, state: Any, args: Mapping[str, Any]) -> Plan:
        """The plan as far as state and known inputs tell; a permission that is not known yet counts as unchanged."""
        held = self._grants(state)
        levels = {form: grant.permission for grant in held for form in grant.forms(api.people)}
        wanted: dict[str, str] = {}
        permissions = args.get("permissions")
        for key, value in permissions.items() if isinstance(permissions, Mapping) else ():
            before = next((levels[form] for form in api.people.forms(key) if form in levels), None)
            if value is not UNKNOWN:
                wanted[key] = value
            elif before is not None:
                wanted[key] = before
        options = SetOptions.model_construct(
            **{name: args[name] for name in SetOptions.model_fields if isinstance(args.get(name), bool)}
        )
        caller = state.caller if state else None
        return self._plan(api, wanted, held, self._removes(options, caller), caller)

    def _refuse_strangers(self, args: Any, made: Plan, caller: str | None) -> None:
        """Raises Exists when somebody holds what the map does not say."""
        found = [
            f"{step.name} {step.before}" + (f" instead of {step.after}" if step.after else "")
            for step in made.steps
            if step.before
            and (step.after or args.exclusive)
            and not (step.after is None and args.keep_caller and step.user_id == caller)
        ]
        if found:
            where = self.HOLDING.shown(args)
            raise Exists(
                f"{where} has grants that the map does not name: {', '.join(found)}; nothing was changed", where
            )

    def _bring(self, api: Api, args: Any, held: list[UserGrant], made: Plan, caller: str | None) -> Any:
        now = {grant.user_uuid: grant for grant in held}
        outcome = self._carry_out(api, args, made, now, args.permissions)
        named = {form for key in args.permissions for form in api.people.forms(key)}
        removes = self._removes(args, caller)
        managed = {
            uuid
            for uuid, grant in now.items()
            if grant.forms(api.people) & named or (grant.managed and removes(grant))  # the latter could not be removed
        }
        state = self._state(api, args, args.permissions, list(now.values()), managed, caller)
        if not outcome.is_whole:
            where = self.HOLDING.shown(args)
            raise PartialFailure(outcome.report(where), self.id(state), state.bag(), outcome.reasons(where))
        return state

    def _carry_out(
        self, api: Api, source: Any, made: Plan, now: dict[str, UserGrant], wanted: Mapping[str, str] | None = None
    ) -> Outcome:
        """Takes the plan's steps and keeps `now`, grants by UUID, as Bitbucket answers."""

        def take(step: Step) -> None:
            if step.after is not None:
                grant = _seen(self.HOLDING.grant(api, source, step.user_id, step.after))
                api.people.learn(step.user_id, grant.user_uuid, grant.account_id, name=grant.display_name)
                now[grant.user_uuid] = grant
                return
            try:
                self.HOLDING.revoke(api, source, step.user_id)
            except NotFound:
                if self.HOLDING.find(api, source, step.user_id):
                    raise
            now.pop(step.user_id, None)

        return carry_out(made, take, lambda: self._refuse_twice(api, wanted or {}), api.config.max_concurrent_requests)

    def _state(
        self,
        api: Api,
        source: Any,
        wanted: Mapping[str, str],
        held: list[UserGrant],
        managed: set[str],
        caller: str | None,
    ) -> Any:
        """State of what is held: the map as it is in Bitbucket, in the spelling of `wanted`, with those whom an update
        would remove."""
        held = [grant.model_copy(update={"managed": grant.user_uuid in managed}) for grant in held]
        by_form = {form: grant for grant in held for form in grant.forms(api.people)}
        written = {key: next((by_form[f] for f in api.people.forms(key) if f in by_form), None) for key in wanted}
        found = {key: grant for key, grant in written.items() if grant}
        removes = self._removes(source, caller)
        strangers = [one for one in held if removes(one) and one not in found.values()]
        found |= {one.account_id or one.user_uuid: one for one in strangers}
        return self.recall(
            {
                **source.bag(),
                "permissions": {key: grant.permission for key, grant in found.items()},
                "grants": sorted(held, key=lambda grant: (grant.name, grant.user_uuid)),
                "__caller": caller,
            }
        )

    def _twice(self, api: Api, keys: Iterable[str]) -> list[tuple[str, str]]:
        """Pairs of keys that are known to be one person."""
        seen: dict[str, str] = {}
        pairs = []
        for key in keys:
            forms = api.people.forms(key)
            pairs += [(seen[form], key) for form in forms if form in seen][:1]
            seen.update(dict.fromkeys(forms, key))
        return pairs

    def _refuse_twice(self, api: Api, keys: Iterable[str]) -> None:
        for first, second in self._twice(api, keys):
            raise InvalidInput(f'permissions["{first}"] and permissions["{second}"] are the same person: keep one.')


def _seen(entry: Entry) -> UserGrant:
    user = entry["user"]
    return UserGrant(
        user_uuid=bare(user["uuid"]),
        account_id=user.get("account_id"),
        display_name=user.get("display_name"),
        permission=entry["permission"],
    )
