"""What a refresh costs: one listing for each place, shared by everything in it; never more than asking one by one."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from bitbucket_user_provider.config import load
from bitbucket_user_provider.lifecycle import Lifecycle
from bitbucket_user_provider.run.api import Api

from tests.acceptance.conftest import ADA, Stacks
from tests.conftest import CheckedEmulator

pytestmark = pytest.mark.soak


def spread(bitbucket: CheckedEmulator, repositories: int, people: int) -> list[tuple[str, str]]:
    """Grants everybody access to every repository; (repository, account id) of each grant."""
    bitbucket.populate(repositories=repositories, people=people)
    pairs = []
    for repository in range(1, repositories + 1):
        slug = f"repo-{repository:04}"
        for person in range(1, people + 1):
            bitbucket.grant("acme", slug, f"Person {person:04}", "read")
            pairs.append((slug, bitbucket.person(f"Person {person:04}").account_id))
    return pairs


def test_a_refresh_of_many_grants_in_3_repositories_costs_at_most_6_calls(
    sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    """300 grants with the plugin; fewer dynamic ones, where the engine takes longer and the calls are the same."""
    people = 30 if sdk.__name__.endswith("dynamic") else 100
    pairs = spread(bitbucket, 3, people)

    def program() -> None:
        for slug, user_id in pairs:
            sdk.RepositoryUserPermission(
                f"{slug}-{user_id}", workspace="acme", repo_slug=slug, user_id=user_id, permission="read"
            )

    stack = stacks(program)
    bitbucket.clear()
    assert stack.up(parallel=16)
    assert (bitbucket.count("GET"), bitbucket.count("PUT")) == (3, 0)
    assert len(stack.state) == 3 * people

    bitbucket.revoke("acme", "repo-0002", "Person 0007")
    bitbucket.clear()
    run = stack.refresh(parallel=16)
    assert list(run.found.values()) == ["delete"]
    assert bitbucket.count() == bitbucket.count("GET") <= 6


def test_a_set_of_500_people_costs_5_pages_to_refresh_and_one_call_for_each_difference(
    sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    pairs = spread(bitbucket, 1, 500)
    permissions = {user_id: "read" for _, user_id in pairs}

    def program() -> None:
        sdk.RepositoryUserPermissions("all", workspace="acme", repo_slug="repo-0001", permissions=permissions)

    stack = stacks(program)
    bitbucket.clear()
    assert stack.up()
    assert bitbucket.count("PUT") == bitbucket.count("DELETE") == 0
    bitbucket.clear()
    assert not stack.refresh().found
    assert bitbucket.count() == bitbucket.count("GET") == 5

    for user_id in list(permissions)[:3]:
        permissions[user_id] = "write"
    del permissions[pairs[-1][1]]
    bitbucket.clear()
    assert stack.up()
    assert (bitbucket.count("PUT"), bitbucket.count("DELETE")) == (3, 1)
    assert bitbucket.count("GET") <= 1  # GET /user


def test_reading_2000_grants_in_100_repositories_costs_at_most_200_calls(bitbucket: CheckedEmulator) -> None:
    """In the core alone, sixteen at once: the engine would take minutes, because it writes its state 2,000 times."""
    pairs = spread(bitbucket, 100, 20)
    environ = {**os.environ, **ADA, "BITBUCKET_BASE_URL": bitbucket.url}
    lifecycle = Lifecycle(Api(load({}), environ))

    def read(pair: tuple[str, str]) -> Any:
        slug, user_id = pair
        return lifecycle.read("RepositoryUserPermission", f"acme/{slug}/{user_id}")

    bitbucket.clear()
    with ThreadPoolExecutor(max_workers=16) as pool:
        found = list(pool.map(read, pairs))
    assert all(found)
    assert bitbucket.count() == bitbucket.count("GET") <= 200
