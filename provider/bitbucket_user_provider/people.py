"""One person, many spellings: an account id, a UUID with or without braces, in any case."""

import re
import threading
from typing import Annotated, Any

from pydantic import BeforeValidator

from .client import BARE_UUID
from .model import Same

ACCOUNT_ID = re.compile(r"[a-z0-9]+:[A-Za-z0-9:_-]+|(?=.*\d)[0-9a-z]{24}")
HOW_TO_FIND = "an account id or a UUID is needed; getWorkspaceMembers finds it from an e-mail address"


def bare(uuid: str) -> str:
    """A UUID as it stands in ids: lower case, no braces."""
    return uuid.strip("{}").lower()


def normal(user_id: str) -> str:
    """The spelling to compare by."""
    return bare(user_id) if is_uuid(user_id) else user_id


def is_uuid(text: str) -> bool:
    inner = text[1:-1] if text.startswith("{") and text.endswith("}") else text
    return BARE_UUID.fullmatch(inner) is not None


def _is_person(value: Any) -> Any:
    if isinstance(value, dict):
        raise ValueError("this is a map; quote it: '{…}'")
    if not isinstance(value, str) or not value:
        raise ValueError(f"must be a string that is not empty; {HOW_TO_FIND}")
    if not is_uuid(value) and not ACCOUNT_ID.fullmatch(value):
        what = "an e-mail address" if "@" in value else "neither an account id nor a UUID"
        raise ValueError(f"'{value}' is {what}; {HOW_TO_FIND}")
    return value


def same_person(old: Any, new: Any, state: Any) -> bool:
    """Whether both spellings name the person that the state knows by UUID and account id."""
    known = {normal(str(old)), *(normal(str(state[key])) for key in ("userUuid", "accountId") if state.get(key))}
    return normal(str(new)) in known


UserId = Annotated[str, BeforeValidator(_is_person), Same(same_person)]


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
        """Every known spelling of one person."""
        with self._lock:
            asked = {normal(user_id) for user_id in user_ids if user_id}
            return frozenset(asked).union(*(self._forms.get(form, frozenset()) for form in asked))
