"""The plugin as a process: how soon it answers, and what memory it holds after a thousand resources."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple

import grpc
from bitbucket_user_provider.plugin_values import to_struct
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2 as rpc
from pulumi.runtime.proto import provider_pb2_grpc

from tests.emulator import Emulator

RUNS = 5
REPOSITORIES, PEOPLE = 50, 20
TYPE = "bitbucket-user:index:RepositoryUserPermission"


class Row(NamedTuple):
    what: str
    figure: str


def rows() -> list[Row]:
    starts = sorted(_start() for _ in range(RUNS))
    return [
        Row("seconds from start to first answer, median of five", f"{starts[RUNS // 2]:.2f}"),
        Row(f"resident MB after {REPOSITORIES * PEOPLE:,} resources", f"{_resident():.0f}"),
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


@contextmanager
def _plugin() -> Iterator[tuple[subprocess.Popen[str], provider_pb2_grpc.ResourceProviderStub]]:
    command = [sys.executable, "-m", "bitbucket_user_provider.plugin_start"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        with grpc.insecure_channel(f"127.0.0.1:{process.stdout.readline().strip()}") as channel:
            yield process, provider_pb2_grpc.ResourceProviderStub(channel)
        process.terminate()
