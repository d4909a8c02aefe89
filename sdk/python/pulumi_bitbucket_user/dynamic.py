"""The resources and functions of this package without the plugin: dynamic resources, one set of credentials a stack.

Same names, arguments and ids as in `pulumi_bitbucket_user`; going from one to the other is one import line and no API
call. What this flavour cannot do: import, `exists`, explicit providers, more than four calls at once, a status line.

No name of theirs stands here: each class and function of the generated package gets its twin at the end of this module.
"""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from inspect import signature
from types import FunctionType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import pulumi
from bitbucket_user_provider import dynamic as core
from bitbucket_user_provider.errors import BitbucketError
from pulumi.dynamic.dynamic import PROVIDER_KEY, serialize_provider
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.rpc import translate_output_properties
from pulumi.runtime.settings import get_monitor
from pydantic.alias_generators import to_camel

import pulumi_bitbucket_user as sdk

P = ParamSpec("P")
T = TypeVar("T")


@pulumi.input_type
class Sought:
    """The props of `get`: the id alone says what is looked for."""


@cache
def _provider(kind: str) -> str:
    """The provider's text in the state, made once a kind: each time, Pulumi wraps another layer around the pickler and
    leaves it there, so that the 981st resource of a program would end in a RecursionError."""
    made: str = serialize_provider(core.Provider(kind))
    return made


class Dynamic(pulumi.CustomResource):
    """Stands between a generated class and CustomResource, and gives the engine the provider along with the props."""

    def __init__(self, t: str, name: str, props: Any, opts: pulumi.ResourceOptions | None = None) -> None:
        kind = t.rpartition(":")[2]
        if opts is not None and opts.import_ is not None:
            raise pulumi.RunError(
                f"'{name}' cannot be imported: dynamic resources have no import. Set bitbucket-user:adoptExisting to "
                f"true in place of `import_`, or import it with the plugin: {kind} of pulumi_bitbucket_user."
            )
        props.__dict__[PROVIDER_KEY] = _provider(kind)
        opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=[pulumi.Alias(type_=t)]))
        opts.version = opts.plugin_download_url = None  # those of the plugin
        super().__init__(f"pulumi-python:dynamic/bitbucket-user:{kind}", name, props, opts)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        outputs = [name for name, value in vars(cls.__mro__[1]).items() if isinstance(value, property)]

        def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Any:
            """The resource that has this id, read from Bitbucket."""
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
            props = Sought()
            props.__dict__.update(dict.fromkeys(outputs))
            return cls(resource_name, opts=opts, __props__=props)  # type: ignore[call-arg]

        def exists(id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Any:
            """Refused: the engine hands a dynamic provider's code over with a resource, and here there is none."""
            raise pulumi.RunError(f"{cls.__name__}.exists needs the plugin: import pulumi_bitbucket_user instead.")

        cls.get = staticmethod(get)  # type: ignore[attr-defined]
        cls.exists = staticmethod(exists)  # type: ignore[attr-defined]


def _plain(generated: Callable[P, T]) -> Callable[P, T]:
    """The generated function, asking Bitbucket from this process."""
    result = _result(generated)
    awaitable = getattr(sys.modules[result.__module__], f"Awaitable{result.__name__}")

    @wraps(generated)
    def ask(*args: P.args, **kwargs: P.kwargs) -> T:
        if _is_mocked():
            return generated(*args, **kwargs)
        with _in_plain_words():
            bag = core.invoker().call(_name(generated), _arguments(generated, *args, **kwargs))
        found = translate_output_properties(bag, lambda name: name, result)
        fields = (name for name in signature(awaitable).parameters)
        return awaitable(**{name: pulumi.get(found, name) for name in fields})  # type: ignore[no-any-return]

    return ask


def _output(generated: Callable[P, T], plain: Callable[..., Any]) -> Callable[P, T]:
    """The generated function of Outputs; the call waits for its arguments, and runs beside the program."""
    result = _result(plain)

    @wraps(generated)
    def ask(*args: P.args, **kwargs: P.kwargs) -> T:
        if _is_mocked():
            return generated(*args, **kwargs)
        with _in_plain_words():
            functions = core.invoker()

        def call(known: dict[str, Any]) -> Any:
            with _in_plain_words():
                bag = functions.call(_name(plain), known)
            return translate_output_properties(bag, lambda name: name, result)

        def beside(known: dict[str, Any]) -> Any:
            return asyncio.get_running_loop().run_in_executor(None, call, known)

        return pulumi.Output.from_input(_arguments(generated, *args, **kwargs)).apply(beside)  # type: ignore[return-value]

    return ask


def _is_mocked() -> bool:
    """Whether a unit test runs the program (`pulumi.runtime.set_mocks`), whose mocks answer in Bitbucket's place."""
    return isinstance(get_monitor(), MockMonitor)


@contextmanager
def _in_plain_words() -> Iterator[None]:
    """Raises RunError for what the core raises: Pulumi then ends the program with its words alone."""
    try:
        yield
    except BitbucketError as error:
        raise pulumi.RunError(str(error)) from None


def _arguments(generated: Callable[..., Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
    given = signature(generated).bind(*args, **kwargs).arguments
    opts = given.pop("opts", None)
    if opts is not None and opts.provider is not None:
        raise TypeError("Functions of pulumi_bitbucket_user.dynamic take the stack's configuration, no provider.")
    return {to_camel(name): value for name, value in given.items() if value is not None}


def _name(generated: Callable[..., Any]) -> str:
    return to_camel(generated.__name__)


def _result(generated: Callable[..., Any]) -> type:
    kind = _name(generated)
    found: type = getattr(sys.modules[generated.__module__], f"{kind[0].upper()}{kind[1:]}Result")
    return found


def _twin(name: str, generated: Any) -> Any:
    """What the name means here: a resource and a function that need no plugin, anything else as it is."""
    if isinstance(generated, type) and issubclass(generated, pulumi.CustomResource):
        return type(name, (generated, Dynamic), {"__doc__": generated.__doc__, "__module__": __name__})
    if f"{name}_output" in vars(sdk):
        return _plain(generated)
    if name.endswith("_output"):
        return _output(generated, getattr(sdk, name.removesuffix("_output")))
    return generated


def _is_offered(value: Any) -> bool:
    """Everything that the generated package defines, but its explicit providers: dynamic resources have none."""
    if isinstance(value, type) and issubclass(value, pulumi.ProviderResource):
        return False
    return isinstance(value, type | FunctionType)


if TYPE_CHECKING:  # the same names with the same signatures
    from pulumi_bitbucket_user import *  # noqa: F403
else:
    globals().update({name: _twin(name, value) for name, value in vars(sdk).items() if _is_offered(value)})
