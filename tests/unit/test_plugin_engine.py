"""How a provider process learns that its engine is gone, and reaches the one that is there."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from bitbucket_user_provider.plugin import engine as engines
from bitbucket_user_provider.plugin.engine import channel, watch
from bitbucket_user_provider.plugin.server import Front
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2

from tests.unit.plugin import Log


@pytest.fixture(autouse=True)
def looks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "BETWEEN_LOOKS", 0.01)


def served(log: Log, port: int = 0) -> tuple[grpc.Server, str]:
    server = grpc.server(ThreadPoolExecutor(4))
    engine_pb2_grpc.add_EngineServicer_to_server(log, server)
    address = f"127.0.0.1:{server.add_insecure_port(f'127.0.0.1:{port}')}"
    server.start()
    return server, address


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def says(connection: grpc.Channel, message: str) -> None:
    engine_pb2_grpc.EngineStub(connection).Log(engine_pb2.LogRequest(message=message), timeout=60)


def test_an_engine_is_gone_when_its_port_is_closed() -> None:
    server, address = served(Log())
    gone = threading.Event()
    watch(address, gone.set)
    assert not gone.is_set()
    server.stop(None).wait()
    assert gone.wait(60)


def test_an_engine_that_has_never_listened_is_not_gone() -> None:
    """A plugin in a container, attached to by hand: it only cannot say anything beside a resource."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    gone, looks = threading.Event(), threading.Semaphore(0)
    listens = engines._listens

    def counted(asked: str) -> bool | None:
        looks.release()
        return listens(asked)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(engines, "_listens", counted)
        end = watch(address, gone.set)
        for _ in range(3):
            assert looks.acquire(timeout=60)
        end()
    assert not gone.is_set()


def test_an_engine_is_not_gone_because_this_process_has_no_socket_left(monkeypatch: pytest.MonkeyPatch) -> None:
    server, address = served(Log())
    gone, looks = threading.Event(), threading.Semaphore(0)
    end = watch(address, gone.set)

    def exhausted(*_: object, **__: object) -> socket.socket:
        looks.release()
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(socket, "create_connection", exhausted)
        for _ in range(3):
            assert looks.acquire(timeout=60)
    assert not gone.is_set()
    server.stop(None).wait()
    assert gone.wait(60)
    end()


def test_no_proxy_stands_between_a_plugin_and_its_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """gRPC sends even what goes to this machine through one."""
    for name in ("http_proxy", "https_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY", "no_grpc_proxy"):
        monkeypatch.delenv(name, raising=False)
    log = Log()
    server, address = served(log)
    with channel(address) as connection:
        says(connection, "hello")
    assert [request.message for request in log.requests] == ["hello"]
    server.stop(None).wait()


def test_an_engine_that_gets_the_port_of_one_that_is_gone_is_heard() -> None:
    server, address = served(Log())
    with channel(address) as first:
        says(first, "to the first")
        server.stop(None).wait()
        with pytest.raises(grpc.RpcError):
            says(first, "to nobody")
        log = Log()
        server, _ = served(log, port_of(address))
        with channel(address) as second:
            says(second, "to the second")
        assert [request.message for request in log.requests] == ["to the second"]
        server.stop(None).wait()


def test_a_plugin_is_new_for_an_engine_that_attaches_with_the_port_of_one_that_is_gone() -> None:
    server, address = served(Log())
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
    server, _ = served(Log(), port_of(address))
    front.Attach(attach, None)
    assert plugin() is not first and not plugin().is_over
    front.close()
    server.stop(None).wait()
