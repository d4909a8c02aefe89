"""Who holds what a map does not say, where a set comes to a place, or to its groups, for the first time."""

import json
from collections.abc import Collection
from typing import Any

from ..errors import Exists
from .held import GroupGrant, Held
from .plan import Plan
from .subjects import Subjects


def refuse_strangers(
    subjects: Subjects, args: Any, made: Plan, held: Collection[Held], caller: str | None, import_id: str | None
) -> None:
    """Raises Exists when somebody holds what the map does not say. An import brings in people alone, so of groups the
    whole map is given, for the program."""
    strangers = [
        step
        for step in made.steps
        if step.before
        and (step.after or args.exclusive)
        and not (step.after is None and args.keep_caller and step.id == caller)
    ]
    if not strangers:
        return
    found = [f"{one.name} {one.before}" + (f" instead of {one.after}" if one.after else "") for one in strangers]
    paste = ""
    if any(subjects.side(one.id).map == "groups" for one in strangers):
        groups = args.groups | {one.group_slug: one.permission for one in held if isinstance(one, GroupGrant)}
        paste = f". To keep the groups as they are, write groups: {json.dumps(dict(sorted(groups.items())))}"
    raise Exists(
        f"{subjects.place.shown} has grants that the map does not name: {', '.join(found)}; nothing was changed{paste}",
        import_id,
    )
