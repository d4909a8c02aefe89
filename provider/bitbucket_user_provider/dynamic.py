"""The core as a dynamic provider of Pulumi's Python SDK.

State refers to `Provider` by this module and name: neither is ever renamed or moved. What is pickled is the name of the
resource alone; client, listings and claims live in this module, one for the process, because Pulumi configures a
provider once for each resource kind.
"""

import os
import sys
import threading
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pulumi.output import Unknown
from pulumi.runtime import rpc
from pulumi.runtime.config import CONFIG, get_config_env
from pulumi.runtime.settings import get_monitor

from .config import NAMESPACE, load
from .errors import BitbucketError, ConfigurationError, Exists, defect
from .lifecycle import Lifecycle, public
from .models.model import UNKNOWN
from .operation import operation
from .plugin.engine import AFTER_ROTATION, leave, watch
from .resources import RESOURCES
from .rest.credentials import STACK
from .run.api import Api
from .run.ledger import Ledger
from .run.store import Shared

if TYPE_CHECKING:
    from .invoke import Invoker

PROVIDER = "__provider"
P = ParamSpec("P")
T = TypeVar("T")


class BitbucketUserError(Exception):
    """The one line that a user reads last, after the traceback that Pulumi's dynamic server prints around it."""


BitbucketUserError.__module__ = "builtins"


def _one_line(method: Callable[P, T]) -> Callable[P, T]:
    """The method as an operation of the request's URN: errors become one line, remarks go to stderr, which the engine
    shows."""

    @wraps(method)
    def told(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            request = _request()
            seconds = getattr(request, "timeout", None)
            with operation(getattr(request, "urn", ""), _tell, _tell, seconds):
                return method(*args, **kwargs)
        except Exists as error:
            kind: str = args[0].kind  # type: ignore[attr-defined]
            message = f"{error.what}. To take it over, {RESOURCES[kind].how_to_adopt()}."
        except BitbucketError as error:
            message = str(error)
        except Exception as error:  # noqa: BLE001 - whatever is left is a defect of this package
            message = defect(error)
        raise BitbucketUserError(message) from None

    return told


class Provider(ResourceProvider):
    serialize_as_secret_always = False

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def configure(self, req: ConfigureRequest) -> None:
        _shared.configure(req.config._props)

    @_one_line
    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        try:
            lifecycle = _shared.lifecycle()
            lifecycle.ready()
        except ConfigurationError as error:
            return CheckResult(news, [CheckFailure("", str(error))])
        failures = lifecycle.check(self.kind, _plain(news), _plain(_olds))
        return CheckResult(news, [CheckFailure(failure.property, failure.reason) for failure in failures])

    @_one_line
    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        found = _shared.lifecycle().diff(self.kind, _id, _plain(_olds), _plain(_news))
        if found.summary:
            _tell(found.summary)
        return DiffResult(bool(found) or _came_from_the_plugin(_olds), found.replaces, [], found.delete_first)

    @_one_line
    def create(self, props: dict[str, Any]) -> CreateResult:
        id, outputs = _shared.lifecycle().create(self.kind, props)
        return CreateResult(id, outputs)

    @_one_line
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        known = public(props)
        found = _shared.lifecycle().read(self.kind, id_, known, _inputs() if known else None)
        if found is None and not known:
            raise BitbucketError(f"There is no {self.kind} '{id_}' in Bitbucket.")
        return ReadResult(found.id, found.outputs, found.inputs) if found else ReadResult(None, {})

    @_one_line
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        lifecycle = _shared.lifecycle()
        if _came_from_the_plugin(_olds) and not lifecycle.diff(self.kind, _id, _olds, _news):
            return UpdateResult(public(_olds))
        return UpdateResult(lifecycle.update(self.kind, _id, _olds, _news))

    @_one_line
    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        _shared.lifecycle().delete(self.kind, _id, _props)


def _came_from_the_plugin(state: dict[str, Any]) -> bool:
    return PROVIDER not in state


def invoker() -> "Invoker":
    """The functions with the configuration of the program that is running; what they asked is kept for its run.

    In a script or at a prompt there is no run: there it is the environment's configuration, and kept for the process.
    """
    from .invoke import Invoker  # here, because the dynamic server calls no function

    run, stack = get_monitor() or _shared, CONFIG.get() | get_config_env()
    if run not in _invokers:
        _invokers[run] = Invoker(Api(load(_own(stack)), os.environ))
    return _invokers[run]


_invokers: "WeakKeyDictionary[Any, Invoker]" = WeakKeyDictionary()


class _Shared:
    """The lifecycle of the process, made from the stack's configuration when a call first needs it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[str, Any] = {}
        self._lifecycle: Lifecycle | None = None
        self._ledger = Ledger()

    def configure(self, stack: dict[str, Any]) -> None:
        self._values = _own(stack)

    def lifecycle(self) -> Lifecycle:
        with self._lock:
            if self._lifecycle is None:
                origin = STACK._replace(advice=AFTER_ROTATION)
                api = Api(load(_plain(self._values)), os.environ, origin, self._join_run())
                self._lifecycle = Lifecycle(api)
            return self._lifecycle

    def _join_run(self) -> Ledger:
        """The ledger of the engine's run, whose address Pulumi's dynamic server has as its argument."""
        if not (engine := _engine_address()):
            return Ledger()
        ledger = Ledger(lambda: Shared(engine))
        watch(engine, lambda: self._end(1))  # Pulumi's server would live on and go on sending
        self._ledger = ledger
        # After the engine's SIGINT, Python would wait for the threads of Pulumi's server, and those for Bitbucket. What
        # `atexit` registers comes too late for that. What is registered last in this way is called first: before
        # concurrent.futures waits for those threads.
        threading._register_atexit(self._end, 0)  # type: ignore[attr-defined]
        return ledger

    def _end(self, code: int) -> None:
        """Nothing more is sent, and the process ends."""
        if self._lifecycle:
            self._lifecycle.api.cancel()
        leave(self._ledger.close, code)


_shared = _Shared()


def _engine_address() -> str | None:
    """None in any other process than the dynamic server's."""
    main = sys.modules.get("__main__")
    is_server = getattr(getattr(main, "__spec__", None), "name", "") == "pulumi.dynamic.__main__"
    addresses = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    return addresses[-1] if is_server and addresses else None


def _own(stack: dict[str, Any]) -> dict[str, Any]:
    prefix = f"{NAMESPACE}:"
    return {key[len(prefix) :]: value for key, value in stack.items() if key.startswith(prefix)}


def _tell(message: str) -> None:
    if message:
        print(message, file=sys.stderr, flush=True)


def _request() -> Any:
    """The request being served: the dynamic server keeps it to itself, in a local of the calling frame.

    It alone tells the URN, the inputs as the program wrote them and the time that `customTimeouts` allow. Without it,
    two resources that want one thing go unnoticed, refresh spells a person as Bitbucket does and nothing ends early;
    nothing else changes.
    """
    frame: Any = sys._getframe()
    while frame is not None:
        request = frame.f_locals.get("request")
        if isinstance(getattr(request, "urn", None), str):
            return request
        frame = frame.f_back
    return None


def _inputs() -> dict[str, Any] | None:
    request = _request()
    return public(rpc.deserialize_properties(request.inputs)) if request and request.inputs.fields else None


def _plain(value: Any) -> Any:
    """A bag with the core's UNKNOWN for Pulumi's."""
    if isinstance(value, Unknown):
        return UNKNOWN
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value
