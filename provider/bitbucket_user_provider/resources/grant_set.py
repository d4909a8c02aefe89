"""All direct user grants of one place as one resource: what the sets of repositories and projects have in common.

No access ends unannounced: update and delete remove only people whom the state holds, and create
fails before any write when it finds people whom the map does not name. Groups are never touched.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field, StrictBool

from ..errors import BitbucketError, Exists, InvalidInput, PartialFailure
from ..models.model import UNKNOWN, Change, Model
from ..models.person import account_id, is_uuid
from ..models.validation import Failure
from ..operation import current
from ..rest.answer import Answer
from ..run.api import Api
from ..run.evidence import Absent, proven
from ..run.grants import GrantKind, Subject
from ..run.ledger import EVERYBODY, Keeper, moment
from ..run.place import fields_of
from ..run.things import Things
from .grant import ADMIN
from .plan import Outcome, Plan, Step, UserGrant, carry_out, plan
from .resource import Resource, manages_too

LOOKS = 3
"""How often a create lists its place, when deletes of the run take what it found there."""


class SetOptions(Model):
    exclusive: StrictBool = True
    """Whether people whom the map does not name lose their direct grant here, once a preview has named them. With false
    only those whom the map names, or named, are touched."""

    keep_caller: StrictBool = True
    """Whether the credential's own account keeps its direct grant when the map does not name it."""


class SetState(Model):
    grants: list[UserGrant]
    """Everyone who holds a direct grant, as last seen."""

    caller: str | None = Field(default=None, alias="__caller")
    """UUID of the account that the credential belonged to, once a call has told."""


