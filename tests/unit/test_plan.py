"""Sets in any world: random grants, maps, options, callers, changes by hand and failures, run after run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bitbucket_user_emulator.seed import default_world
from bitbucket_user_provider.errors import Exists, PartialFailure
from bitbucket_user_provider.models.fields import RepositoryPermission, level
from bitbucket_user_provider.models.person import bare
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import CheckedEmulator
from tests.unit.stack import Program, Stack

NAMES = ("Ada", "Grace", "Bob", "Alan")
PEOPLE = {name: default_world().person(name) for name in NAMES}
CALLERS = {name: {"email": f"{name.lower()}@acme.example", "apiToken": f"{name.lower()}-api-token"} for name in NAMES}
LEVELS = ("read", "write", "admin")
KIND = "RepositoryUserPermissions"
USERS = "/repositories/acme/api/permissions-config/users"


@dataclass
class Run:
    """What happens before one `pulumi up`, and what it is to do."""

    drift: dict[str, str | None]
    refresh: bool
    caller: str
    permissions: dict[str, str]
    spelling: int
    exclusive: bool
    keep_caller: bool
    failing: list[str]
    adopt: bool

    @property
    def program(self) -> Program:
        inputs = {
            "workspace": "acme",
            "repoSlug": "api",
            "permissions": {spelled(name, self.spelling): one for name, one in self.permissions.items()},
            "exclusive": self.exclusive,
            "keepCaller": self.keep_caller,
        }
        return {"set": (KIND, inputs)}


def spelled(name: str, how: int) -> str:
    person = PEOPLE[name]
    return (person.account_id, person.uuid, bare(person.uuid).upper())[(how + NAMES.index(name)) % 3]


def spellings(name: str) -> list[str]:
    return [spelled(name, how) for how in range(3)] + [bare(PEOPLE[name].uuid)]


people = st.sampled_from(NAMES)
grants = st.dictionaries(people, st.sampled_from(LEVELS), max_size=4)
runs = st.builds(
    Run,
    drift=st.dictionaries(people, st.sampled_from([*LEVELS, None]), max_size=2),
    refresh=st.booleans(),
    caller=st.sampled_from(["Ada", "Grace"]),
    permissions=grants,
    spelling=st.integers(0, 2),
    exclusive=st.booleans(),
    keep_caller=st.booleans(),
    failing=st.lists(people, max_size=1),
    adopt=st.booleans(),
)


def held(bitbucket: CheckedEmulator) -> dict[str, str]:
    return {name.split()[0]: one for name, one in bitbucket.repository_permissions("acme", "api").items()}


def change(bitbucket: CheckedEmulator, grants: dict[str, Any]) -> None:
    """Somebody grants and revokes by hand."""
    users = bitbucket.place("acme", "api").users
    for name, permission in grants.items():
        users.pop(PEOPLE[name].uuid, None)
        if permission:
            users[PEOPLE[name].uuid] = permission


def named(stack: Stack) -> set[str]:
    """Whom a preview speaks of, in its one line and, of an update, in its changes as well."""
    line, paths = " ".join(stack.said), " ".join(stack.diffs["set"].changes) if stack.diffs else None
    return {
        name
        for name in NAMES
        if any(form in line for form in (PEOPLE[name].display_name, *spellings(name)))
        and (paths is None or any(f'"{form}"' in paths for form in spellings(name)))
    }


def lower(after: str | None, before: str) -> bool:
    return level(RepositoryPermission, after) < level(RepositoryPermission, before)


@dataclass
class Life:
    """A stack of one set, and what must hold of it after each run."""

    bitbucket: CheckedEmulator
    stack: Stack
    touched: set[str] = field(default_factory=set)
    """Whom a map has ever named."""
    ours: set[str] = field(default_factory=set)
    """Whom a map has granted, and who was neither removed since nor seen to be gone."""

    def refresh(self) -> None:
        self.stack.refresh()
        self.ours &= {*held(self.bitbucket)}

    def up(self, run: Run) -> bool:
        """One `pulumi up`, preview included. Whether it went through."""
        self.stack.config = {**CALLERS[run.caller], "adoptExisting": run.adopt}
        is_create = not self.stack.state
        self.stack.preview(run.program)
        shown, before = named(self.stack), held(self.bitbucket)
        self.bitbucket.clear()
        failed = False
        try:
            self.stack.up(run.program)
        except Exists:
            assert is_create and not run.adopt and held(self.bitbucket) == before
            return False
        except PartialFailure as failure:
            assert failure.reasons
            failed = True
        self.touched |= {*run.permissions}
        after = held(self.bitbucket)
        loses = {name for name, permission in before.items() if lower(after.get(name), permission)}
        assert loses <= shown, f"{loses - shown} lost without a word"
        assert run.exclusive or loses <= self.touched, "it touched somebody else's grant"
        if run.keep_caller and run.caller in before and run.caller not in run.permissions:
            assert after[run.caller] == before[run.caller]
        writes = [one for one in self.bitbucket.requests if one.method != "GET"]
        if not shown and not is_create:
            assert not writes
            assert self.bitbucket.calls()["GET /user"] == 0
        removed = {bare(one.path.rpartition("/")[2]) for one in writes if one.method == "DELETE" and one.status == 204}
        self.ours -= {name for name in NAMES if bare(PEOPLE[name].uuid) in removed}
        if failed:
            return False
        self.ours |= {*run.permissions} & {*after}
        if run.keep_caller:
            self.ours -= {run.caller} - {*run.permissions}  # kept, and from now on like a grant of somebody else's
        return True


@settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(standing=grants, life=st.lists(runs, min_size=1, max_size=4))
def test_nobody_loses_access_unnamed_and_every_life_ends_as_the_map_says(
    bitbucket: CheckedEmulator, standing: dict[str, str], life: list[Run]
) -> None:
    bitbucket.server.world = default_world()
    bitbucket.world.workspaces["acme"].members[PEOPLE["Grace"].uuid] = "administrator"
    bitbucket.clear_faults()
    change(bitbucket, standing)
    one = Life(bitbucket, Stack(bitbucket))
    for run in life:
        change(bitbucket, run.drift)
        if run.refresh:
            one.refresh()
        for name in run.failing:
            for form in (PEOPLE[name].uuid, PEOPLE[name].account_id):
                bitbucket.fault(f"{USERS}/{form}", status=402)
        one.up(run)
        bitbucket.clear_faults()

    last = life[-1]
    last.adopt = last.adopt or not one.stack.state
    one.refresh()
    assert one.up(last)
    one.stack.preview(last.program)
    if one.stack.diffs["set"]:  # a create that adopts leaves strangers to a second run
        assert one.up(last)
        one.stack.preview(last.program)
    assert not one.stack.diffs["set"]

    now = held(bitbucket)
    assert {name: now.get(name) for name in last.permissions} == last.permissions
    others = {*now} - {*last.permissions}
    kept = {last.caller} if last.keep_caller else set()
    assert others - kept <= (set() if last.exclusive else {*NAMES} - one.ours)
    one.stack.destroy()
    assert {*held(bitbucket)} == others
