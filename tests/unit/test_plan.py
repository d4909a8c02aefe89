"""Sets in any world: random grants of people and groups, maps, options, callers, changes by hand, failures, in runs."""

from __future__ import annotations

from collections.abc import Collection
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

PEOPLE = {name: default_world().person(name) for name in ("Ada", "Grace", "Bob", "Alan")}
GROUPS = ("backend", "frontend")
NAMES = (*PEOPLE, *GROUPS)
CALLERS = {name: {"email": f"{name.lower()}@acme.example", "apiToken": f"{name.lower()}-api-token"} for name in PEOPLE}
LEVELS = ("read", "write", "admin")
KIND = "RepositoryUserPermissions"
GRANTS = "/repositories/acme/web/permissions-config"


@dataclass
class Run:
    """What happens before one `pulumi up`, and what it is to do."""

    drift: dict[str, str | None]
    refresh: bool
    caller: str
    permissions: dict[str, str]
    groups: bool
    spelling: int
    exclusive: bool
    keep_caller: bool
    failing: list[str]
    adopt: bool

    def __post_init__(self) -> None:
        """Without `groups` the program does not manage them."""
        self.permissions = {name: one for name, one in self.permissions.items() if self.groups or name in PEOPLE}

    @property
    def program(self) -> Program:
        inputs: dict[str, Any] = {
            "workspace": "acme",
            "repoSlug": "web",
            "permissions": self._map(PEOPLE),
            "exclusive": self.exclusive,
            "keepCaller": self.keep_caller,
        }
        return {"set": (KIND, inputs | ({"groups": self._map(GROUPS)} if self.groups else {}))}

    def _map(self, names: Collection[str]) -> dict[str, str]:
        return {spelled(name, self.spelling): one for name, one in self.permissions.items() if name in names}


def spelled(name: str, how: int) -> str:
    if name in GROUPS:
        return name
    person = PEOPLE[name]
    return (person.account_id, person.uuid, bare(person.uuid).upper())[(how + NAMES.index(name)) % 3]


def spellings(name: str) -> list[str]:
    return [name] if name in GROUPS else [spelled(name, how) for how in range(3)] + [bare(PEOPLE[name].uuid)]


subjects = st.sampled_from(NAMES)
grants = st.dictionaries(subjects, st.sampled_from(LEVELS), max_size=5)
runs = st.builds(
    Run,
    drift=st.dictionaries(subjects, st.sampled_from([*LEVELS, None]), max_size=2),
    refresh=st.booleans(),
    caller=st.sampled_from(["Ada", "Grace"]),
    permissions=grants,
    groups=st.booleans(),
    spelling=st.integers(0, 2),
    exclusive=st.booleans(),
    keep_caller=st.booleans(),
    failing=st.lists(subjects, max_size=1),
    adopt=st.booleans(),
)


def held(bitbucket: CheckedEmulator) -> dict[str, str]:
    people = {name.split()[0]: one for name, one in bitbucket.repository_permissions("acme", "web").items()}
    return people | bitbucket.group_permissions("acme", "web")


def change(bitbucket: CheckedEmulator, grants: dict[str, Any]) -> None:
    """Somebody grants and revokes by hand."""
    place = bitbucket.place("acme", "web")
    for name, permission in grants.items():
        held, key = (place.groups, name) if name in GROUPS else (place.users, PEOPLE[name].uuid)
        held.pop(key, None)
        if permission:
            held[key] = permission


def named(stack: Stack) -> set[str]:
    """Whom a preview speaks of, in its one line and, of an update, in its changes as well."""
    line, paths = " ".join(stack.said), [*stack.diffs["set"].changes] if stack.diffs else ["permissions", "groups"]

    def is_named(name: str, map: str) -> bool:
        shown = f"group {name}" if name in GROUPS else PEOPLE[name].display_name
        in_line = any(form in line for form in (shown, *spellings(name)))
        return in_line and (map in paths or any(f'{map}["{form}"]' in paths for form in spellings(name)))

    return {name for name in NAMES if is_named(name, "groups" if name in GROUPS else "permissions")}


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
        meets = is_create or (run.groups and "groups" not in self.stack.outputs("set"))
        self.stack.preview(run.program)
        shown, before = named(self.stack), held(self.bitbucket)
        self.bitbucket.clear()
        failed = False
        try:
            self.stack.up(run.program)
        except Exists:
            assert meets and not run.adopt and held(self.bitbucket) == before
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
        assert run.groups or not self.bitbucket.count(route_contains="/groups")
        if not shown and not meets:
            assert not writes
            assert self.bitbucket.calls()["GET /user"] == 0
        removed = {bare(one.path.rpartition("/")[2]) for one in writes if one.method == "DELETE" and one.status == 204}
        self.ours -= {name for name in PEOPLE if bare(PEOPLE[name].uuid) in removed} | ({*GROUPS} & removed)
        self.ours -= set() if run.groups else {*GROUPS}
        if failed:
            return False
        self.ours |= {*run.permissions} & {*after}
        if run.keep_caller:
            self.ours -= {run.caller} - {*run.permissions}  # kept, and from now on like a grant of somebody else's
        return True


@settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
            by_path = [f"groups/{name}"] if name in GROUPS else [f"users/{form}" for form in spellings(name)]
            for path in by_path:
                bitbucket.fault(f"{GRANTS}/{path}", status=402)
        one.up(run)
        bitbucket.clear_faults()

    last = life[-1]
    last.adopt = last.adopt or not one.stack.state or "groups" not in one.stack.outputs("set")
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
    apart = set() if last.groups else {*GROUPS}
    kept = {last.caller} if last.keep_caller else set()
    assert others - kept - apart <= (set() if last.exclusive else {*NAMES} - one.ours)
    one.stack.destroy()
    assert {*held(bitbucket)} == others
