"""The resources of this package as dynamic resources: no plugin, one set of credentials a stack.

Same names, arguments and ids as in `pulumi_bitbucket_user`; going from one to the other is one import line and no API
call. What dynamic resources cannot do: import, explicit providers, more than four calls at once, a status line.
"""

from typing import Any

import pulumi
from bitbucket_user_provider.dynamic import Provider
from pulumi.dynamic.dynamic import PROVIDER_KEY, serialize_provider

import pulumi_bitbucket_user as sdk

__all__ = [
    "ProjectUserPermission",
    "ProjectUserPermissions",
    "RepositoryUserPermission",
    "RepositoryUserPermissions",
    "UserApplicationProperty",
    "UserPipelineVariable",
    "UserSshKey",
    "WorkspacePipelineVariable",
]


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
