"""What every test gets: an environment without credentials, and no network but loopback."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from bitbucket_user_emulator import Emulator
from hypothesis import HealthCheck, settings

from tests import contract

pytest_plugins = ["tests.contract.plugin", "tests.skips", "tests.matrix.plugin"]

settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("same")  # the same examples on every run, however busy the machine is

for name in [name for name in os.environ if name.startswith(("BITBUCKET_", "PULUMI_"))]:
    del os.environ[name]
for name in ("NO_PROXY", "no_proxy"):
    os.environ[name] = ",".join(filter(None, [os.environ.get(name), "127.0.0.1", "localhost"]))


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as of a shell's background job; processes would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

UNIT = Path(__file__).parent / "unit"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Coverage is that of the unit tests: under the engine the core runs in other processes, and what is not counted
    need not be slowed down."""
    for item in items:
        if not item.path.is_relative_to(UNIT):
            item.add_marker(pytest.mark.no_cover)


class Outside(OSError):
    """A test tried to connect to another machine."""


_connected: list[tuple[str, int]] = []
_outside: list[str] = []


_connect, _connect_ex, _getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo


def _guard(address: Any) -> None:
    if isinstance(address, tuple):
        _note(str(address[0]))
        _connected.append((str(address[0]), int(address[1])))


def _guarded_connect(self: socket.socket, address: Any) -> None:
    _guard(address)
    _connect(self, address)


def _guarded_connect_ex(self: socket.socket, address: Any) -> int:
    _guard(address)
    return _connect_ex(self, address)


def _guarded_getaddrinfo(host: Any, *arguments: Any, **how: Any) -> Any:
    if host is not None:
        _note(host if isinstance(host, str) else host.decode())
    return _getaddrinfo(host, *arguments, **how)


def _note(host: str) -> None:
    try:
        inside = ip_address(host).is_loopback or ip_address(host).is_unspecified
    except ValueError:
        inside = host in ("", "localhost")
    if not inside:
        _outside.append(host)
        raise Outside(f"{host} is not loopback")


# Not an audit hook: that is called for `sys.settrace` too, and while a thread is in such a hook Python 3.11 refuses the
# tracing of coverage to any other thread, which dies at its start.
socket.socket.connect = _guarded_connect  # type: ignore[method-assign, assignment]
socket.socket.connect_ex = _guarded_connect_ex  # type: ignore[method-assign, assignment]
socket.getaddrinfo = _guarded_getaddrinfo


@pytest.fixture(autouse=True)
def loopback_only() -> Iterator[None]:
    _outside.clear()
    yield
    assert _outside == [], "a test reached for the network"


@pytest.fixture
def connections() -> list[tuple[str, int]]:
    """Host and port of each connection that the test opens."""
    _connected.clear()
    return _connected


class CheckedEmulator(Emulator):
    """Holds every exchange against the contract, also those that a test clears from the log."""

    def __init__(self) -> None:
        super().__init__()
        self.requests_too = True
        """False in tests that send bad requests on purpose."""
        self._problems: list[str] = []

    def clear(self) -> None:
        self._problems += contract.problems(self.requests, self.requests_too)
        super().clear()

    def problems(self) -> list[str]:
        self.clear()
        return self._problems


@pytest.fixture
def bitbucket() -> Iterator[CheckedEmulator]:
    """An emulator for this test alone."""
    emulator = CheckedEmulator()
    with emulator:
        yield emulator
        assert emulator.problems() == []
        assert [one for one in emulator.server.faults.waiting if one.times] == [], "a fault that no request has met"


class Clock:
    """A clock that only waits move forward, and they take no real time. Threads never turn it back."""

    def __init__(self) -> None:
        self.time = 1_000.0
        self.waits: list[float] = []
        self._lock = threading.Lock()

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> float:
        """The time afterwards."""
        with self._lock:
            self.time += seconds
            return self.time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Replaces the clock and all waits between requests."""
    from bitbucket_user_provider import operation  # here, because `make faults` runs older revisions, cut otherwise
    from bitbucket_user_provider.rest.governor import Governor

    clock = Clock()
    monkeypatch.setattr(operation, "now", clock.now)
    monkeypatch.setattr(Governor, "_wait", lambda self, seconds, called=None: clock.wait(seconds))
    return clock
