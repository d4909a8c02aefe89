"""The core as a Pulumi plugin: the methods of the provider protocol, on plain dicts.

A servicer of its own on the protocol's messages. Every method runs under `@told`, which turns errors into one paragraph
and gives the operation its place to report. Concurrency is the engine's; `maxConcurrentRequests` caps the requests.
"""

import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import wraps
from shlex import quote
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2_grpc, status_pb2
from pulumi.runtime.proto import provider_pb2 as rpc

from .. import __version__
from ..config import NAMESPACE, PUBLIC_API, Config, load, problems
from ..errors import BitbucketError, ConfigurationError, Exists, InvalidInput, PartialFailure, defect
from ..lifecycle import Diff, Lifecycle, public
from ..models.model import Change, secret_aliases
from ..operation import operation
from ..resources import RESOURCES
from ..rest.credentials import STACK, Origin
from ..run.api import Api
from ..run.ledger import Ledger
from ..run.store import Shared
from .engine import AFTER_ROTATION, OLDEST_ENGINE, channel, watch
from .values import to_bag, to_struct

if TYPE_CHECKING:
    from ..invoke import Invoker

IMPORTED_IN_PLAIN = (
    "{}: Bitbucket shows it to whoever may read it, and `pulumi import` writes it in plain text into the code that it "
    "prints. `--generate-code=false` leaves the code out."
)
KINDS = {
    (Change.ADD, False): rpc.PropertyDiff.ADD,
    (Change.ADD, True): rpc.PropertyDiff.ADD_REPLACE,
    (Change.DELETE, False): rpc.PropertyDiff.DELETE,
    (Change.DELETE, True): rpc.PropertyDiff.DELETE_REPLACE,
    (Change.UPDATE, False): rpc.PropertyDiff.UPDATE,
    (Change.UPDATE, True): rpc.PropertyDiff.UPDATE_REPLACE,
}
T = TypeVar("T")


