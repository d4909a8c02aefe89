"""The engine whose run a provider process serves: where it listens, and when it is gone."""

import os
import socket
import threading
from collections.abc import Callable

import grpc

OLDEST_ENGINE = "3.254.0"
"""Older ones lose entries of maps when an import compares them with the program's."""
AFTER_ROTATION = (
    "After a change in stack configuration, refresh and destroy still hand over the one in state: run `pulumi up` "
    "first, or add `--run-program`."
)
BETWEEN_LOOKS = 0.5
"""Seconds."""


def channel(address: str) -> grpc.Channel:
    """To the engine, with connections of its own: gRPC's shared ones would hand on the failure of an earlier engine
    that had the same port, and nothing would be heard beside a resource."""
    options = [
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.enable_http_proxy", 0),  # it is on this machine, whatever http_proxy says
    ]
    return grpc.insecure_channel(address, options=options)


def watch(address: str, gone: Callable[[], None]) -> Callable[[], None]:
    """Calls `gone` once, from another thread, when an engine that has listened at the address does so no more. Returns
    what ends the watch.

    A killed engine sends no signal, and below a shell, where Pulumi starts its dynamic server, its processes do not
    even see their parent go. Nothing is held open between two looks: an engine that ends waits for its connections.
    """
    over = threading.Event()
    first = _listens(address)

    def look() -> None:
        has_listened = first
        while not over.wait(BETWEEN_LOOKS):
            listens = _listens(address)
            if has_listened and listens is False:
                gone()
                return
            has_listened = has_listened or listens

    threading.Thread(target=look, name="engine", daemon=True).start()
    return over.set


def _listens(address: str) -> bool | None:
    """None where this does not show: this process has no socket left, or the engine is halted and answers nobody."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, port), timeout=1).close()  # type: ignore[arg-type]  # a text does as well
    except ConnectionRefusedError:
        return False
    except OSError:
        return None
    return True


def leave(close: Callable[[], None], code: int) -> None:
    """Ends the process at once, whatever its threads wait for, after letting go of what the run shares."""
    try:
        close()
    finally:
        os._exit(code)
