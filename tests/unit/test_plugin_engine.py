"""How a provider process learns that its engine is gone."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import grpc
import pytest
from bitbucket_user_provider.plugin.engine import channel, watch
from bitbucket_user_provider.plugin.server import Front
from pulumi.runtime.proto import engine_pb2_grpc, plugin_pb2

from tests.unit.plugin import Log


class Dying:
    """In front of an engine: once it dies it closes its connections, those to come too, and keeps its port."""

    def __init__(self, engine: int) -> None:
        self.engine = engine
        self.is_dying = False
        self.ends: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                if self.is_dying:
                    client.close()
                    continue
                engine = socket.create_connection(("127.0.0.1", self.engine))
                self.ends += [client, engine]
                for pair in ((client, engine), (engine, client)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while some := source.recv(65536):
                sink.sendall(some)

    def dies(self) -> None:
        self.is_dying = True
        for end in self.ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@pytest.fixture
def engine() -> Iterator[Dying]:
    server = grpc.server(ThreadPoolExecutor(1))
    dying = Dying(server.add_insecure_port("127.0.0.1:0"))
    server.start()
    yield dying
    dying.listener.close()
    server.stop(None).wait()


def served(port: int = 0) -> tuple[grpc.Server, str]:
    server = grpc.server(ThreadPoolExecutor(4))
    engine_pb2_grpc.add_EngineServicer_to_server(Log(), server)
    address = f"127.0.0.1:{server.add_insecure_port(f'127.0.0.1:{port}')}"
    server.start()
    return server, address


def seen(connection: grpc.Channel, wanted: grpc.ChannelConnectivity) -> bool:
    """Whether the connection gets there within a minute."""
    event = threading.Event()

    def heard(state: grpc.ChannelConnectivity) -> None:
        if state is wanted:
            event.set()

    connection.subscribe(heard, try_to_connect=True)
    is_seen = event.wait(60)
    connection.unsubscribe(heard)
    return is_seen


@contextmanager
def watched(address: str) -> Iterator[threading.Event]:
    """What is set when the engine counts as gone; at first it is there."""
    gone, connection = threading.Event(), channel(address)
    end = watch(address, connection, gone.set)
    assert seen(connection, grpc.ChannelConnectivity.READY)
    assert not gone.is_set()
    yield gone
    end()


def test_an_engine_that_has_lost_its_connections_and_not_yet_its_port_is_gone(engine: Dying) -> None:
    with watched(engine.address) as gone:
        engine.dies()
        assert gone.wait(60)


def test_no_proxy_stands_between_a_plugin_and_its_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """gRPC sends even what goes to this machine through one; the engine would count as gone at once."""
    for name in ("http_proxy", "https_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY", "no_grpc_proxy"):
        monkeypatch.delenv(name, raising=False)
    server, address = served()
    with watched(address):
        pass
    server.stop(None).wait()


def test_an_engine_that_gets_the_port_of_one_that_is_gone_is_not_gone() -> None:
    server, address = served()
    first = channel(address)
    assert seen(first, grpc.ChannelConnectivity.READY)
    server.stop(None).wait()
    assert seen(first, grpc.ChannelConnectivity.TRANSIENT_FAILURE)
    server, address = served(int(address.rpartition(":")[2]))
    with watched(address):
        pass
    server.stop(None).wait()


def test_a_plugin_is_new_for_an_engine_that_attaches_with_the_port_of_one_that_is_gone() -> None:
    server, address = served()
    front = Front(None)
    # What every method of the provider protocol asks for.
    plugin = front._plugin
    attach = plugin_pb2.PluginAttach(address=address)

    front.Attach(attach, None)
    first = plugin()
    front.Attach(attach, None)
    assert plugin() is first, "an engine attaches once for each of its providers"
    server.stop(None).wait()
    while not first.is_over:
        threading.Event().wait(0.01)
    server, _ = served(int(address.rpartition(":")[2]))
    front.Attach(attach, None)
    assert plugin() is not first and not plugin().is_over
    front.close()
    server.stop(None).wait()
