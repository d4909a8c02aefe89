"""Who owns a grant when resources swap, merge or split: nothing is revoked that somebody in the program still wants."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.conftest import EVERY_CREDENTIAL, Stacks
from tests.acceptance.lives import BOB, GRACE
from tests.conftest import CheckedEmulator

pytestmark = pytest.mark.soak

API = {"workspace": "acme", "repo_slug": "api"}
WEB = {"workspace": "acme", "repo_slug": "web"}


class Program:
    """A program whose single grants and sets, by their names, a test may change between two runs."""

    def __init__(self, sdk: Any) -> None:
        self.sdk = sdk
        self.singles: dict[str, dict[str, Any]] = {}
        self.sets: dict[str, dict[str, Any]] = {}

    def __call__(self) -> None:
        for name, inputs in self.singles.items():
            self.sdk.RepositoryUserPermission(name, **{**API, **inputs})
        for name, inputs in self.sets.items():
            self.sdk.RepositoryUserPermissions(name, **{**API, **inputs})


def test_two_resources_swap_their_people(sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    program = Program(sdk)
    program.singles = {
        "first": {"user_id": GRACE.uuid, "permission": "write"},
        "second": {"user_id": BOB.account_id, "permission": "write"},
    }
    stack = stacks(program)
    assert stack.up()
    program.singles["first"]["user_id"], program.singles["second"]["user_id"] = BOB.uuid, GRACE.uuid
    assert stack.up()
    assert bitbucket.repository_permissions("acme", "api") == {"Bob Kahn": "write", "Grace Hopper": "write"}

    stack.configure({"adoptExisting": True})
    program.singles["first"] |= {"user_id": GRACE.uuid, "permission": "read"}
    program.singles["second"] |= {"user_id": BOB.uuid}
    assert stack.up()
    assert bitbucket.repository_permissions("acme", "api") == {"Bob Kahn": "write", "Grace Hopper": "read"}
    run = stack.up(refresh=True)
    assert run and not run.changes and not run.found


def test_a_forced_replacement_takes_nothing_away_and_a_destroy_with_the_program_everything(
    sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    program = Program(sdk)
    program.singles = {"one": {"user_id": GRACE.uuid, "permission": "write"}}
    program.sets = {"all": {**WEB, "permissions": {GRACE.uuid: "read", BOB.account_id: "write"}}}

    def with_property() -> None:
        program()
        sdk.UserApplicationProperty(
            "look", user_id=GRACE.uuid, app_key="acme-app", property_name="look", value={"theme": "dark"}
        )

    stack = stacks(with_property, EVERY_CREDENTIAL)
    assert stack.up()

    def there() -> Any:
        places = {slug: bitbucket.repository_permissions("acme", slug) for slug in ("api", "web")}
        return places, bitbucket.properties("Grace")

    before = there()
    assert before[0] == {"api": {"Grace Hopper": "write"}, "web": {"Grace Hopper": "read", "Bob Kahn": "write"}}
    run = stack.up(replace=[one["urn"] for one in stack.state.values()])
    assert run and set(run.changes) == {"one", "all", "look"}
    assert there() == before
    run = stack.up(refresh=True)
    assert run and not run.changes and not run.found

    assert stack.destroy(run_program=True)
    assert there() == ({"api": {}, "web": {}}, {})


def test_many_single_grants_become_a_set_and_single_again(sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    many = 20 if sdk.__name__.endswith("dynamic") else 50
    bitbucket.populate(people=many)
    people = {f"person-{number}": bitbucket.person(f"Person {number:04}").account_id for number in range(1, many + 1)}
    program = Program(sdk)
    program.singles = {name: {"user_id": user_id, "permission": "read"} for name, user_id in people.items()}
    stack = stacks(program)
    assert stack.up()
    held = bitbucket.repository_permissions("acme", "api")
    assert len(held) == many
    singles, program.singles = program.singles, {}

    program.sets = {"everybody": {"permissions": dict.fromkeys(people.values(), "read")}}
    bitbucket.clear()
    assert stack.up()
    assert bitbucket.repository_permissions("acme", "api") == held
    assert bitbucket.count("PUT") == bitbucket.count("DELETE") == 0
    assert bitbucket.count("GET") <= 1 + 1  # one listing, and perhaps GET /user

    program.sets, program.singles = {}, singles
    bitbucket.clear()
    assert stack.up()
    assert bitbucket.repository_permissions("acme", "api") == held
    assert bitbucket.count("PUT") == bitbucket.count("DELETE") == 0
    assert bitbucket.count("GET") == 1
    run = stack.up(refresh=True)
    assert run and not run.changes and not run.found


def test_two_owners_of_one_grant_are_refused_by_their_names(
    sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    program = Program(sdk)
    stack = stacks(program)
    spelled = {"user_id": GRACE.uuid, "permission": "read"}, {"user_id": GRACE.uuid.strip("{}"), "permission": "write"}
    everybody = {"permissions": {BOB.uuid: "read"}}
    programs: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
        ({"one": spelled[0], "other": spelled[1]}, {}),
        ({"one": spelled[0]}, {"other": everybody}),
        ({}, {"one": everybody, "other": {"permissions": {}}}),
    )
    for program.singles, program.sets in programs:
        run = stack.preview()
        assert not run
        [message] = [message for name, message in run.errors.items() if name in ("one", "other")]
        assert "::one" in message and "::other" in message
        assert "Traceback" not in message
    assert not bitbucket.requests
