"""Who is who, as answers and state have shown in this process."""

import threading
from collections.abc import Iterable

from ..models.person import is_uuid, normal
from .facts import ACCOUNT_ID, UUID


class People:
    """The spellings that answers and state have shown to be one person. Safe for threads."""

    def __init__(self) -> None:
        self._forms: dict[str, frozenset[str]] = {}
        self._names: dict[str, str] = {}
        self._lock = threading.Lock()

    def learn(self, *forms: str | None, name: str | None = None) -> None:
        with self._lock:
            together = frozenset(normal(form) for form in forms if form)
            for form in together:
                together |= self._forms.get(form, frozenset())
            self._forms.update(dict.fromkeys(together, together))
            if name:
                self._names.update(dict.fromkeys(together, name))

    def name(self, user_id: str) -> str | None:
        """What Bitbucket calls the person, as far as it has been seen."""
        with self._lock:
            return self._names.get(normal(user_id))

    def forms(self, *user_ids: str | None) -> frozenset[str]:
        """Every known spelling of one person, or of several."""
        with self._lock:
            asked = {normal(user_id) for user_id in user_ids if user_id}
            return frozenset(asked).union(*(self._forms.get(form, frozenset()) for form in asked))

    def unresolved(self, user_ids: Iterable[str]) -> dict[str, str]:
        """The form, UUID or account id, of each of whom no other form is known."""
        alone = (normal(user_id) for user_id in user_ids if len(self.forms(user_id)) == 1)
        return {name: UUID if is_uuid(name) else ACCOUNT_ID for name in alone}
