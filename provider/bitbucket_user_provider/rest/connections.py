"""Connections that end when they must: at their request's deadline, or when the engine asks to stop.

The timeouts of a socket begin anew with every byte that trickles in, and nothing can interrupt a thread that is blocked
in a socket. So each request has a `Line`, through which one thread of the process shuts the socket when the time is
over. It shuts a duplicate: TLS takes the original away, and after its close the number may be another's.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from heapq import heappop, heappush
from itertools import count
from math import inf
from queue import SimpleQueue
from time import monotonic
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError


class Line:
    """What one request is waiting for, and how that ends. Safe for threads."""

    def __init__(self) -> None:
        self.ended = False
        """It was ended from outside."""
        self.connected = True
        """False only while it is known that nothing can have been sent yet, and sending again is harmless."""
        self._lock = threading.Lock()
        self._stop: Callable[[], object] | None = None
        self._held: socket.socket | None = None

    def waits_for(self, stop: Callable[[], object]) -> None:
        """From now on, `stop` ends the wait."""
        with self._lock:
            self._stop = stop
            if self.ended:
                stop()

    def hold(self, sock: socket.socket) -> None:
        self.close()
        held = socket.socket(sock.family, sock.type, sock.proto, fileno=socket.dup(sock.fileno()))
        self._held = held
        self.waits_for(lambda: _shut(held))

    def end(self) -> None:
        with self._lock:
            self.ended = True
            if self._stop:
                self._stop()

    def close(self) -> None:
        with self._lock:
            self._stop = None
            if self._held:
                self._held.close()
                self._held = None


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:  # the other side has gone already
        pass


class Watch:
    """Ends lines when their time comes: one thread for the process, started with the first."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._ends: list[tuple[float, int, Line]] = []
        self._numbers = count()
        self._thread: threading.Thread | None = None

    def end_at(self, moment: float, line: Line) -> None:
        with self._changed:
            entry = (moment, next(self._numbers), line)
            heappush(self._ends, entry)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            elif self._ends[0] is entry:
                self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while True:
                left = self._ends[0][0] - monotonic() if self._ends else None
                if left is None or left > 0:
                    self._changed.wait(left)
                else:
                    heappop(self._ends)[2].end()


_watch = Watch()
_mine: ContextVar[Line | None] = ContextVar("line", default=None)


class Lines:
    """Those of one client."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[Line] = set()
        self._latest = inf

    @contextmanager
    def line(self, seconds: float) -> Iterator[Line]:
        """The line of a request that the body sends; it ends after so many seconds."""
        line = Line()
        with self._lock:
            self._open.add(line)
            moment = min(monotonic() + seconds, self._latest)
        _watch.end_at(moment, line)
        token = _mine.set(line)
        try:
            yield line
        finally:
            _mine.reset(token)
            line.close()
            with self._lock:
                self._open.discard(line)

    def end_within(self, seconds: float) -> None:
        """Ends all that are open, and all that will be."""
        with self._lock:
            self._latest = monotonic() + seconds
            for line in self._open:
                _watch.end_at(self._latest, line)


class _Held(HTTPConnection):
    """A connection whose socket hangs on the line of the request that uses it."""

    def _new_conn(self) -> socket.socket:
        """As urllib3 does it, from the name on."""
        line = _mine.get()
        if line is None:
            return super()._new_conn()
        line.connected = False
        try:
            sock = _connected(self, line)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, f"Connection to {self.host} timed out.") from error
        except OSError as error:
            raise NewConnectionError(self, f"Failed to establish a new connection: {error}") from error
        line.connected = True
        return sock

    def request(self, *args: Any, **more: Any) -> None:
        line = _mine.get()
        if line and self.sock:  # kept alive from an earlier request
            line.hold(self.sock)
        super().request(*args, **more)


def _connected(connection: HTTPConnection, line: Line) -> socket.socket:
    trouble = OSError("no address")
    for family, kind, protocol, _, address in _addresses(connection.host, connection.port, line):
        sock = socket.socket(family, kind, protocol)
        try:
            for option in connection.socket_options or ():
                sock.setsockopt(*option)
            sock.settimeout(connection.timeout)
            line.hold(sock)
            sock.connect(address)
            return sock
        except OSError as error:
            sock.close()
            trouble = TimeoutError() if line.ended else error
            if line.ended:
                break
    raise trouble


def _addresses(host: str, port: int, line: Line) -> list[Any]:
    """What a name stands for. It is looked up in a thread of its own, which nothing could end."""
    found: SimpleQueue[list[Any] | OSError] = SimpleQueue()

    def look_up() -> None:
        try:
            found.put([*socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)])
        except OSError as error:
            found.put(error)
        except UnicodeError:
            found.put(OSError(f"'{host}' is no host name"))

    line.waits_for(lambda: found.put(TimeoutError()))
    threading.Thread(target=look_up, name="host name", daemon=True).start()
    answer = found.get()
    if isinstance(answer, OSError):
        raise answer
    return answer


class _HeldTls(_Held, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Held


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _HeldTls


class Adapter(HTTPAdapter):
    """Sends prepared requests over connections that can be ended. Through SOCKS, only silence ends one."""

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, **more)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def proxy_manager_for(self, proxy: Any, **more: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **more)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        return manager
