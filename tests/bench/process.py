"""The plugin's process: seconds to its first answer, memory of thousands of resources, and whether each costs more when
there are many."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path as File
from typing import NamedTuple
from uuid import uuid4

import grpc
import requests
from bitbucket_user_emulator import Emulator
from bitbucket_user_provider.config import load
from bitbucket_user_provider.lifecycle import Lifecycle
from bitbucket_user_provider.operation import operation
from bitbucket_user_provider.plugin.values import to_struct
from bitbucket_user_provider.rest.client import Path
from bitbucket_user_provider.rest.credentials import Kind
from bitbucket_user_provider.run.api import Api
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2 as rpc
from pulumi.runtime.proto import provider_pb2_grpc

RUNS = 5
REPOSITORIES, PEOPLE = (50, 250), 20
FEW, MANY = 500, 5_000
WRITES = 500
ADA = {"email": "ada@acme.example", "apiToken": "ada-api-token"}
KIND = "RepositoryUserPermission"
TYPE = f"bitbucket-user:index:{KIND}"


class Row(NamedTuple):
    what: str
    figure: float
    digits: int = 0
    most: float = inf
    """With more, `make bench CHECK=1` fails; none where it depends on the machine."""


def rows() -> list[Row]:
    starts = sorted(_start() for _ in range(RUNS))
    return [
        Row("seconds from start to first answer, median of five", starts[RUNS // 2], 2),
        *(Row(f"most MB while {PEOPLE * places:,} are created", _peak(places), most=150) for places in REPOSITORIES),
        *_writes(),
        Row(f"check and diff of one among {MANY:,} resources ÷ among {FEW:,}", _each(MANY) / _each(FEW), 1, most=2),
    ]


def _start() -> float:
    began = time.perf_counter()
    with _plugin() as (_, stub):
        stub.GetPluginInfo(Empty())
        return time.perf_counter() - began


def _peak(repositories: int) -> float:
    with Emulator() as bitbucket, _plugin() as (process, stub):
        bitbucket.populate("acme", repositories=repositories, people=PEOPLE)
        stub.Configure(rpc.ConfigureRequest(args=to_struct({**ADA, "baseUrl": bitbucket.url})))
        people = [one.account_id for one in bitbucket.world.people.values() if one.display_name.startswith("Person ")]
        wanted = [(f"repo-{number:04}", user) for number in range(1, repositories + 1) for user in people]

        def create(one: tuple[str, str]) -> None:
            repository, user = one
            inputs = {"workspace": "acme", "repoSlug": repository, "userId": user, "permission": "write"}
            urn = f"urn:pulumi:bench::bench::{TYPE}::{repository}-{user}"
            stub.Check(rpc.CheckRequest(urn=urn, news=to_struct(inputs)))
            stub.Create(rpc.CreateRequest(urn=urn, properties=to_struct(inputs)))

        with ThreadPoolExecutor(16) as pool:
            list(pool.map(create, wanted))
        return _most_megabytes(process.pid)


def _most_megabytes(pid: int) -> float:
    """The most memory that the process has had at once; what it has now where the system does not tell."""
    with suppress(OSError):
        told = File(f"/proc/{pid}/status").read_text()
        return int(told.partition("VmHWM:")[2].split()[0]) / 1024
    asked = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(asked.stdout) / 1024


def _writes() -> list[Row]:
    """The CPU that a write takes here, beside one that the HTTP library sends for itself."""
    with Emulator() as bitbucket, requests.Session() as session:
        client = Api(load({**ADA, "baseUrl": bitbucket.url}), {})
        person = bitbucket.person("Grace").account_id
        path = Path("/repositories/{workspace}/{repo_slug}/permissions-config/users/{user_id}", (Kind.API_TOKEN,))
        fields = {"workspace": "acme", "repo_slug": "api", "user_id": person}
        url, body = bitbucket.url + path.fill(fields), {"permission": "read"}
        headers = {"Authorization": bitbucket.authorization(ADA["apiToken"])}
        ours = _cpu(lambda: client.put(path, fields, body))
        bare = _cpu(lambda: session.put(url, json=body, headers=headers).json())
        return [
            Row(f"seconds of CPU for {WRITES} writes", WRITES * ours, 2),
            Row("CPU of a write ÷ of one by requests alone", ours / bare, 1, most=1.5),
        ]


def _cpu(work: Callable[[], object]) -> float:
    work()  # connects
    began = time.thread_time()
    for _ in range(WRITES):
        work()
    return (time.thread_time() - began) / WRITES


def _each(resources: int) -> float:
    """Seconds of CPU that the core takes for one resource of a stack without changes."""
    core = Lifecycle(Api(load({}), {}))
    person = uuid4()
    began = time.thread_time()
    for number in range(resources):
        inputs = {"workspace": "acme", "repoSlug": f"repo-{number}", "userId": f"{{{person}}}", "permission": "read"}
        with operation(f"urn:pulumi:bench::bench::{TYPE}::{number}"):
            assert not core.check(KIND, inputs, inputs)
            assert not core.diff(KIND, "", inputs | {"userUuid": str(person)}, inputs)
    return (time.thread_time() - began) / resources


@contextmanager
def _plugin() -> Iterator[tuple[subprocess.Popen[str], provider_pb2_grpc.ResourceProviderStub]]:
    command = [sys.executable, "-m", "bitbucket_user_provider.plugin.start"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        with grpc.insecure_channel(f"127.0.0.1:{process.stdout.readline().strip()}") as channel:
            yield process, provider_pb2_grpc.ResourceProviderStub(channel)
        process.terminate()
