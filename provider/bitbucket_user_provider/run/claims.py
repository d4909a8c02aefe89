"""What each URN of this run wants, so that no delete takes it away.

Place and person are all that a grant is, and Pulumi keeps deletes for the end: after a rename, that of the old URN
would revoke what the new one has just granted; after a forced replacement, that of the very URN. Only check and create
claim; a destroy does neither, so everything it names is deleted.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable

from ..errors import BitbucketError
from ..operation import current

Place = tuple[str, ...]
EVERYBODY = "*"


class Claims:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted: defaultdict[Place, dict[str, str]] = defaultdict(dict)
        """Who wants whom there: person → URN."""
        self._wants: defaultdict[str, set[tuple[Place, str]]] = defaultdict(set)
        """The same by URN."""
        self._failed: set[str] = set()
        self._adopted: dict[str, str] = {}
        self._owned: dict[str, str] = {}
        self._held: set[tuple[Place, str]] = set()

    def renew(self) -> None:
        """Forgets what the current URN wanted until now."""
        with self._lock:
            for place, person in self._wants.pop(current.get().urn, ()):
                del self._wanted[place][person]

    def claim(self, place: Place, persons: Iterable[str]) -> str | None:
        """Records that the current URN wants these persons at the place; another URN that does so too, if any.

        `EVERYBODY` claims the whole place, as a set does.
        """
        with self._lock:
            rival = None
            for person in persons:
                holder = self._wanted[place].setdefault(person, current.get().urn)
                if holder == current.get().urn:
                    self._wants[holder].add((place, person))
                else:
                    rival = rival or holder
            return rival

    def others(self, place: Place, persons: Iterable[str]) -> str | None:
        """Another URN that wants one of these persons at the place."""
        with self._lock:
            holders = (self._wanted[place].get(person) for person in persons)
            return next((urn for urn in holders if urn is not None and urn != current.get().urn), None)

    def wanted(self, place: Place, persons: Iterable[str]) -> str | None:
        """The URN that wants one of these persons at the place, the current one included.

        Raises BitbucketError when that one has failed: until a run succeeds, what it wants is nobody's to delete.
        """
        with self._lock:
            holder = next((urn for urn in map(self._wanted[place].get, persons) if urn is not None), None)
            if holder in self._failed:
                raise BitbucketError(
                    f"{holder} wants this and has failed: it stays, here and there, until a run succeeds."
                )
            return holder

    def fail(self) -> None:
        """Records that what the current URN wants was not brought about."""
        with self._lock:
            self._failed.add(current.get().urn)

    def at(self, place: Place) -> set[str]:
        """Every other URN that wants something at the place."""
        with self._lock:
            return {*self._wanted[place].values()} - {current.get().urn}

    def hold(self, place: Place, persons: Iterable[str]) -> None:
        """Records that the stack's state holds these persons' grant at the place."""
        with self._lock:
            self._held.update((place, person) for person in persons)

    def holds(self, place: Place, persons: Iterable[str]) -> bool:
        with self._lock:
            return any((place, person) in self._held for person in persons)

    def adopt(self, uuid: str) -> None:
        """Records that the current URN has taken over what exists under this UUID."""
        with self._lock:
            self._adopted[uuid] = current.get().urn

    def own(self, uuid: str) -> None:
        """Records that what exists under this UUID is the current URN's, as its state says."""
        with self._lock:
            self._owned[uuid] = current.get().urn

    def owner(self, uuid: str) -> str | None:
        """The URN whose it is, as far as states of this run have said."""
        with self._lock:
            return self._owned.get(uuid)

    def owns(self, uuid: str) -> bool:
        return self.owner(uuid) == current.get().urn

    def adopted(self, uuid: str) -> str | None:
        """The URN that has taken it over in this run. It may be the current one: a replacement that creates first can
        take over the very thing that it deletes afterwards."""
        with self._lock:
            return self._adopted.get(uuid)
