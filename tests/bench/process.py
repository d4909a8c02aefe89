"""The plugin's process: seconds to its first answer, memory of a thousand resources, and whether each costs more when
there are many."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple
from uuid import uuid4

import grpc
from bitbucket_user_emulator import Emulator
from bitbucket_user_provider.config import load
from bitbucket_user_provider.lifecycle import Lifecycle
from bitbucket_user_provider.operation import operation
from bitbucket_user_provider.plugin.values import to_struct
from bitbucket_user_provider.run.api import Api
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2 as rpc
from pulumi.runtime.proto import provider_pb2_grpc

RUNS = 5
REPOSITORIES, PEOPLE = 50, 20
FEW, MANY = 500, 5_000
KIND = "RepositoryUserPermission"
TYPE = f"bitbucket-user:index:{KIND}"


class Row(NamedTuple):
    what: str
    figure: str


def rows() -> list[Row]:
    starts = sorted(_start() for _ in range(RUNS))
    return [
        Row("seconds from start to first answer, median of five", f"{starts[RUNS // 2]:.2f}"),
        Row(f"resident MB after {REPOSITORIES * PEOPLE:,} resources", f"{_resident():.0f}"),
        Row(f"check and diff of one among {MANY:,} resources ÷ among {FEW:,}", f"{_each(MANY) / _each(FEW):.1f}"),
    ]


def _start() -> float:
    began = time.perf_counter()
    with _plugin() as (_, stub):
        stub.GetPluginInfo(Empty())
        return time.perf_counter() - began


def _resident() -> float:
    with Emulator() as bitbucket, _plugin() as (process, stub):
        bitbucket.populate("acme", repositories=REPOSITORIES, people=PEOPLE)
        config = {"email": "ada@acme.example", "apiToken": "ada-api-token", "baseUrl": bitbucket.url}
        stub.Configure(rpc.ConfigureRequest(args=to_struct(config)))
        people = [one.account_id for one in bitbucket.world.people.values() if one.display_name.startswith("Person ")]
        wanted = [(f"repo-{number:04}", user) for number in range(1, REPOSITORIES + 1) for user in people]

        def create(one: tuple[str, str]) -> None:
            repository, user = one
            inputs = {"workspace": "acme", "repoSlug": repository, "userId": user, "permission": "write"}
            urn = f"urn:pulumi:bench::bench::{TYPE}::{repository}-{user}"
            stub.Check(rpc.CheckRequest(urn=urn, news=to_struct(inputs)))
            stub.Create(rpc.CreateRequest(urn=urn, properties=to_struct(inputs)))

        with ThreadPoolExecutor(16) as pool:
            list(pool.map(create, wanted))
        told = subprocess.run(["ps", "-o", "rss=", "-p", str(process.pid)], capture_output=True, text=True, check=True)
        return int(told.stdout) / 1024


def _each(resources: int) -> float:
    """Seconds that the core takes for one resource of a stack without changes."""
    core = Lifecycle(Api(load({}), {}))
    person = uuid4()
    began = time.perf_counter()
    for number in range(resources):
        inputs = {"workspace": "acme", "repoSlug": f"repo-{number}", "userId": f"{{{person}}}", "permission": "read"}
        with operation(f"urn:pulumi:bench::bench::{TYPE}::{number}"):
            assert not core.check(KIND, inputs, inputs)
            assert not core.diff(KIND, "", inputs | {"userUuid": str(person)}, inputs)
    return (time.perf_counter() - began) / resources


@contextmanager
def _plugin() -> Iterator[tuple[subprocess.Popen[str], provider_pb2_grpc.ResourceProviderStub]]:
    command = [sys.executable, "-m", "bitbucket_user_provider.plugin.start"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        with grpc.insecure_channel(f"127.0.0.1:{process.stdout.readline().strip()}") as channel:
            yield process, provider_pb2_grpc.ResourceProviderStub(channel)
        process.terminate()
