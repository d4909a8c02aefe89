"""The engine whose run a provider process serves: where it listens, and when it is gone."""

import os
import threading
from collections.abc import Callable

import grpc

NEVER = 2**31 - 1
"""Of an idle connection in milliseconds: a wait for the rate limit is longer than gRPC keeps one by itself."""


def channel(address: str) -> grpc.Channel:
    return grpc.insecure_channel(address, options=[("grpc.client_idle_timeout_ms", NEVER)])


def watch(engine: grpc.Channel, gone: Callable[[], None]) -> None:
    """Calls `gone` once, from another thread, when the engine's address is refused, or a connection to it is lost.

    A killed engine sends no signal, and below a shell, where Pulumi starts its dynamic server, its processes do not
    even see their parent go. An engine listens before it starts any provider, so a refusal at the start means the same.
    """
    connected, over = threading.Event(), threading.Event()
    lost = (grpc.ChannelConnectivity.TRANSIENT_FAILURE, grpc.ChannelConnectivity.SHUTDOWN)

    def heard(state: grpc.ChannelConnectivity) -> None:
        if state is grpc.ChannelConnectivity.READY:
            connected.set()
        elif (state in lost or connected.is_set()) and not over.is_set():
            over.set()
            gone()

    engine.subscribe(heard, try_to_connect=True)


def leave(close: Callable[[], None], code: int) -> None:
    """Ends the process at once, whatever its threads wait for, after letting go of what the run shares."""
    try:
        close()
    finally:
        os._exit(code)