def told(method: Callable[[Any, Any, grpc.ServicerContext], T]) -> Callable[[Any, Any, grpc.ServicerContext], T]:
    """The method as an operation of its request's URN, with errors as one paragraph of plain words."""

    @wraps(method)
    def run(self: "Plugin", request: Any, context: grpc.ServicerContext) -> T:
        urn = getattr(request, "urn", "")
        say, warn = self.reporter(urn)
        try:
            with operation(urn, say, warn, getattr(request, "timeout", None)):
                return method(self, request, context)
        except PartialFailure as error:
            _abort_partially(context, error, _kind(urn))
        except Exists as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, _how_to_take_over(error, urn))
        except BitbucketError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        except Exception as error:  # noqa: BLE001 - whatever is left is a defect of this plugin
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"{method.__name__}: {defect(error)}")
        raise AssertionError("abort raises")

    return run


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    def __init__(self, engine: str | None, engine_lost: Callable[[], None] = lambda: None) -> None:
        """`engine` is the address of the engine of this run; `engine_lost` is called when it listens no more."""
        self.ledger = Ledger(lambda: Shared(engine)) if engine else Ledger()
        self._engine = engine_pb2_grpc.EngineStub(channel(engine)) if engine else None
        self._engine_lost = engine_lost
        self.attached = False
        """Started by a person for one engine after another. Else an engine started it, and configures it once."""
        self._configured: Lifecycle | None = None
        self._invoker: Invoker | None = None
        self._lock = threading.Lock()
        self._cancelled = threading.Event()
        self.is_over = False
        """The engine has gone, and with it the run."""
        self._end_watch = watch(engine, self._engine_is_gone) if engine else lambda: None

    def _engine_is_gone(self) -> None:
        """Nothing more is sent, and no later run finds this one's wishes."""
        self.is_over = True
        self.cancel()
        self.ledger.close()
        self._engine_lost()

    def close(self) -> None:
        self._end_watch()
        self.ledger.close()

    def reporter(self, urn: str) -> tuple[Callable[[str], None], Callable[[str], None]]:
        """How to say something beside a resource, and how to warn of it."""

        def log(severity: "engine_pb2.LogSeverity.ValueType", ephemeral: bool) -> Callable[[str], None]:
            def send(message: str) -> None:
                if self._engine:
                    request = engine_pb2.LogRequest(severity=severity, message=message, urn=urn, ephemeral=ephemeral)
                    with suppress(grpc.RpcError):  # no work stops because nobody hears of it
                        self._engine.Log(request)

            return send

        return log(engine_pb2.INFO, True), log(engine_pb2.WARNING, False)

    def cancel(self) -> None:
        """Ends every wait, and starts nothing more."""
        self._cancelled.set()
        if self._configured:
            self._configured.api.cancel()

    @property
    def lifecycle(self) -> Lifecycle:
        if self._configured is None:
            raise ConfigurationError("The provider is not configured.")
        return self._configured

    @told
    def CheckConfig(self, request: rpc.CheckRequest, context: Any) -> rpc.CheckResponse:
        news = to_bag(request.news)
        failures = [_config_failure(key, reason) for key, reason in problems(news)]
        return rpc.CheckResponse(inputs=to_struct(news, secret_aliases(Config)), failures=failures)

    @told
    def DiffConfig(self, request: rpc.DiffRequest, context: Any) -> rpc.DiffResponse:
        olds, news = to_bag(request.old_inputs), to_bag(request.news)
        keys = [info.alias or name for name, info in Config.model_fields.items()]
        changed = [key for key in keys if olds.get(key) != news.get(key)]
        changes = {key: Change.between(olds.get(key), news.get(key)) for key in changed}
        if "baseUrl" in changes:
            before, after = (bag.get("baseUrl") or PUBLIC_API for bag in (olds, news))
            warn = self.reporter(request.urn)[1]
            warn(f"baseUrl changes from {before} to {after}: what the state holds is looked for there; nothing moves.")
        return _diff_response(Diff(changes=changes, delete_first=False))

    @told
    def Configure(self, request: rpc.ConfigureRequest, context: Any) -> rpc.ConfigureResponse:
        self._refuse_an_old_engine()
        default = re.fullmatch(r"(default(_\d.*)?)?", request.name)
        name = STACK.name if default else f"the configuration of provider '{request.name}'"
        with self._lock:
            if self._configured and not self.attached:  # whoever asks again may want the token to go to another host
                raise ConfigurationError("This plugin process is configured already, and takes no other configuration.")
            origin = Origin(name, AFTER_ROTATION)
            lifecycle = Lifecycle(Api(load(to_bag(request.args)), os.environ, origin, self.ledger))
            lifecycle.ready()
            self._configured, self._invoker = lifecycle, None
            if self._cancelled.is_set():  # asked last: `cancel` may not have seen what it has to end
                lifecycle.api.cancel()
        return rpc.ConfigureResponse(supportsPreview=True)

    def _refuse_an_old_engine(self) -> None:
        """No message says which version the engine has, but it can be asked whether that is in a range."""
        if self._engine is None:
            return
        wanted = engine_pb2.RequirePulumiVersionRequest(pulumi_version_range=f">={OLDEST_ENGINE}")
        try:
            self._engine.RequirePulumiVersion(wanted)
        except grpc.RpcError as error:
            # The engine answers a range that it is not in with UNKNOWN; before 2026 it did not know the question.
            if error.code() in (grpc.StatusCode.UNKNOWN, grpc.StatusCode.UNIMPLEMENTED):
                raise ConfigurationError(
                    f"pulumi-bitbucket-user {__version__} needs Pulumi {OLDEST_ENGINE} or later. "
                    "This one is older; a newer one: https://www.pulumi.com/docs/install"
                ) from None

    @told
    def Check(self, request: rpc.CheckRequest, context: Any) -> rpc.CheckResponse:
        kind, olds = _kind(request.urn), to_bag(request.olds)
        news = self.lifecycle.complete(kind, to_bag(request.news), olds)  # a create is told no olds
        found = self.lifecycle.check(kind, news, olds)
        failures = [rpc.CheckFailure(**failure._asdict()) for failure in found]
        return rpc.CheckResponse(inputs=to_struct(news, secret_aliases(RESOURCES[kind].ARGS)), failures=failures)

    @told
    def Diff(self, request: rpc.DiffRequest, context: Any) -> rpc.DiffResponse:
        found = self.lifecycle.diff(_kind(request.urn), request.id, to_bag(request.olds), to_bag(request.news))
        if found.summary:
            self.reporter(request.urn)[0](found.summary)
        return _diff_response(found)

    @told
    def Create(self, request: rpc.CreateRequest, context: Any) -> rpc.CreateResponse:
        kind, inputs = _kind(request.urn), to_bag(request.properties)
        if request.preview:
            if summary := self.lifecycle.summary(kind, inputs):
                self.reporter(request.urn)[0](summary)
            return rpc.CreateResponse(properties=_outputs(kind, self.lifecycle.preview(kind, inputs)))
        id, outputs = self.lifecycle.create(kind, inputs)
        return rpc.CreateResponse(id=id, properties=_outputs(kind, outputs))

    @told
    def Read(self, request: rpc.ReadRequest, context: Any) -> rpc.ReadResponse:
        kind, state = _kind(request.urn), public(to_bag(request.properties))
        is_import = not request.HasField("inputs")  # the `get` of a program has them, empty
        found = self.lifecycle.read(kind, request.id, state, to_bag(request.inputs) if state else None)
        if found is None and not state and not _only_asks_whether_it_exists(request.urn):
            raise InvalidInput(_not_found(kind, request.id))
        if found is None:
            return rpc.ReadResponse()
        secrets = secret_aliases(RESOURCES[kind].ARGS)
        if is_import and (known := [alias for alias in secrets if found.inputs.get(alias)]):
            self.reporter(request.urn)[1](IMPORTED_IN_PLAIN.format(" and ".join(known)))
        inputs = to_struct(found.inputs, secrets)
        return rpc.ReadResponse(id=found.id, properties=_outputs(kind, found.outputs), inputs=inputs)

    @told
    def Update(self, request: rpc.UpdateRequest, context: Any) -> rpc.UpdateResponse:
        kind, state, inputs = _kind(request.urn), to_bag(request.olds), to_bag(request.news)
        if request.preview:
            return rpc.UpdateResponse(properties=_outputs(kind, self.lifecycle.preview(kind, inputs, state)))
        return rpc.UpdateResponse(properties=_outputs(kind, self.lifecycle.update(kind, request.id, state, inputs)))

    @told
    def Delete(self, request: rpc.DeleteRequest, context: Any) -> Empty:
        self.lifecycle.delete(_kind(request.urn), request.id, to_bag(request.properties))
        return Empty()

    @told
    def Invoke(self, request: rpc.InvokeRequest, context: Any) -> rpc.InvokeResponse:
        from .. import invoke  # here, because most runs call no function and every run waits for the plugin's start

        name, arguments = request.tok.rpartition(":")[2], to_bag(request.args)
        if failures := invoke.check(name, arguments):
            return rpc.InvokeResponse(failures=[rpc.CheckFailure(**failure._asdict()) for failure in failures])
        with self._lock:
            self._invoker = self._invoker or invoke.Invoker(self.lifecycle.api)
        response = rpc.InvokeResponse()
        getattr(response, "return").CopyFrom(to_struct(self._invoker.call(name, arguments)))
        return response

    def List(self, request: rpc.ListRequest, context: grpc.ServicerContext) -> Iterator[rpc.ListResponse]:
        for id, name in self._list(request, context):
            yield rpc.ListResponse(result=rpc.ListResponse.Result(id=id, name=name))

    @told
    def _list(self, request: rpc.ListRequest, context: Any) -> list[tuple[str, str]]:
        found = self.lifecycle.listed(request.token.rpartition(":")[2], to_bag(request.query))
        return found[: request.limit] if request.limit > 0 else found


