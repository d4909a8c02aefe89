"""What each URN of this run wants, so that no delete takes it away.

A grant has no identity of its own, and Pulumi deletes last: after a rename, the delete of the old URN would revoke what
the new one has just granted. Only check and create claim; a destroy does neither, so everything it names is deleted.
"""

import threading
from collections.abc import Iterable

from .operation import current

Place = tuple[str, ...]
EVERYBODY = "*"


class Claims:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted: dict[tuple[Place, str], str] = {}
        self._adopted: dict[str, str] = {}

    def renew(self) -> None:
        """Forgets what the current URN wanted until now."""
        with self._lock:
            for key in [key for key, urn in self._wanted.items() if urn == current.get().urn]:
                del self._wanted[key]

    def claim(self, place: Place, persons: Iterable[str]) -> str | None:
        """Records that the current URN wants these persons at the place; another URN that does so too, if any.

        `EVERYBODY` claims the whole place, as a set does.
        """
        with self._lock:
            rival = None
            for person in persons:
                holder = self._wanted.setdefault((place, person), current.get().urn)
                rival = rival or (holder if holder != current.get().urn else None)
            return rival

    def others(self, place: Place, persons: Iterable[str]) -> str | None:
        """Another URN that wants one of these persons at the place."""
        with self._lock:
            holders = (self._wanted.get((place, person)) for person in persons)
            return next((urn for urn in holders if urn is not None and urn != current.get().urn), None)

    def at(self, place: Place) -> set[str]:
        """Every other URN that wants something at the place."""
        with self._lock:
            return {urn for (at, _), urn in self._wanted.items() if at == place} - {current.get().urn}

    def adopt(self, uuid: str) -> None:
        """Records that the current URN has taken over what exists under this UUID."""
        with self._lock:
            self._adopted[uuid] = current.get().urn

    def adopted(self, uuid: str) -> str | None:
        """Another URN that has taken it over in this run."""
        with self._lock:
            urn = self._adopted.get(uuid)
            return urn if urn != current.get().urn else None
