"""The resources and functions of this package without the plugin: dynamic resources, one set of credentials a stack.

Same names, arguments and ids as in `pulumi_bitbucket_user`; going from one to the other is one import line and no API
call. What this flavour cannot do: import, explicit providers, more than four calls at once, a status line.
"""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

import pulumi
from bitbucket_user_provider.dynamic import Provider, invoker
from bitbucket_user_provider.errors import BitbucketError
from pulumi.dynamic.dynamic import PROVIDER_KEY, serialize_provider
from pulumi.runtime.rpc import translate_output_properties
from pydantic.alias_generators import to_camel

import pulumi_bitbucket_user as sdk

P = ParamSpec("P")
T = TypeVar("T")


@pulumi.input_type
class Sought:
    """The props of `get`: the id alone says what is looked for."""


class Dynamic(pulumi.CustomResource):
    """Stands between a generated class and CustomResource, and gives the engine the provider along with the props."""

    def __init__(self, t: str, name: str, props: Any, opts: pulumi.ResourceOptions | None = None) -> None:
        kind = t.rpartition(":")[2]
        props.__dict__[PROVIDER_KEY] = serialize_provider(Provider(kind))
        opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=[pulumi.Alias(type_=t)]))
        opts.version = None
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

        cls.get = staticmethod(get)  # type: ignore[attr-defined]


class RepositoryUserPermission(sdk.RepositoryUserPermission, Dynamic):
    __doc__ = sdk.RepositoryUserPermission.__doc__


class ProjectUserPermission(sdk.ProjectUserPermission, Dynamic):
    __doc__ = sdk.ProjectUserPermission.__doc__


class RepositoryUserPermissions(sdk.RepositoryUserPermissions, Dynamic):
    __doc__ = sdk.RepositoryUserPermissions.__doc__


class ProjectUserPermissions(sdk.ProjectUserPermissions, Dynamic):
    __doc__ = sdk.ProjectUserPermissions.__doc__


class WorkspacePipelineVariable(sdk.WorkspacePipelineVariable, Dynamic):
    __doc__ = sdk.WorkspacePipelineVariable.__doc__


class UserPipelineVariable(sdk.UserPipelineVariable, Dynamic):
    __doc__ = sdk.UserPipelineVariable.__doc__


class UserApplicationProperty(sdk.UserApplicationProperty, Dynamic):
    __doc__ = sdk.UserApplicationProperty.__doc__


class UserSshKey(sdk.UserSshKey, Dynamic):
    __doc__ = sdk.UserSshKey.__doc__


ProjectPermission = sdk.ProjectPermission
RepositoryPermission = sdk.RepositoryPermission
ProjectUserPermissionArgs = sdk.ProjectUserPermissionArgs
ProjectUserPermissionsArgs = sdk.ProjectUserPermissionsArgs
RepositoryUserPermissionArgs = sdk.RepositoryUserPermissionArgs
RepositoryUserPermissionsArgs = sdk.RepositoryUserPermissionsArgs
UserApplicationPropertyArgs = sdk.UserApplicationPropertyArgs
UserPipelineVariableArgs = sdk.UserPipelineVariableArgs
UserSshKeyArgs = sdk.UserSshKeyArgs
WorkspacePipelineVariableArgs = sdk.WorkspacePipelineVariableArgs


def _plain(generated: Callable[P, T]) -> Callable[P, T]:
    """The generated function, asking Bitbucket from this process."""
    result = _result(generated)
    awaitable = getattr(sys.modules[result.__module__], f"Awaitable{result.__name__}")

    @wraps(generated)
    def ask(*args: P.args, **kwargs: P.kwargs) -> T:
        with _in_plain_words():
            bag = invoker().call(_name(generated), _arguments(generated, *args, **kwargs))
        found = translate_output_properties(bag, lambda name: name, result)
        fields = (name for name in signature(awaitable).parameters)
        return awaitable(**{name: pulumi.get(found, name) for name in fields})  # type: ignore[no-any-return]

    return ask


def _output(generated: Callable[P, T], plain: Callable[..., Any]) -> Callable[P, T]:
    """The generated function of Outputs; the call waits for its arguments, and runs beside the program."""
    result = _result(plain)

    @wraps(generated)
    def ask(*args: P.args, **kwargs: P.kwargs) -> T:
        with _in_plain_words():
            functions = invoker()

        def call(known: dict[str, Any]) -> Any:
            with _in_plain_words():
                bag = functions.call(_name(plain), known)
            return translate_output_properties(bag, lambda name: name, result)

        def beside(known: dict[str, Any]) -> Any:
            return asyncio.get_running_loop().run_in_executor(None, call, known)

        return pulumi.Output.from_input(_arguments(generated, *args, **kwargs)).apply(beside)  # type: ignore[return-value]

    return ask


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