def _config_failure(key: str, reason: str) -> rpc.CheckFailure:
    """The engine shows the value of the property that a failure names: never of a secret, nor of one misspelt, nor of a
    URL that may hold a password."""
    names = {info.alias or name for name, info in Config.model_fields.items()}
    if key in names - secret_aliases(Config) - {"baseUrl"}:
        return rpc.CheckFailure(property=key, reason=reason)
    return rpc.CheckFailure(reason=f"{NAMESPACE}:{key}: {reason}")


def _kind(urn: str) -> str:
    """The resource's name from urn:pulumi:STACK::PROJECT::PARENT$bitbucket-user:index:NAME::name."""
    return urn.split("::")[2].rpartition(":")[2]


def _only_asks_whether_it_exists(urn: str) -> bool:
    """Whether the engine reads for a program's `exists`, where nothing found is an answer: only the name tells that."""
    return urn.rpartition("::")[2].startswith("__exists__")


def _outputs(kind: str, outputs: Mapping[str, Any]) -> Any:
    return to_struct(outputs, secret_aliases(RESOURCES[kind].STATE))


def _diff_response(found: Diff) -> rpc.DiffResponse:
    detailed = {
        path: rpc.PropertyDiff(kind=KINDS[change, path in found.replaces]) for path, change in found.changes.items()
    }
    return rpc.DiffResponse(
        changes=rpc.DiffResponse.DIFF_SOME if found else rpc.DiffResponse.DIFF_NONE,
        replaces=found.replaces,
        deleteBeforeReplace=found.delete_first,
        diffs=sorted({path.split("[")[0] for path in found.changes}),
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )


def _how_to_take_over(error: Exists, urn: str) -> str:
    name = urn.rpartition("::")[2]
    ways = [RESOURCES[_kind(urn)].how_to_adopt()]
    if error.import_id is not None:
        ways.insert(0, f"pulumi import bitbucket-user:index:{_kind(urn)} {quote(name)} '{error.import_id}'")
    return f"{error.what}. To take it over: {'; or '.join(ways)}."


def _not_found(kind: str, id: str) -> str:
    first, second = RESOURCES[kind].EXAMPLES
    return f"There is no {kind} '{id}' in Bitbucket. An id looks like '{first}' or '{second}'."


def _abort_partially(context: grpc.ServicerContext, error: PartialFailure, kind: str) -> NoReturn:
    """Fails, and hands the engine the state as it is now."""
    detail = AnyMessage()
    detail.Pack(rpc.ErrorResourceInitFailed(id=error.id, properties=_outputs(kind, error.state), reasons=error.reasons))
    code = grpc.StatusCode.FAILED_PRECONDITION
    status = status_pb2.Status(code=code.value[0], message=str(error), details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(code, str(error))
