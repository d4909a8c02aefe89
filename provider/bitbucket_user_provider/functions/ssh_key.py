"""A public SSH key of a person."""

from ..models.model import Model
from ..models.person import bare
from ..models.public_key import fingerprint
from ..run.listings import Entry


class SshKey(Model):
    """A public SSH key of a person."""

    uuid: str
    """UUID of the key, without braces."""

    label: str
    """What the person calls it."""

    key: str
    """Type and key in OpenSSH's format, without the comment."""

    fingerprint: str | None = None
    """SHA-256 fingerprint of the key, as `SHA256:…`."""

    comment: str
    """The comment that stood behind the key. May be empty."""

    created_on: str
    """When it was added. Empty when Bitbucket does not say."""

    last_used: str | None = None
    """When it was last used. Absent when never."""

    expires_on: str | None = None
    """When it expires. Absent when never, or when Bitbucket does not say."""


def ssh_key(entry: Entry) -> SshKey:
    return SshKey(
        uuid=bare(entry["uuid"]),
        label=entry.get("label") or "",
        key=entry["key"],
        fingerprint=fingerprint(entry["key"]),
        comment=entry.get("comment") or "",
        created_on=entry.get("created_on") or "",
        last_used=entry.get("last_used"),
        expires_on=entry.get("expires_on"),
    )
