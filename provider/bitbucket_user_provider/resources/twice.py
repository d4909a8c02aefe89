"""One person under two keys of a map: refused as early as spelling, state or an answer shows it, before any removal."""

from collections.abc import Collection, Iterable

from ..errors import InvalidInput
from ..models.person import is_uuid
from ..run.api import Api


def twice(api: Api, keys: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of keys that are known to be one person."""
    seen: dict[str, str] = {}
    pairs = []
    for key in keys:
        forms = api.people.forms(key)
        pairs += [(seen[form], key) for form in forms if form in seen][:1]
        seen.update(dict.fromkeys(forms, key))
    return pairs


def refuse_twice(api: Api, keys: Iterable[str]) -> None:
    """Raises InvalidInput when two of the keys are known to be one person."""
    for first, second in twice(api, keys):
        raise InvalidInput(f'permissions["{first}"] and permissions["{second}"] are the same person: keep one.')


def refuse_twice_before_writing(api: Api, keys: Collection[str]) -> None:
    """Two keys of different kinds may be one person: those of the rarer kind are asked for before any write."""
    unresolved = [key for key in keys if len(api.people.forms(key)) == 1]
    by_uuid = [key for key in unresolved if is_uuid(key)]
    by_account_id = [key for key in unresolved if not is_uuid(key)]
    if by_uuid and by_account_id:
        for key in min(by_account_id, by_uuid, key=len):
            api.who_is(key)
    refuse_twice(api, keys)
