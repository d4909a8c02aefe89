"""A group of a workspace, which the API names by its slug alone."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

from .fields import FORBIDDEN_IN_IDS
from .person import ACCOUNT_ID, is_uuid

SLUG = re.compile(r"[a-z0-9][a-z0-9._-]*")
OLD_ACCOUNT_ID = re.compile(r"(?=.*\d)[0-9a-f]{24}")
HOW_TO_FIND = "getRepositoryGroupPermissions and getProjectGroupPermissions list the slugs of groups"


def is_slug(text: str) -> bool:
    return SLUG.fullmatch(text) is not None and not is_uuid(text)


def _is_group(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"must be a string that is not empty: the slug of a group; {HOW_TO_FIND}")
    workspace, _, slug = value.partition(":")
    if is_slug(workspace) and is_slug(slug) and not workspace.isdigit():
        raise ValueError(f"'{value}' is a slug with its workspace: write '{slug}'")
    if is_uuid(value):
        raise ValueError(f"'{value}' is a UUID; a group is named by its slug: {HOW_TO_FIND}")
    if "@" in value or OLD_ACCOUNT_ID.fullmatch(value) or (":" in value and ACCOUNT_ID.fullmatch(value)):
        raise ValueError(
            f"'{value}' is a person, and a group belongs here: people have userId, and in a set the map permissions"
        )
    if FORBIDDEN_IN_IDS.search(value):
        raise ValueError("must hold none of / % ? # and no control character")
    if not is_slug(value):
        likely = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")
        hint = f", probably '{likely}'" if is_slug(likely) else ""
        raise ValueError(
            f"'{value}' is no slug of a group: a slug is the name in lower case, with - for what is no letter or "
            f"digit{hint}; {HOW_TO_FIND}"
        )
    return value


GroupSlug = Annotated[str, BeforeValidator(_is_group)]
