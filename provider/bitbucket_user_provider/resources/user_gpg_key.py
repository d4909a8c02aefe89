"""GPG keys of an account, which manages its own and nobody else's. Bitbucket verifies signatures of commits with them.

They are added and deleted, and never changed; Bitbucket names them by their fingerprint.

Scopes: read:gpg-key, write:gpg-key, delete:gpg-key.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-gpg/#api-users-selected-user-gpg-keys-post
"""

import re
from typing import Annotated, Any

from pydantic import StrictStr

from ..models.gpg_key import GpgPublicKey, fingerprint, normal
from ..models.model import Hidden, Replaces, Same
from ..models.person import bare
from ..rest.answer import Answer
from ..run.api import Api
from ..run.evidence import Evidence
from ..run.kinds import USER_GPG_KEYS
from ..run.things import Things
from .key import Key
from .resource import in_id
from .where import OfOwnAccount


class Args(OfOwnAccount):
    key: Replaces[Hidden[GpgPublicKey]]
    """The public key in ASCII armour, as `gpg --armor --export` prints it. Only its fingerprint counts: another export
    of the same key is no change, and Bitbucket keeps what was registered."""

    name: Annotated[StrictStr, Same(lambda old, new, state: old == new or not new)] = ""
    """What the key is called in Bitbucket; without it, what Bitbucket makes of that. It cannot be changed for a key
    that exists."""


class State(Args):
    fingerprint: str
    """Fingerprint of the key, as Bitbucket writes it. Case does not matter."""

    key_id: str | None = None
    """The end of the fingerprint, by which GPG also knows the key."""

    expires_on: str | None = None
    """When the key expires, in ISO 8601. Absent when never."""

    created_on: str | None = None
    """When the key was made, in ISO 8601."""

    user_uuid: str | None = None
    """UUID of the account, without braces."""

    account_id: str | None = None
    """Atlassian account id of the account."""


class UserGpgKey(Key):
    """A public GPG key of a Bitbucket account, managed with that account's own credential. Bitbucket cannot change one:
    another name needs another key, and is refused in the preview without one."""

    KIND = USER_GPG_KEYS
    ARGS = Args
    STATE = State
    ID = ("user_id", "fingerprint")
    EXAMPLES = (
        "{d301aafa-d676-4ee0-88be-962be7417567}/c959bdbafa32a2f89a153b678cfde12197965a9a",
        "712020:8f4b2c1e-5d6a-4b3c-9e8f-7a6b5c4d3e2f/C959BDBAFA32A2F89A153B678CFDE12197965A9A",
    )
    CALLED = "name"
    UPDATES = False
    ELSEWHERE = "another account"
    ADVICE = "the same key cannot be registered anew: use another key"

    def id(self, state: State) -> str:
        return f"{in_id(state.user_uuid or state.user_id)}/{normal(state.fingerprint)}"

    def identity(self, text: str) -> str:
        return fingerprint(text)

    def handle(self, entry: Answer) -> str:
        return normal(entry.text("fingerprint"))

    def held(self, state: State) -> str:
        return normal(state.fingerprint)

    def body(self, args: Args) -> dict[str, Any]:
        return {"key": args.key, "name": args.name} if args.name else {"key": args.key}

    def facts(self, key: str, entry: Answer) -> dict[str, Any]:
        del key
        owner = entry.maybe("owner.uuid")
        return {
            "fingerprint": entry.text("fingerprint"),
            "keyId": entry.maybe("key_id"),
            "expiresOn": entry.maybe("expires_on"),
            "createdOn": entry.maybe("created_on"),
            "userUuid": bare(owner) if owner else None,
            "accountId": entry.maybe("owner.account_id"),
        }

    def find(self, things: Things, handle: str, is_import: bool) -> Evidence:
        return things.find([normal(handle)], {"fingerprint": handle})

    def recognise(self, api: Api, state: State) -> None:
        api.people.learn(state.user_uuid, state.account_id)

    def fits(self, name: str, part: str) -> bool:
        return bool(re.fullmatch(r"[0-9A-Fa-f]{40,64}", part)) if name == "fingerprint" else super().fits(name, part)
