"""How many API calls reading and writing takes, beside one call for each thing; counted in the emulator's log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, NamedTuple

from bitbucket_user_emulator import Emulator
from bitbucket_user_provider.config import load
from bitbucket_user_provider.lifecycle import Lifecycle
from bitbucket_user_provider.run.api import Api

THREADS = 16
SINGLE, SET = "RepositoryUserPermission", "RepositoryUserPermissions"


class Row(NamedTuple):
    operation: str
    resources: int
    calls: int
    one_by_one: int
    most: int
    """With more calls, `make bench CHECK=1` fails."""


def rows() -> list[Row]:
    return [
        refresh("refresh, 300 permissions in 3 repositories", 3, 100),
        refresh("refresh, 2,000 permissions in 100 repositories", 100, 20),
        create("create, 100 permissions in 5 repositories", adopt=False, most=105),
        create("create, the same with adoptExisting", adopt=True, most=100),
        *a_set_of_500(),
        singles_to_set(),
    ]


def refresh(name: str, repositories: int, people: int) -> Row:
    with Emulator() as bitbucket:
        wanted = _permissions(bitbucket, repositories, people)
        states = _all(_lifecycle(bitbucket, adoptExisting=True).create, [(SINGLE, inputs) for inputs in wanted])
        bitbucket.clear()
        _all(_lifecycle(bitbucket).read, [(SINGLE, id, outputs) for id, outputs in states])
        return Row(name, len(states), bitbucket.count(), len(states), repositories)


def create(name: str, adopt: bool, most: int) -> Row:
    with Emulator() as bitbucket:
        wanted = _permissions(bitbucket, 5, 20)
        _all(_lifecycle(bitbucket, adoptExisting=adopt).create, [(SINGLE, inputs) for inputs in wanted])
        return Row(name, len(wanted), bitbucket.count(), 2 * len(wanted), most)


def a_set_of_500() -> Iterable[Row]:
    with Emulator() as bitbucket:
        bitbucket.populate("acme", repositories=1, people=500)
        inputs = _set("repo-0001", _people(bitbucket), "read")
        id, state = _lifecycle(bitbucket).create(SET, inputs)
        yield Row("create, a set of 500 people", 1, bitbucket.count(), 1000, 502)
        bitbucket.clear()
        _lifecycle(bitbucket).read(SET, id, state)
        yield Row("refresh, the same", 1, bitbucket.count(), 500, 5)
        bitbucket.clear()
        changed = inputs | {"permissions": inputs["permissions"] | dict.fromkeys(_people(bitbucket)[:3], "admin")}
        state = _lifecycle(bitbucket).update(SET, id, state, changed)
        yield Row("change three people of it", 1, bitbucket.count(), 6, 3)
        bitbucket.clear()
        _lifecycle(bitbucket).delete(SET, id, state)
        yield Row("destroy it", 1, bitbucket.count(), 1000, 501)


def singles_to_set() -> Row:
    with Emulator() as bitbucket:
        wanted = _permissions(bitbucket, 1, 50)
        _all(_lifecycle(bitbucket, adoptExisting=True).create, [(SINGLE, inputs) for inputs in wanted])
        bitbucket.clear()
        _lifecycle(bitbucket).create(SET, _set("repo-0001", _people(bitbucket), "write"))
        return Row("turn 50 permissions into a set", 1, bitbucket.count(), 100, 1)


def _lifecycle(bitbucket: Emulator, **more: Any) -> Lifecycle:
    credential = {"email": "ada@acme.example", "apiToken": "ada-api-token", "baseUrl": bitbucket.url}
    return Lifecycle(Api(load(credential | more), {}))


def _permissions(bitbucket: Emulator, repositories: int, people: int) -> list[dict[str, Any]]:
    bitbucket.populate("acme", repositories=repositories, people=people)
    return [
        {"workspace": "acme", "repoSlug": f"repo-{number:04}", "userId": user, "permission": "write"}
        for number in range(1, repositories + 1)
        for user in _people(bitbucket)
    ]


def _set(repository: str, users: list[str], level: str) -> dict[str, Any]:
    return {"workspace": "acme", "repoSlug": repository, "permissions": dict.fromkeys(users, level)}


def _people(bitbucket: Emulator) -> list[str]:
    return [one.account_id for one in bitbucket.world.people.values() if one.display_name.startswith("Person ")]


def _all(call: Callable[..., Any], arguments: list[tuple[Any, ...]]) -> list[Any]:
    with ThreadPoolExecutor(THREADS) as pool:
        jobs = [(copy_context(), given) for given in arguments]
        return list(pool.map(lambda job: job[0].run(call, *job[1]), jobs))