class GrantSet(Resource[Any, Any]):
    KIND: ClassVar[GrantKind]
    SETTLES = frozenset({"grants"})

    def id(self, state: Any) -> str:
        return self._shown(state)

    def create(self, api: Api, args: Any) -> Any:
        things = self._begin(api, args, None)
        for _ in range(LOOKS):
            looked_at = moment()
            held = things.place.asked_again(lambda: self._listed(things))
            names = {form for grant in held for form in grant.forms(api.people)}
            if api.ledger.taken_elsewhere(things.key, names):  # here too, if the place has two names
                things.listing.forget()
                held = self._listed(things)
            self._refuse_twice_before_writing(api, args.permissions)
            made = self._plan(api, args.permissions, held, lambda grant: True, None)
            caller = api.caller_uuid() if made.steps else None
            if not api.config.adopt_existing:
                self._refuse_strangers(things, args, made, caller)
            made = self._plan(api, args.permissions, held, lambda grant: False, caller)
            found = {step.user_id for step in made.settled}
            names = {form for grant in held if grant.user_uuid in found for form in grant.forms(api.people)}
            if api.ledger.given(things.key, names, looked_at) is None:
                return self._bring(api, things, args, held, made, caller)
            things.begin(names)  # waits for the delete that has come between
            things.listing.forget()
        raise BitbucketError(f"{things.place.shown} changes while it is looked at: run again. Nothing was changed.")

    def read(self, api: Api, state: Any) -> Any:
        things, caller = self._things(api, state), state.caller
        held = self._seen(things, state)
        is_import = state.permissions is None
        before = self._grants(state)
        managed = {grant.user_uuid for grant in before if grant.managed}
        if _unreadable(state):  # a state of another version
            named = {form for key in state.permissions or {} for form in api.people.forms(key)}
            managed = {grant.user_uuid for grant in held if grant.forms(api.people) & named}
        if (is_import or state.exclusive) and any(one.user_uuid not in managed for one in held):
            caller = api.caller_uuid()
        if is_import:
            managed = {grant.user_uuid for grant in held} - {caller}
        return self._state(api, state, state.permissions or {}, held, managed, caller)

    def update(self, api: Api, state: Any, args: Any) -> Any:
        self._refuse_without_grants(state)
        things = self._begin(api, args, state)
        self._refuse_twice_before_writing(api, args.permissions)
        held, caller = self._grants(state), state.caller
        made = self._plan(api, args.permissions, held, self._removes(args, caller), caller)
        if (
            any(step.key is None for step in (*made.steps, *made.settled))
            or any(step.before == ADMIN for step in made.steps)
            or (made.steps and caller is None)
        ):
            caller = api.caller_uuid()  # perhaps another one than the preview could know of
            previewed, removes = {step.user_id for step in made.removals}, self._removes(args, caller)
            made = self._plan(
                api, args.permissions, held, lambda one: one.user_uuid in previewed and removes(one), caller
            )
        return self._bring(api, things, args, held, made, caller)

    def delete(self, api: Api, state: Any) -> None:
        self._refuse_without_grants(state)
        things = self._things(api, state)
        going = [grant for grant in self._grants(state) if grant.managed]
        caller = api.caller_uuid() if any(grant.permission == ADMIN for grant in going) else None
        made = self._plan(api, {}, going, lambda grant: True, caller)
        outcome = self._carry_out(api, things, made, going, {}, own=True)
        if not outcome.is_whole:
            raise BitbucketError(outcome.report(things.place.shown))

    def leaving(self, state: Any) -> str:
        count = len(self._grants(state))
        return "1 grant leaves" if count == 1 else f"{count} grants leave"

    def check(self, api: Api, known: Mapping[str, Any]) -> Iterable[Failure]:
        permissions = known.get("permissions") or {}
        for first, second in self._twice(api, permissions):
            yield Failure("", f'permissions["{second}"]: the same person as permissions["{first}"]')
        if not all(known.get(name) for name in self.KIND.where.fields):
            return
        things = self._things(api, known)
        wanted = [EVERYBODY, *(form for key in permissions for form in api.people.forms(key))]
        if rivals := things.want(wanted, api.people.unresolved(permissions)):
            yield Failure(
                "permissions",
                f"{manages_too(rivals, f'grants of {things.place.shown}')}: one place belongs to one set, or to single "
                "resources",
            )

    def recognise(self, api: Api, state: Any) -> None:
        for grant in self._grants(state):
            api.people.learn(grant.user_uuid, grant.account_id, name=grant.display_name)

    def holds(self, api: Api, state: Any) -> tuple[str, Iterable[str]]:
        granted = [grant for grant in self._grants(state) if grant.managed]
        return self._things(api, state).key, {form for grant in granted for form in grant.forms(api.people)}

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
        known = all(isinstance(args.get(name), str) for name in self.KIND.where.fields)
        if not known or not isinstance(args.get("permissions"), Mapping):
            return ""
        line = self._previewed(api, state, args).line()
        return f"{self._shown(args)}: {line}" if line else ""

    def farewell(self, api: Api, state: Any) -> str:
        going = [grant for grant in self._grants(state) if grant.managed]
        line = self._plan(api, {}, going, lambda grant: True, None).line()
        return f"{self._shown(state)}: {line}" if line else ""

    def warnings(self, api: Api, state: Any, args: Mapping[str, Any]) -> Iterable[str]:
        if state and isinstance(args.get("permissions"), Mapping):
            for step in self._previewed(api, state, args).caller:
                yield f"{self._shown(state)}: {step} is the credential's own account; this is done last."

    def _shown(self, source: Any) -> str:
        return "/".join(fields_of(self.KIND.where, source).values())

    def _things(self, api: Api, source: Any) -> Things:
        return api.things(self.KIND, source)

    def _begin(self, api: Api, args: Any, state: Any) -> Things:
        """Says that the set's work begins. Raises InvalidInput when something else of the run manages the place too, or
        one person stands under two keys."""
        things = self._things(api, args)
        wanted = [EVERYBODY, *(form for key in args.permissions for form in api.people.forms(key))]
        begun = things.begin(wanted)
        if begun.rivals:
            raise InvalidInput(f"{manages_too(begun.rivals, f'grants of {things.place.shown}')}; nothing was changed.")
        if state is None and begun.taken:
            things.listing.forget()
        return things

    def _refuse_twice_before_writing(self, api: Api, keys: Collection[str]) -> None:
        """Two keys of different kinds may be one person: those of the rarer kind are asked for before any write."""
        unresolved = [key for key in keys if len(api.people.forms(key)) == 1]
        by_uuid = [key for key in unresolved if is_uuid(key)]
        by_account_id = [key for key in unresolved if not is_uuid(key)]
        if by_uuid and by_account_id:
            for key in min(by_account_id, by_uuid, key=len):
                api.who_is(key)
        self._refuse_twice(api, keys)

    def _listed(self, things: Things) -> list[UserGrant]:
        return [self._grant(entry) for entry in things.all().entries]

    def _seen(self, things: Things, state: Any) -> list[UserGrant]:
        """Everybody who holds a grant now. Whoever is missing from a list of several pages is asked for alone."""
        listed = things.all()
        found = {grant.user_uuid: grant for grant in map(self._grant, listed.entries)}
        for before in self._grants(state):
            if before.user_uuid not in found:
                if listed.long and not isinstance(now := proven(things.ask({"user_id": before.user_uuid})), Absent):
                    found[before.user_uuid] = self._grant(now.entry)
            elif not found[before.user_uuid].account_id:  # an answer may leave it out
                found[before.user_uuid].account_id = before.account_id
        return list(found.values())

    def _grants(self, state: Any) -> list[UserGrant]:
        return [] if not state or _unreadable(state) else [UserGrant.recall(grant) for grant in state.grants]

    def _refuse_without_grants(self, state: Any) -> None:
        """Such a state does not say whom this resource has given access: to go on would leave them."""
        if _unreadable(state):
            raise InvalidInput(
                f"The state of {self.id(state)} does not hold `grants` that this version can read, so who would lose "
                "access cannot be told; nothing was changed. Run `pulumi refresh` first."
            )

    @staticmethod
    def _grant(entry: Answer) -> UserGrant:
        subject = Subject.of(entry)
        return UserGrant(
            user_uuid=subject.uuid,
            account_id=subject.account_id,
            display_name=subject.name,
            permission=entry.text("permission"),
        )

    def _plan(
        self,
        api: Api,
        wanted: Mapping[str, str],
        held: list[UserGrant],
        removes: Callable[[UserGrant], bool],
        caller: str | None,
    ) -> Plan:
        return plan(held, wanted, self.KIND.levels, api.people, removes, caller)

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

    def _refuse_strangers(self, things: Things, args: Any, made: Plan, caller: str | None) -> None:
        """Raises Exists when somebody holds what the map does not say."""
        found = [
            f"{step.name} {step.before}" + (f" instead of {step.after}" if step.after else "")
            for step in made.steps
            if step.before
            and (step.after or args.exclusive)
            and not (step.after is None and args.keep_caller and step.user_id == caller)
        ]
        if found:
            raise Exists(
                f"{things.place.shown} has grants that the map does not name: {', '.join(found)}; nothing was changed",
                self.id(args),
            )

    def _bring(self, api: Api, things: Things, args: Any, held: list[UserGrant], made: Plan, caller: str | None) -> Any:
        now = list(held)
        outcome = self._carry_out(api, things, made, now, args.permissions)
        named = {form for key in args.permissions for form in api.people.forms(key)}
        removes = self._removes(args, caller)
        managed = {
            grant.user_uuid
            for grant in now
            if grant.forms(api.people) & named or (grant.managed and removes(grant))  # the latter could not be removed
        }
        state = self._state(api, args, args.permissions, now, managed, caller)
        if not outcome.is_whole:
            where = things.place.shown
            raise PartialFailure(outcome.report(where), self.id(state), state.bag(), outcome.reasons(where))
        things.done(named)
        return state

    def _carry_out(
        self,
        api: Api,
        things: Things,
        made: Plan,
        now: list[UserGrant],
        wanted: Mapping[str, str],
        own: bool = False,
    ) -> Outcome:
        """Takes the plan's steps and keeps `now`, the grants as Bitbucket answers, up to date.

        Whom something else of the run wants, or a step of it has just given access under another spelling, loses none.
        With `own`, neither does whom this very resource wants: its place is only spelt anew.
        """
        grants = {grant.user_uuid: grant for grant in now}
        verdicts: dict[str, Keeper | BitbucketError | None] = {}
        given: list[str] = []

        def before(stage: Sequence[Step]) -> None:
            going = [step for step in stage if step.after is None]
            found = things.take([api.people.forms(step.user_id) for step in going], own) if going else []
            verdicts.update({step.user_id: verdict for step, verdict in zip(going, found, strict=True)})

        def take(step: Step) -> None:
            if step.after is None:
                if self._revoke(api, things, step, verdicts[step.user_id]):
                    grants.pop(step.user_id, None)
                return
            entry = things.put({"user_id": step.user_id}, {"permission": step.after})
            grant = self._grant(entry)
            grant.account_id = grant.account_id or account_id(step.key or step.user_id)
            api.people.learn(step.user_id, grant.user_uuid, grant.account_id, name=grant.display_name)
            things.wrote(grant.forms(api.people), entry)
            grants[grant.user_uuid] = grant
            given.extend(grant.forms(api.people))

        def after() -> None:
            api.ledger.given(things.key, given)
            self._refuse_twice(api, wanted)

        outcome = carry_out(made, take, before, after, api.config.max_concurrent_requests)
        now[:] = grants.values()
        kept = [step.name for step in outcome.done if isinstance(verdicts.get(step.user_id), Keeper)]
        if kept:
            current.get().say(f"kept in Bitbucket, because resources of this run want them: {', '.join(kept)}")
        if any(step.before == ADMIN and step.after != ADMIN for step in made.caller if step in outcome.done):
            things.place.lost()
        return outcome

    def _revoke(self, api: Api, things: Things, step: Step, verdict: Keeper | BitbucketError | None) -> bool:
        """Whether the grant was taken away, and not kept for somebody who wants it."""
        if isinstance(verdict, BitbucketError):
            raise verdict
        if verdict is None:
            things.remove_taken({"user_id": step.user_id}, api.people.forms(step.user_id))
        return verdict is None

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
        for key, grant in found.items():  # an answer may leave the account id out; the map has it
            grant.account_id = grant.account_id or account_id(key)
        removes, known = self._removes(source, caller), {grant.user_uuid for grant in found.values()}
        strangers = [one for one in held if one.user_uuid not in known and removes(one)]
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


def _unreadable(state: Any) -> bool:
    """Whether the state, which another version may have written, lacks the grants or what makes one."""
    grants = state.grants
    return not isinstance(grants, list) or not all(map(UserGrant.is_readable, grants))
