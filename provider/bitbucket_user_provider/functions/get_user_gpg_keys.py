"""The public GPG keys of a person, which only that person may list.

Scopes: read:gpg-key (OAuth: account).
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-gpg/#api-users-selected-user-gpg-keys-get
"""

from ..models.model import Model
from ..rest.answer import Answer
from ..run.api import Api
from ..run.kinds import USER_GPG_KEYS
from .arguments import OfUser
from .function import Function


class GpgKey(Model):
    """A public GPG key of a person."""

    fingerprint: str
    """Fingerprint of the key, as Bitbucket writes it."""

    key_id: str
    """The end of the fingerprint, by which GPG also knows the key. Empty when Bitbucket does not say."""

    name: str
    """What the person calls it. May be empty."""

    key: str
    """The key in ASCII armour. Empty when Bitbucket does not say."""

    created_on: str
    """When the key was made. Empty when Bitbucket does not say."""

    added_on: str | None = None
    """When it was added."""

    last_used: str | None = None
    """When it was last used. Absent when never."""

    expires_on: str | None = None
    """When it expires. Absent when never."""


class Result(Model):
    keys: list[GpgKey]
    """The keys, oldest first."""


class GetUserGpgKeys(Function[OfUser, Result]):
    """The public GPG keys of a person. Bitbucket shows them to that person only."""

    ARGS = OfUser
    RESULT = Result

    def call(self, api: Api, args: OfUser) -> Result:
        keys = map(_shown, api.things(USER_GPG_KEYS, args).all().entries)
        return Result(keys=sorted(keys, key=lambda one: (one.created_on, one.fingerprint)))


def _shown(entry: Answer) -> GpgKey:
    return GpgKey(
        fingerprint=entry.text("fingerprint"),
        key_id=entry.maybe("key_id") or "",
        name=entry.maybe("name") or "",
        key=entry.maybe("key") or "",
        created_on=entry.maybe("created_on") or "",
        added_on=entry.maybe("added_on"),
        last_used=entry.maybe("last_used"),
        expires_on=entry.maybe("expires_on"),
    )
