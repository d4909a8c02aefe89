"""How a provider process learns that its engine is gone."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import grpc
import pytest
from bitbucket_user_provider.plugin.engine import channel, watch


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


def test_an_engine_that_has_lost_its_connections_and_not_yet_its_port_is_gone(engine: Dying) -> None:
    gone, connected = threading.Event(), threading.Event()
    with channel(engine.address) as connection:
        watch(engine.address, connection, gone.set)
        connection.subscribe(lambda state: connected.set() if state is grpc.ChannelConnectivity.READY else None)
        assert connected.wait(60)
        assert not gone.is_set()
        engine.dies()
        assert gone.wait(60)
