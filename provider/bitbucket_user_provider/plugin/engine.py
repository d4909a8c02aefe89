"""The engine whose run a provider process serves: where it listens, and when it is gone."""

import os
import socket
import threading
from collections.abc import Callable

import grpc

AFTER_ROTATION = (
    "After a change in stack configuration, refresh and destroy still hand over the one in state: run `pulumi up` "
    "first, or add `--run-program`."
)
NEVER = 2**31 - 1
"""Of an idle connection in milliseconds: a wait for the rate limit is longer than gRPC keeps one by itself."""


def channel(address: str) -> grpc.Channel:
    """To the engine, with connections of its own: gRPC's shared ones would hand on the failure of an earlier engine
    that had the same port, and this one would count as gone."""
    options = [
        ("grpc.client_idle_timeout_ms", NEVER),
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.enable_http_proxy", 0),  # it is on this machine, whatever http_proxy says
    ]
    return grpc.insecure_channel(address, options=options)


def watch(address: str, engine: grpc.Channel, gone: Callable[[], None]) -> Callable[[], None]:
    """Calls `gone` once, from another thread, when an engine that has listened at the address does so no more. Returns
    what ends the watch: closing the channel under it would raise in gRPC's own thread.

    A killed engine sends no signal, and below a shell, where Pulumi starts its dynamic server, its processes do not
    even see their parent go.
    """
    listened, over = threading.Event(), threading.Event()
    if _listens(address):  # the channel alone would not tell an engine that is killed before it has connected
        listened.set()

    def heard(state: grpc.ChannelConnectivity) -> None:
        if state is grpc.ChannelConnectivity.READY:
            listened.set()
        elif state is not grpc.ChannelConnectivity.CONNECTING and listened.is_set() and not over.is_set():
            if state is grpc.ChannelConnectivity.IDLE and _listens(address):
                # At the very start; or a killed engine has lost its connections and not yet its port, and then nothing
                # more would be heard of an idle channel.
                engine.subscribe(connect, try_to_connect=True)
                engine.unsubscribe(connect)
                return
            over.set()
            gone()

    def connect(state: grpc.ChannelConnectivity) -> None:
        """For what subscribing does beside."""

    def end() -> None:
        over.set()
        engine.unsubscribe(heard)

    engine.subscribe(heard, try_to_connect=True)
    return end


def _listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except (OSError, ValueError):
        return False
    return True


def leave(close: Callable[[], None], code: int) -> None:
    """Ends the process at once, whatever its threads wait for, after letting go of what the run shares."""
    try:
        close()
    finally:
        os._exit(code)
