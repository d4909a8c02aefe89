"""A deploy key: what those of repositories and projects have in common.

It opens a place to machines, for reading. Bitbucket numbers them, and nothing stops two from having one label.
"""

from typing import Any, ClassVar

from ..errors import ConfigurationError
from ..models.fields import Label
from ..models.model import Hidden, Model, Replaces
from ..models.public_key import SshPublicKey, identity
from ..rest.answer import Answer
from ..rest.credentials import Kind
from ..run.api import Api
from ..run.evidence import Absent, Evidence
from ..run.kinds import number
from ..run.things import Things
from .key import Key


class DeployKeyArgs(Model):
    key: Replaces[Hidden[SshPublicKey]]
    """The public key in OpenSSH format, one line. A new key replaces the old one."""

    label: Label
    """What the key is called in Bitbucket."""


class DeployKeyState(Model):
    key_id: str
    """Bitbucket's number for the key."""

    comment: str = ""
    """Comment of the key, as Bitbucket has read it."""


class DeployKey(Key):
    ELSEWHERE = "an account, whose key opens nothing else,"
    MADE_BY: ClassVar[str] = (
        "A deploy key has to be made with an API token: one that an OAuth consumer has made dies with the consumer"
    )

    def id(self, state: Any) -> str:
        return f"{self.where(state)}/{state.key_id}"

    def create(self, api: Api, args: Any) -> Any:
        self._refuse_consumers(api)
        return super().create(api, args)

    def update(self, api: Api, state: Any, args: Any) -> Any:
        self._refuse_consumers(api)
        return super().update(api, state, args)

    def _refuse_consumers(self, api: Api) -> None:
        """Bitbucket would accept one, and the key would stop to work when the consumer changes."""
        if Kind.API_TOKEN not in api.credentials:
            raise ConfigurationError(f"{self.MADE_BY}. Nothing was sent; configure email and apiToken.")

    def identity(self, text: str) -> str:
        return identity(text)

    def handle(self, entry: Answer) -> str:
        return number(entry)

    def facts(self, key: str, entry: Answer) -> dict[str, Any]:
        del key
        return {"keyId": number(entry), "comment": entry.maybe("comment") or ""}

    def find(self, things: Things, handle: str, is_import: bool) -> Evidence:
        """Whoever imports a key may name it by its fingerprint or label too."""
        if handle.startswith("SHA256:"):
            return things.find([handle])
        if handle.isdecimal():
            found = super().find(things, handle, is_import)
            if not is_import or not isinstance(found, Absent):
                return found
        return things.labelled(handle)

    def fits(self, name: str, part: str) -> bool:
        """A label may hold what no path may."""
        return bool(part.strip()) and part.isprintable() if name == "key_id" else super().fits(name, part)
