"""A JSON value that a Connect app keeps at a user.

Scopes: a JWT of the app itself, or admin:workspace (OAuth and access tokens: none) where the property is public.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-properties/#api-users-selected-user-properties-app-key-property-name-get
"""

from typing import Any

from ..models.fields import PropertyName
from ..models.model import Model
from ..run.api import Api
from ..run.kinds import USER_APPLICATION_PROPERTIES
from .arguments import OfUser
from .function import Function, remedy


class Args(OfUser):
    app_key: PropertyName
    """Key of the Connect app, which must be installed."""

    property_name: PropertyName
    """Name of the property."""


class Result(Model):
    value: dict[str, Any]
    """The JSON object that is kept there."""


class GetUserApplicationProperty(Function[Args, Result]):
    """A JSON value that a Connect app keeps at a user. Anybody may read a property with the attribute `public`, only
    the app itself any other."""

    ARGS = Args
    RESULT = Result

    def call(self, api: Api, args: Args) -> Result:
        with remedy("A property that is not public is shown to its own app alone (BITBUCKET_JWT).", 403, 404):
            return Result(value=api.get(USER_APPLICATION_PROPERTIES.path, args).object())
