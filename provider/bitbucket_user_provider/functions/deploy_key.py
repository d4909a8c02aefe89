"""A deploy key of a repository or project, as functions show it."""

from ..models.model import Model
from ..models.public_key import fingerprint
from ..rest.answer import Answer
from ..run.api import Api
from ..run.kinds import number
from ..run.things import ThingKind


class DeployKey(Model):
    """A deploy key of a repository or project."""

    key_id: str
    """Bitbucket's number for the key."""

    label: str
    """What the key is called. May be empty."""

    key: str
    """Type and key in OpenSSH's format, without the comment."""

    fingerprint: str
    """SHA-256 fingerprint of the key, as `SHA256:…`."""

    comment: str
    """The comment that stood behind the key. May be empty."""

    added_on: str
    """When it was added. Empty when Bitbucket does not say."""

    last_used: str | None = None
    """When it was last used. Absent when never."""


class DeployKeys(Model):
    keys: list[DeployKey]
    """The keys, oldest first."""


def deploy_keys(api: Api, kind: ThingKind, args: Model) -> DeployKeys:
    keys = map(_shown, api.things(kind, args).all().entries)
    return DeployKeys(keys=sorted(keys, key=lambda one: int(one.key_id)))


def _shown(entry: Answer) -> DeployKey:
    return DeployKey(
        key_id=number(entry),
        label=entry.maybe("label") or "",
        key=entry.text("key"),
        fingerprint=fingerprint(entry.text("key")),
        comment=entry.maybe("comment") or "",
        added_on=entry.maybe("added_on") or "",
        last_used=entry.maybe("last_used"),
    )
