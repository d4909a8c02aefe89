"""Programs for the measurements under the engine, in YAML and in Python, and how they are run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pulumi_bitbucket_user as sdk
import requests
import yaml
from bitbucket_user_emulator import store
from bitbucket_user_emulator.seed import default_world, populate
from bitbucket_user_emulator.world import World
from pydantic.alias_generators import to_snake

from tests.acceptance.stack import Stack as Inline
from tests.engine import engine
from tests.engine.builds import ROOT

REPOSITORIES, PEOPLE, MANY_PEOPLE = 50, 10, 5_000
PARALLEL = 16
Resources = dict[str, Any]


@dataclass
class Bitbucket:
    """The emulator in a process of its own, so that its work does not slow down what is measured."""

    origin: str

    def calls(self) -> int:
        return int(requests.get(f"{self.origin}/_emulator/requests", timeout=30).json()["total"])

    def clear(self) -> None:
        requests.delete(f"{self.origin}/_emulator/requests", timeout=30)


@contextmanager
def bitbucket(latency_ms: int) -> Iterator[Bitbucket]:
    command = [sys.executable, "-m", "bitbucket_user_emulator", "--port", "0", "--latency-ms", str(latency_ms)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout
        url = process.stdout.readline().split()[-1]
        made = Bitbucket(url.removesuffix("/2.0"))
        try:
            requests.put(f"{made.origin}/_emulator/state", json=store.to_json(world()), timeout=30).raise_for_status()
            yield made
        finally:
            process.terminate()


@dataclass
class Stack:
    """A YAML project in a folder of its own that uses the executable `plugin`."""

    folder: Path
    bitbucket: Bitbucket
    plugin: Path
    concurrency: int
    configuration: dict[str, str] = field(default_factory=dict)

    def write(self, resources: Resources) -> None:
        project = {
            "name": "bench",
            "runtime": "yaml",
            "plugins": {"providers": [{"name": "bitbucket-user", "path": str(self.plugin.parent)}]},
            "resources": resources,
        }
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump(project, sort_keys=False))
        keys = {"maxConcurrentRequests": str(self.concurrency), **self.configuration}
        config = {f"bitbucket-user:{key}": value for key, value in keys.items()}
        (self.folder / "Pulumi.bench.yaml").write_text(yaml.safe_dump({"config": config}))

    def run(self, *command: str) -> float:
        """Seconds that a command of the engine takes, its own start included."""
        started = time.perf_counter()
        done = subprocess.run(
            ["pulumi", *command], cwd=self.folder, env=self._environ(), capture_output=True, text=True
        )
        if done.returncode:
            sys.exit(f"pulumi {' '.join(command)}\n{done.stdout}\n{done.stderr}")
        return time.perf_counter() - started

    def _environ(self) -> dict[str, str]:
        return os.environ | {
            "PATH": f"{engine()}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_HOME": str(self.folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{self.folder}",
            "PULUMI_CONFIG_PASSPHRASE": "bench",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
            "PYTHONPATH": str(ROOT),
            "BITBUCKET_BASE_URL": f"{self.bitbucket.origin}/2.0",
            "BITBUCKET_EMAIL": "ada@acme.example",
            "BITBUCKET_API_TOKEN": "ada-api-token",
        }


class PythonStack:
    """The same resources in a program in Python, run by the Automation API: its state is lighter than that of YAML,
    whose stack traces are longer."""

    def __init__(self, folder: Path, bitbucket: Bitbucket, plugin: Path, concurrency: int) -> None:
        environ = Stack(folder, bitbucket, plugin, concurrency)._environ()
        environ["PATH"] = os.pathsep.join([str(plugin.parent), environ["PATH"]])
        project = folder / "python"
        project.mkdir()
        os.environ["PATH"] = environ["PATH"]  # where the Automation API looks for the engine
        config = {"maxConcurrentRequests": concurrency}
        self._stack = Inline(folder / "home", project, self._program, environ, config, "bench")
        self._resources: Resources = {}

    def write(self, resources: Resources) -> None:
        self._resources = resources

    def run(self, *command: str) -> float:
        started = time.perf_counter()
        if command[0] != "stack":  # there is one already
            done = getattr(self._stack, command[0])(parallel=PARALLEL)
            if not done:
                sys.exit(f"pulumi {command[0]}\n{done.stdout}")
        return time.perf_counter() - started

    def _program(self) -> None:
        for name, one in self._resources.items():
            made = getattr(sdk, one["type"].rpartition(":")[2])
            made(name, **{to_snake(key): value for key, value in one["properties"].items()})


def singles(level: str, places: int = REPOSITORIES, each: int = PEOPLE) -> Resources:
    return {
        f"{repository}-{number}": {
            "type": "bitbucket-user:RepositoryUserPermission",
            "properties": {"workspace": "acme", "repoSlug": repository, "userId": user, "permission": level},
        }
        for repository in repositories()[:places]
        for number, user in enumerate(people(each))
    }


def few(level: str) -> Resources:
    """Where what a run costs in any case decides."""
    return singles(level, places=4, each=5)


def crosswise(level: str) -> Resources:
    """The same permissions ordered by person: the engine then works on many repositories at once, not on one."""
    made = singles(level)
    return {name: made[name] for name in sorted(made, key=lambda name: name.rpartition("-")[::-1])}


def sets(level: str, places: int = REPOSITORIES, each: int = PEOPLE) -> Resources:
    return {
        repository: {
            "type": "bitbucket-user:RepositoryUserPermissions",
            "properties": {
                "workspace": "acme",
                "repoSlug": repository,
                "permissions": dict.fromkeys(people(each), level),
            },
        }
        for repository in repositories()[:places]
    }


def sets_with_groups(level: str) -> Resources:
    """The same, each with a group besides."""
    found = sets(level)
    for one in found.values():
        one["properties"]["groups"] = {"backend": level}
    return found


def one_set(level: str) -> Resources:
    return sets(level, places=1, each=MANY_PEOPLE)


def repositories() -> list[str]:
    return [f"repo-{number:04}" for number in range(1, REPOSITORIES + 1)]


def people(count: int) -> list[str]:
    return [one.account_id for one in world().people.values() if one.display_name.startswith("Person ")][:count]


@cache
def world() -> World:
    made = default_world()
    populate(made, repositories=REPOSITORIES, people=MANY_PEOPLE)
    return made
