"""The plugin's process, `pulumi-resource-bitbucket-user`: it serves one engine until that goes.

Every run waits for its start, and a program in YAML starts it once more for the schema alone. So it tells what it is
without the core, which is imported when there is work.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2 as plugins
from pulumi.runtime.proto import provider_pb2 as rpc
from pulumi.runtime.proto import provider_pb2_grpc

from .. import __version__
from .engine import leave

if TYPE_CHECKING:
    from .servicer import Plugin

THREADS = 1000
"""More than any `--parallel`, or Cancel would queue behind waiting creates; made on demand."""
LONGEST_MESSAGE = 400 * 1024 * 1024


class Front:
    """Answers what the plugin is, and hands every other method on to the one that works."""

    def __init__(self, engine: str | None, engine_lost: Callable[[], None] = lambda: None) -> None:
        """`engine_lost` is called when the engine does not listen any more, unless it was attached to this process."""
        self._engine = engine
        self._engine_lost = engine_lost
        self._attached = False
        self._lock = threading.Lock()
        self._made: Plugin | None = None
        self._cancelled = False

    def Handshake(self, request: rpc.ProviderHandshakeRequest, context: Any) -> rpc.ProviderHandshakeResponse:
        with self._lock:
            self._engine = self._engine or request.engine_address or None
        return rpc.ProviderHandshakeResponse()

    def Attach(self, request: plugins.PluginAttach, context: Any) -> Empty:
        """An engine begins to use this process, which somebody has started for it (PULUMI_DEBUG_PROVIDERS). Another
        engine than before is another run, also when it has got the same port: nothing of that one counts."""
        with self._lock:
            before = self._made
            if before and request.address == self._engine and not before.is_over:
                before = None  # one engine attaches once for each of its providers
            if before:
                self._made, self._cancelled = None, False
            self._engine, self._engine_lost, self._attached = request.address, lambda: None, True
        if before:
            before.cancel()
            before.close()
        return Empty()

    def GetPluginInfo(self, request: Empty, context: Any) -> plugins.PluginInfo:
        return plugins.PluginInfo(version=__version__)

    def GetSchema(self, request: rpc.GetSchemaRequest, context: Any) -> rpc.GetSchemaResponse:
        core = Path(__file__).parents[1]
        within = core / "schema.json"  # in a wheel; in a checkout it lies beside the package
        file = within if within.exists() else core.parent / within.name
        return rpc.GetSchemaResponse(schema=file.read_text(encoding="utf-8"))

    def Cancel(self, request: Empty, context: Any) -> Empty:
        with self._lock:
            self._cancelled = True
            if self._made:
                self._made.cancel()
        return Empty()

    def close(self) -> None:
        """Lets go of what the run shares."""
        if self._made:
            self._made.close()

    def __getattr__(self, method: str) -> Any:
        return lambda request, context: getattr(self._plugin(), method)(request, context)

    def _plugin(self) -> "Plugin":
        with self._lock:
            if self._made is None:
                from .servicer import Plugin

                self._made = Plugin(self._engine, self._engine_lost)
                self._made.attached = self._attached
                if self._cancelled:
                    self._made.cancel()
            return self._made


def main() -> None:
    """Serves the engine whose address is the last argument."""
    engine = os.getppid()  # before it may be killed
    addresses = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    limits = [("grpc.max_receive_message_length", LONGEST_MESSAGE), ("grpc.max_send_message_length", LONGEST_MESSAGE)]
    server = grpc.server(ThreadPoolExecutor(max_workers=THREADS), options=limits)
    front = Front(addresses[-1] if addresses else None, lambda: leave(front.close, 1))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(
        cast(provider_pb2_grpc.ResourceProviderServicer, front), server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    # The engine sends a signal after every run, when all is said, and waits until the process is gone.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: leave(front.close, 0))
    print(port, flush=True)
    while os.getppid() == engine:  # a killed engine sends no signal
        time.sleep(1)
    leave(front.close, 1)
