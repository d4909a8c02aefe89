"""A provider's process that tests talk to directly, in the engine's place: a run of the engine for each question would
take too long."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from bitbucket_user_provider.dynamic import Provider
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct
from pulumi.dynamic.dynamic import PROVIDER_KEY, serialize_provider
from pulumi.runtime.proto import provider_pb2 as rpc
from pulumi.runtime.proto import provider_pb2_grpc

TOKENS = {"dynamic": "pulumi-python:dynamic/bitbucket-user:", "native": "bitbucket-user:index:"}


class Host:
    def __init__(self, flavour: str, process: subprocess.Popen[bytes], address: str) -> None:
        self.flavour = flavour
        self.process = process
        self._channel = grpc.insecure_channel(address)
        self.provider = provider_pb2_grpc.ResourceProviderStub(self._channel)

    def close(self) -> None:
        self._channel.close()

    def configure(self, config: Mapping[str, str]) -> None:
        prefix = "bitbucket-user:" if self.flavour == "dynamic" else ""
        args = struct({prefix + key: value for key, value in config.items()})
        self.provider.Configure(rpc.ConfigureRequest(args=args, acceptSecrets=False))

    def urn(self, kind: str, name: str) -> str:
        return f"urn:pulumi:dev::acceptance::{TOKENS[self.flavour]}{kind}::{name}"

    def inputs(self, kind: str, inputs: Mapping[str, Any]) -> Struct:
        more = {PROVIDER_KEY: serialize_provider(Provider(kind))} if self.flavour == "dynamic" else {}
        return struct({**inputs, **more})

    def check(self, kind: str, name: str, inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
        """(property, reason) of each failure."""
        request = rpc.CheckRequest(urn=self.urn(kind, name), news=self.inputs(kind, inputs))
        return [(failure.property, failure.reason) for failure in self.provider.Check(request).failures]


def struct(values: Mapping[str, Any]) -> Struct:
    return ParseDict(dict(values), Struct())


@contextmanager
def hosted(flavour: str, environ: Mapping[str, str], command: Path, engine: str = "127.0.0.1:1") -> Iterator[Host]:
    """The provider process of a flavour, for an engine at an address, stopped afterwards."""
    with subprocess.Popen([command, engine], stdout=subprocess.PIPE, env={**os.environ, **environ}) as process:
        assert process.stdout is not None
        host = Host(flavour, process, f"127.0.0.1:{process.stdout.readline().decode().strip()}")
        try:
            yield host
        finally:
            host.close()
            process.send_signal(signal.SIGKILL if flavour == "dynamic" else signal.SIGINT)