get_current_user = _plain(sdk.get_current_user)
get_current_user_output = _output(sdk.get_current_user_output, sdk.get_current_user)
get_current_user_email = _plain(sdk.get_current_user_email)
get_current_user_email_output = _output(sdk.get_current_user_email_output, sdk.get_current_user_email)
get_current_user_emails = _plain(sdk.get_current_user_emails)
get_current_user_emails_output = _output(sdk.get_current_user_emails_output, sdk.get_current_user_emails)
get_current_user_repository_permissions = _plain(sdk.get_current_user_repository_permissions)
get_current_user_repository_permissions_output = _output(
    sdk.get_current_user_repository_permissions_output, sdk.get_current_user_repository_permissions
)
get_current_user_workspace_permission = _plain(sdk.get_current_user_workspace_permission)
get_current_user_workspace_permission_output = _output(
    sdk.get_current_user_workspace_permission_output, sdk.get_current_user_workspace_permission
)
get_current_user_workspaces = _plain(sdk.get_current_user_workspaces)
get_current_user_workspaces_output = _output(sdk.get_current_user_workspaces_output, sdk.get_current_user_workspaces)
get_effective_repository_permissions = _plain(sdk.get_effective_repository_permissions)
get_effective_repository_permissions_output = _output(
    sdk.get_effective_repository_permissions_output, sdk.get_effective_repository_permissions
)
get_project_group_permissions = _plain(sdk.get_project_group_permissions)
get_project_group_permissions_output = _output(
    sdk.get_project_group_permissions_output, sdk.get_project_group_permissions
)
get_project_user_permission = _plain(sdk.get_project_user_permission)
get_project_user_permission_output = _output(sdk.get_project_user_permission_output, sdk.get_project_user_permission)
get_project_user_permissions = _plain(sdk.get_project_user_permissions)
get_project_user_permissions_output = _output(sdk.get_project_user_permissions_output, sdk.get_project_user_permissions)
get_repository_group_permissions = _plain(sdk.get_repository_group_permissions)
get_repository_group_permissions_output = _output(
    sdk.get_repository_group_permissions_output, sdk.get_repository_group_permissions
)
get_repository_user_permission = _plain(sdk.get_repository_user_permission)
get_repository_user_permission_output = _output(
    sdk.get_repository_user_permission_output, sdk.get_repository_user_permission
)
get_repository_user_permissions = _plain(sdk.get_repository_user_permissions)
get_repository_user_permissions_output = _output(
    sdk.get_repository_user_permissions_output, sdk.get_repository_user_permissions
)
get_user = _plain(sdk.get_user)
get_user_output = _output(sdk.get_user_output, sdk.get_user)
get_user_application_property = _plain(sdk.get_user_application_property)
get_user_application_property_output = _output(
    sdk.get_user_application_property_output, sdk.get_user_application_property
)
get_user_pipeline_variable = _plain(sdk.get_user_pipeline_variable)
get_user_pipeline_variable_output = _output(sdk.get_user_pipeline_variable_output, sdk.get_user_pipeline_variable)
get_user_pipeline_variables = _plain(sdk.get_user_pipeline_variables)
get_user_pipeline_variables_output = _output(sdk.get_user_pipeline_variables_output, sdk.get_user_pipeline_variables)
get_user_ssh_key = _plain(sdk.get_user_ssh_key)
get_user_ssh_key_output = _output(sdk.get_user_ssh_key_output, sdk.get_user_ssh_key)
get_user_ssh_keys = _plain(sdk.get_user_ssh_keys)
get_user_ssh_keys_output = _output(sdk.get_user_ssh_keys_output, sdk.get_user_ssh_keys)
get_workspace_member = _plain(sdk.get_workspace_member)
get_workspace_member_output = _output(sdk.get_workspace_member_output, sdk.get_workspace_member)
get_workspace_members = _plain(sdk.get_workspace_members)
get_workspace_members_output = _output(sdk.get_workspace_members_output, sdk.get_workspace_members)
get_workspace_pipeline_variables = _plain(sdk.get_workspace_pipeline_variables)
get_workspace_pipeline_variables_output = _output(
    sdk.get_workspace_pipeline_variables_output, sdk.get_workspace_pipeline_variables
)
search_code = _plain(sdk.search_code)
search_code_output = _output(sdk.search_code_output, sdk.search_code)
