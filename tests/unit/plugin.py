"""The engine's part for tests of the plugin: it calls over a real gRPC channel and keeps what the plugin logs."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, cast

import grpc
from bitbucket_user_provider.plugin.server import Front
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2_grpc, status_pb2
from pulumi.runtime.proto import provider_pb2 as rpc

from tests.unit.core import ADA
from tests.unit.stack import urn_of

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
LARGE = [("grpc.max_metadata_size", 4 * 1024 * 1024), ("grpc.absolute_max_metadata_size", 8 * 1024 * 1024)]
"""The engine's own limits."""


def secret(value: Any) -> dict[str, Any]:
    return {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": value}


def struct(bag: Mapping[str, Any]) -> Struct:
    return ParseDict(dict(bag), Struct())


def bag(of: Struct) -> dict[str, Any]:
    found: dict[str, Any] = MessageToDict(of)
    return found


class Log(engine_pb2_grpc.EngineServicer):
    """The engine's log, and what it says of its version."""

    def __init__(self) -> None:
        self.requests: list[engine_pb2.LogRequest] = []
        self.arrived = threading.Event()
        """Set when a status line has come."""
        self.deaf = False
        self.refuses: grpc.StatusCode | None = None
        """How it answers that it is too old."""

    def Log(self, request: engine_pb2.LogRequest, context: grpc.ServicerContext) -> Empty:
        if self.deaf:
            context.abort(grpc.StatusCode.UNAVAILABLE, "nobody listens")
        self.requests.append(request)
        if request.ephemeral:
            self.arrived.set()
        return Empty()

    def RequirePulumiVersion(
        self, request: engine_pb2.RequirePulumiVersionRequest, context: grpc.ServicerContext
    ) -> engine_pb2.RequirePulumiVersionResponse:
        if self.refuses:
            context.abort(self.refuses, f"Pulumi CLI version 3.253.0 does not satisfy {request.pulumi_version_range}")
        return engine_pb2.RequirePulumiVersionResponse()

    @property
    def status_lines(self) -> list[str]:
        return [one.message for one in self.requests if one.severity == engine_pb2.INFO and one.ephemeral]

    @property
    def warnings(self) -> list[str]:
        return [one.message for one in self.requests if one.severity == engine_pb2.WARNING and not one.ephemeral]


class Engine:
    def __init__(self, stub: provider_pb2_grpc.ResourceProviderStub, log: Log) -> None:
        self.stub = stub
        self.log = log

    def configure(self, config: Mapping[str, Any] = ADA, name: str = "default") -> None:
        self.stub.Configure(rpc.ConfigureRequest(args=struct(config), name=name))

    def check(self, kind: str, news: Mapping[str, Any], olds: Mapping[str, Any] | None = None) -> rpc.CheckResponse:
        request = rpc.CheckRequest(urn=urn_of(kind, "it"), news=struct(news), olds=struct(olds or {}))
        response: rpc.CheckResponse = self.stub.Check(request)
        return response

    def diff(self, kind: str, id: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> rpc.DiffResponse:
        request = rpc.DiffRequest(id=id, urn=urn_of(kind, "it"), olds=struct(olds), news=struct(news))
        response: rpc.DiffResponse = self.stub.Diff(request)
        return response

    def create(self, kind: str, inputs: Mapping[str, Any], **more: Any) -> tuple[str, dict[str, Any]]:
        request = rpc.CreateRequest(urn=urn_of(kind, "it"), properties=struct(inputs), **more)
        response = self.stub.Create(request)
        return response.id, bag(response.properties)

    def update(
        self, kind: str, id: str, olds: Mapping[str, Any], news: Mapping[str, Any], **more: Any
    ) -> dict[str, Any]:
        request = rpc.UpdateRequest(id=id, urn=urn_of(kind, "it"), olds=struct(olds), news=struct(news), **more)
        return bag(self.stub.Update(request).properties)

    def read(self, kind: str, id: str, **more: Any) -> rpc.ReadResponse:
        """An import passes no `properties` and `inputs`, a get passes empty ones, a refresh those of the state."""
        response: rpc.ReadResponse = self.stub.Read(rpc.ReadRequest(id=id, urn=urn_of(kind, "it"), **more))
        return response

    def delete(self, kind: str, id: str, state: Mapping[str, Any]) -> None:
        self.stub.Delete(rpc.DeleteRequest(id=id, urn=urn_of(kind, "it"), properties=struct(state)))

    def invoke(self, name: str, args: Mapping[str, Any]) -> rpc.InvokeResponse:
        request = rpc.InvokeRequest(tok=f"bitbucket-user:index:{name}", args=struct(args))
        response: rpc.InvokeResponse = self.stub.Invoke(request)
        return response

    def list(self, kind: str, query: Mapping[str, Any], limit: int = 0) -> list[tuple[str, str]]:
        request = rpc.ListRequest(token=f"bitbucket-user:index:{kind}", query=struct(query), limit=limit)
        return [(one.result.id, one.result.name) for one in self.stub.List(request)]

    def cancel(self) -> None:
        self.stub.Cancel(Empty())


def words(error: grpc.RpcError) -> str:
    """The message of a failed call, which must be one paragraph without names of the provider's code."""
    text = error.details()
    assert isinstance(text, str) and text
    assert "\n" not in text and len(text) < 10_000
    for word in ("Traceback", ".py", "Exception", "bitbucket_user_provider", "defect", "%7B"):
        assert word not in text, text
    return text


def partial_failure(error: grpc.RpcError) -> rpc.ErrorResourceInitFailed:
    """Id, properties and reasons that the engine keeps of a resource whose create or update failed half-way."""
    [packed] = [one.value for one in error.trailing_metadata() if one.key == "grpc-status-details-bin"]
    assert isinstance(packed, bytes)
    status = status_pb2.Status.FromString(packed)
    assert status.message == error.details()
    [detail], failed = status.details, rpc.ErrorResourceInitFailed()
    assert detail.Unpack(failed)
    return failed


@contextmanager
def plugged_in() -> Iterator[Engine]:
    """A plugin that runs in this process, and the engine that calls it."""
    log, threads = Log(), ThreadPoolExecutor(max_workers=64)
    engine = grpc.server(threads)
    engine_pb2_grpc.add_EngineServicer_to_server(log, engine)
    front = Front(f"127.0.0.1:{engine.add_insecure_port('127.0.0.1:0')}")
    plugin = grpc.server(threads)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(cast(Any, front), plugin)
    port = plugin.add_insecure_port("127.0.0.1:0")
    engine.start()
    plugin.start()
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}", options=LARGE) as channel:
            yield Engine(provider_pb2_grpc.ResourceProviderStub(channel), log)
    finally:
        plugin.stop(None).wait()
        front.close()  # or a later engine of this process that gets the same port would join its run
        engine.stop(None).wait()
        threads.shutdown()
