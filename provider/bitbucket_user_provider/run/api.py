"""What the resources and functions of one process share: the client, the ledger, places and their things, who is
who."""

import threading
from contextlib import suppress
from typing import Any

from ..config import Config
from ..errors import ApiError, BitbucketError, ConfigurationError
from ..models.person import bare
from ..rest.answer import Answer
from ..rest.client import Client, Path
from ..rest.credentials import STACK, Environment, Kind, Origin
from .ledger import Ledger
from .people import People
from .place import CALLER, ROLE, USER, Place, PlaceKind, fields_of, known_uuid
from .things import ThingKind, Things

OWNER = "owner"
"""The role of a workspace's administrators."""


class Api(Client):
    def __init__(
        self, config: Config, environ: Environment, origin: Origin = STACK, ledger: Ledger | None = None
    ) -> None:
        """`ledger` is that of the run, which its other processes share; without one, this process is the whole run."""
        super().__init__(config, environ, origin)
        self.people = People()
        self.ledger = ledger or Ledger()
        self._places: dict[str, Place] = {}
        self._things: dict[tuple[str, str], Things] = {}
        self._share = threading.Lock()
        self._once = threading.Lock()
        self._caller: Answer | None = None
        self._trusted: set[tuple[Kind, ...]] = set()
        self._roles: dict[str, bool] = {}

    def place(self, kind: PlaceKind, source: Any) -> Place:
        made = (kind.made or Place)(self, kind, fields_of(kind, source), known_uuid(kind, source))
        with self._share:
            return self._places.setdefault(made.cache_key, made)

    def things(self, kind: ThingKind, source: Any) -> Things:
        """The things of this kind at the place that `source`, a mapping or a model, names."""
        place = self.place(kind.where, source)
        with self._share:
            return self._things.setdefault((kind.family, place.cache_key), Things(self, kind, place))

    def caller(self) -> Answer:
        """The account that the credential belongs to; one call a process.

        https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/#api-user-get
        """
        with self._once:
            if self._caller is None:
                account = self.get(CALLER.itself, {})
                self.people.learn(account.text("uuid"), account.maybe("account_id"))
                self._caller = account
            return self._caller

    def caller_uuid(self) -> str:
        return bare(self.caller().text("uuid"))

    def is_caller(self, user_uuid: str) -> bool:
        """Whether this is the credential's own account; no, where Bitbucket does not let this credential ask. Raises
        BitbucketError of any other trouble: the end of the own administrator right must not go unnoticed."""
        try:
            return self.caller_uuid() == bare(user_uuid)
        except ApiError as refusal:
            if refusal.status != 403:
                raise
            return False

    def who_is(self, user_id: str) -> frozenset[str]:
        """Every spelling of a person, asked for where only one is known; that one, where Bitbucket does not tell or
        cannot be asked."""
        if len(self.people.forms(user_id)) == 1:
            with suppress(BitbucketError):
                account = self.get(USER.itself, {"user_id": user_id})
                self.people.learn(user_id, account.text("uuid"), account.maybe("account_id"))
        return self.people.forms(user_id)

    def is_administrator(self, workspace: str) -> bool:
        """Whether the caller administers the workspace, asked once. Raises ApiError."""
        with self._once:
            if workspace not in self._roles:
                role = self.get(ROLE, {"workspace": workspace})
                self._roles[workspace] = role.maybe("permission") == OWNER
            return self._roles[workspace]

    def probe(self, path: Path) -> None:
        """Asks once a process whether the credential that reads this path is accepted at all. Raises ApiError."""
        with self._once:
            if path.reads in self._trusted:
                return
            with suppress(ConfigurationError):  # a JWT alone can ask this of nobody
                try:
                    self.get(Path(CALLER.itself.template, reads=path.reads), {})
                except ApiError as refusal:
                    if refusal.status != 403:  # known to Bitbucket, though not allowed to ask this
                        raise
            self._trusted.add(path.reads)
