"""A public SSH key of a person."""

from ..models.model import Model
from ..models.person import bare
from ..models.public_key import fingerprint
from ..rest.answer import Answer


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


def ssh_key(entry: Answer) -> SshKey:
    return SshKey(
        uuid=bare(entry.text("uuid")),
        label=entry.maybe("label") or "",
        key=entry.text("key"),
        fingerprint=fingerprint(entry.text("key")),
        comment=entry.maybe("comment") or "",
        created_on=entry.maybe("created_on") or "",
        last_used=entry.maybe("last_used"),
        expires_on=entry.maybe("expires_on"),
    )
