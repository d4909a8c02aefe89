"""What the resources and functions of one process share: the client, the listings, who is who, who wants what."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

from ..config import Config
from ..errors import ApiError, NotFound
from ..models.person import bare
from ..operation import current
from ..rest.client import Client, Path
from ..rest.credentials import STACK, Environment, Kind, Origin
from .claims import Claims
from .listings import Entry, Listing
from .people import People

READ_PEOPLE = (Kind.API_TOKEN, Kind.OAUTH, Kind.ACCESS_TOKEN)
USER = Path("/user", reads=READ_PEOPLE)


class Api(Client):
    def __init__(self, config: Config, environ: Environment, origin: Origin = STACK) -> None:
        super().__init__(config, environ, origin)
        self.people = People()
        self.claims = Claims()
        self.revoked: set[str] = set()
        """Spellings of everybody from whom this process has taken a grant, wherever that was."""
        self._listings: dict[str, Listing] = {}
        self._share = threading.Lock()
        self._once = threading.Lock()
        self._caller: dict[str, Any] | None = None
        self._trusted: set[tuple[Kind, ...]] = set()
        self._warned: set[str] = set()

    def listing(self, path: Path, fields: Any, names: Callable[[Entry], Iterable[str]], **query: str) -> Listing:
        """The one listing of this path in the process."""
        key = path.fill(fields) + repr(sorted(query.items()))
        with self._share:
            return self._listings.setdefault(key, Listing(lambda: self.pages(path, fields, **query), names))

    def caller(self) -> dict[str, Any]:
        """The account that the credential belongs to; one call a process. https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/#api-user-get"""
        with self._once:
            if self._caller is None:
                account: dict[str, Any] = self.get(USER, {})
                self.people.learn(account["uuid"], account.get("account_id"))
                self._caller = account
            return self._caller

    def is_caller(self, user_uuid: str) -> bool:
        return bare(self.caller()["uuid"]) == bare(user_uuid)

    def gone(self, what: NotFound, path: Path, place: str, leaving: str) -> None:
        """Settles a 404 of a place: the thing is gone only when the credential is sound. Raises ApiError.

        Warns once a place.
        """
        self.probe(path)
        with self._share:
            first = place not in self._warned
            self._warned.add(place)
        if first:
            current.get().warn(
                f"{place} answers {what.status}: deleted, or this credential no longer sees it; {leaving} the state."
            )

    def probe(self, path: Path) -> None:
        """Asks once a process whether the credential that reads this path is accepted at all. Raises ApiError."""
        with self._once:
            if path.reads in self._trusted:
                return
            try:
                self.get(Path(USER.template, reads=path.reads), {})
            except ApiError as refusal:
                if refusal.status != 403:  # known to Bitbucket, though not allowed to ask this
                    raise
            self._trusted.add(path.reads)
