"""One person, many spellings: an account id, a UUID with or without braces, in any case."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

from .model import Same

BARE_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
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


def spelt(name: str) -> str:
    """A name of a place as it is compared: UUIDs without braces, everything without case, but account ids."""
    return bare(name) if is_uuid(name) else name if ":" in name else name.lower()


def account_id(user_id: str) -> str | None:
    """The account id, where the spelling is one."""
    return None if is_uuid(user_id) else user_id


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
