"""A deployment environment of a repository, as a program names it."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

from .fields import name_in_id
from .model import Same
from .person import bare, is_uuid


def spelt_environment(name: str) -> str:
    """An environment's name, slug or UUID as it is compared: Bitbucket makes the slug of the name. What it makes of
    signs beyond ASCII is not known, and two names may differ in these alone."""
    if is_uuid(name):
        return bare(name)
    if not name.isascii():
        return name.lower()
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or name


def _environment(value: Any) -> str:
    try:
        return name_in_id(value, 255)
    except ValueError as wrong:
        raise ValueError(f"{wrong}; give the name of the environment, its slug or its UUID") from None


def same_environment(old: Any, new: Any, state: Any) -> bool:
    """Whether both mean the environment that the state knows by its UUID."""
    before, after = str(old), str(new)
    if is_uuid(after):
        return bare(after) in (bare(before), bare(state.get("environmentUuid") or ""))
    # Of two other names, such as `QA 1` and `QA-1`, each may be an environment.
    return before.lower() == after.lower() or spelt_environment(before) == after or spelt_environment(after) == before


EnvironmentName = Annotated[str, BeforeValidator(_environment), Same(same_environment)]
