"""Rules that a team checks before a rollout: plain functions over what a preview plans. Change them to your own."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

NOT_KNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How Pulumi writes a value that a preview does not know yet."""

SECRET = "[secret]"
"""And one that is secret."""


@dataclass(frozen=True)
class Planned:
    """A resource as it will be after the update. `inputs` are named as in schema.json: userId, permission, secured."""

    name: str
    kind: str
    inputs: dict[str, Any]

    @property
    def grants(self) -> dict[str, str]:
        """Who may do what: everybody in the map of a set, the one person of a single grant."""
        everybody = self.inputs.get("permissions")
        if isinstance(everybody, dict):
            return everybody
        if everybody is not None:
            return {NOT_KNOWN: NOT_KNOWN}
        return (
            {self.inputs["userId"]: self.inputs["permission"]} if {"userId", "permission"} <= self.inputs.keys() else {}
        )

    @property
    def groups(self) -> list[str]:
        """Slugs of the groups that are granted something."""
        named = self.inputs.get("groups", {})
        if not isinstance(named, dict):
            return [NOT_KNOWN]
        return [*named, *([self.inputs["groupSlug"]] if "groupSlug" in self.inputs else [])]


Rule = Callable[[Iterable[Planned]], Iterator[str]]
"""Yields one sentence for each thing that is against it."""


def no_direct_administrators(plan: Iterable[Planned]) -> Iterator[str]:
    """Administrators come from a group, so that one place says who they are."""
    for one in plan:
        for person, permission in one.grants.items():
            if permission in (NOT_KNOWN, SECRET):
                yield f"{one.name}: what {person} may do is not known before the update"
            if permission == "admin":
                yield f"{one.name}: {person} would be a direct administrator"


def nobody_outside(people: Iterable[str]) -> Rule:
    """Only these account ids are granted anything, and groups that stand there as `group:SLUG`. What is not known
    before the update is refused too."""
    known = set(people)

    def rule(plan: Iterable[Planned]) -> Iterator[str]:
        for one in plan:
            for person in one.grants:
                if person == NOT_KNOWN:
                    yield f"{one.name}: who is granted access is not known before the update"
                elif person not in known:
                    yield f"{one.name}: {person} is not one of the people in the list"
            for group in one.groups:
                if group == NOT_KNOWN:
                    yield f"{one.name}: which groups are granted access is not known before the update"
                elif f"group:{group}" not in known:
                    yield f"{one.name}: the group {group} is not in the list"

    return rule


def variables_are_secured(plan: Iterable[Planned]) -> Iterator[str]:
    """A variable that is not secured can be read by whoever may see the settings or the log of a pipeline."""
    for one in plan:
        if one.kind.endswith("PipelineVariable") and one.inputs.get("secured") is not True:
            yield f"{one.name}: the variable {one.inputs.get('key')} is not secured"
