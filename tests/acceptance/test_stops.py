"""What ends a run ends its provider at once, also while Bitbucket does not answer. `-s` prints how long it took."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc
from pulumi.runtime.proto import provider_pb2 as rpc

from tests.acceptance.conftest import ADA, PLUGIN
from tests.acceptance.host import Host, hosted
from tests.acceptance.test_faults import until
from tests.conftest import CheckedEmulator
from tests.engine import engine

FOR_EVER = 600
KIND = "WorkspacePipelineVariable"
INPUTS = {"workspace": "acme", "key": "TOKEN", "value": "hush-hush"}


class Engine(engine_pb2_grpc.EngineServicer):
    def RequirePulumiVersion(self, request: Any, context: Any) -> Any:
        return engine_pb2.RequirePulumiVersionResponse()

    def Log(self, request: Any, context: Any) -> Any:
        return Empty()


def sends_cancel(host: Host, _: grpc.Server) -> None:
    host.provider.Cancel(Empty())


def sends_sigint(host: Host, _: grpc.Server) -> None:
    host.process.send_signal(signal.SIGINT)


def is_killed(_: Host, listening: grpc.Server) -> None:
    listening.stop(None)


@pytest.mark.parametrize(
    ("flavour", "how"),
    [
        ("native", sends_cancel),  # which Pulumi's dynamic server answers, and tells no provider
        ("native", sends_sigint),
        ("dynamic", sends_sigint),
        ("native", is_killed),
        ("dynamic", is_killed),
    ],
)
def test_a_provider_ends_when_the_engine(
    bitbucket: CheckedEmulator, flavour: str, how: Callable[[Host, grpc.Server], None]
) -> None:
    bitbucket.fault("pipelines-config", delay_ms=FOR_EVER * 1000, times=None)
    listening = grpc.server(ThreadPoolExecutor(1))
    address = f"127.0.0.1:{listening.add_insecure_port('127.0.0.1:0')}"
    engine_pb2_grpc.add_EngineServicer_to_server(Engine(), listening)
    listening.start()
    command = PLUGIN if flavour == "native" else engine() / "pulumi-resource-pulumi-python"
    with hosted(flavour, {**ADA, "BITBUCKET_BASE_URL": bitbucket.url}, command, address) as host:
        host.configure({"timeoutSeconds": str(FOR_EVER)})
        assert host.check(KIND, "token", INPUTS) == []
        request = rpc.CreateRequest(urn=host.urn(KIND, "token"), properties=host.inputs(KIND, INPUTS))
        call = host.provider.Create.future(request)
        until(lambda: bitbucket.server.log.in_flight)
        began = time.monotonic()
        how(host, listening)
        with pytest.raises(grpc.RpcError):
            call.result()
        if how is not sends_cancel:
            host.process.wait()
        print(f"\n{flavour:8} {how.__name__:13} {time.monotonic() - began:.2f} s")
    listening.stop(None)
    bitbucket.clear_faults()
    assert bitbucket.workspace_variables("acme") == {}
