"""Who gains and who loses what, from the events of a preview. Values of variables are in no event and in no change."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.automation import EngineEvent, OpType
from pulumi.automation.events import StepEventMetadata

PROVIDER = "bitbucket-user:"
"""In the type of a resource; those of dynamic resources have `pulumi-python:dynamic/` before it."""

LEVELS = ("", "read", "write", "create-repo", "admin")
NOT_KNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How Pulumi writes a value that a preview does not know yet."""

MARKS = "−↓~↑+"
PLANNED = ("gains {}", "loses {}", "{} → {}")
BY_HAND = ("was given {}", "lost {}", "{} → {}")
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """One line: `− acme/api  Alan Turing  loses admin`."""

    mark: str
    where: str
    who: str
    what: str
    id: str = ""
    """Which person or group that is: two people may have one name."""

    @property
    def order(self) -> tuple[Any, ...]:
        """What takes something away comes first."""
        return (MARKS.index(self.mark), self.where, self.who)

    def __str__(self) -> str:
        return f"{self.mark} {self.where}: {self.who} {self.what}"


def planned(events: Iterable[EngineEvent]) -> list[Change]:
    """What an update would do, from the events of a preview."""
    found = Changes(PLANNED)
    for event in events:
        if event.resource_pre_event:
            found.take(event.resource_pre_event.metadata, after="inputs")
        elif event.res_outputs_event:
            found.learn(event.res_outputs_event.metadata)  # the stack's outputs come last
    return found.sorted()


def by_hand(events: Iterable[EngineEvent]) -> list[Change]:
    """What is in Bitbucket otherwise than in the state, from the events of the preview of a refresh."""
    found = Changes(BY_HAND)
    for event in events:
        if event.res_outputs_event:
            found.take(event.res_outputs_event.metadata, after="outputs")
    return found.sorted()


def beyond(agreed: Iterable[Change], now: Iterable[Change]) -> list[Change]:
    """What nobody has agreed to. To do less is in order: somebody, or an earlier run, has done the rest."""
    agreed = [*agreed]
    return [one for one in now if one not in agreed]


class Changes:
    def __init__(self, words: tuple[str, str, str]) -> None:
        self.words = words
        self.names: dict[str, str] = {}
        """Account id → the name of its owner, where state or program tell it."""
        self.levels: dict[tuple[str, str], list[str]] = {}
        """(place, person or group) → the level before and after, of all resources together."""
        self.things: list[Change] = []

    def learn(self, step: StepEventMetadata) -> None:
        for state in (step.old, step.new):
            values = (state and state.outputs) or {}
            if step.type == "pulumi:pulumi:Stack" and isinstance(values.get("people"), dict):
                self.names |= values["people"]
            grants = values.get("grants")
            for one in [values, *(grants if isinstance(grants, list) else [])]:
                for key in ("accountId", "userId", "userUuid"):
                    if one.get(key) and isinstance(one.get("displayName"), str):
                        self.names[one[key]] = one["displayName"]

    def take(self, step: StepEventMetadata, after: str) -> None:
        self.learn(step)
        if PROVIDER not in step.type or step.type.startswith("pulumi:"):
            return
        ends = step.op in (OpType.DELETE, OpType.DELETE_REPLACED)
        begins = step.op in (OpType.CREATE, OpType.CREATE_REPLACEMENT)
        if not (ends or begins or step.op == OpType.UPDATE):
            return
        held, leaves = (granted, removed) if after == "inputs" else (seen, seen)
        old = {} if begins or not step.old else step.old.outputs or {}
        new = {} if ends or not step.new else getattr(step.new, after) or {}
        if not step.type.endswith(("Permission", "Permissions")):
            kind, name = step.type.rpartition(":")[2], step.urn.rpartition("::")[2]
            what = "is removed" if ends else "is made" if begins else "is changed"
            self.things.append(Change("~", place(new or old), f"{kind} {name}", what))
            return
        old_held = leaves(old) if ends else held(old)
        if old and new and after == "inputs":
            old_held = {**strangers(old, new), **old_held}
        # When it is not known yet who will be in a set, everybody who is in it counts as going: they may.
        for number, values, them in ((0, old, old_held), (1, new, held(new))):
            for who, level in them.items():
                self.levels.setdefault((place(values), who), ["", ""])[number] = level

    def sorted(self) -> list[Change]:
        found = [
            self.access(where, who, before, after)
            for (where, who), (before, after) in self.levels.items()
            if before != after
        ]
        return sorted(found + self.things, key=lambda one: one.order)

    def access(self, where: str, id: str, before: str, after: str) -> Change:
        gains, loses, other = self.words
        who = self.names.get(id, id)
        if NOT_KNOWN in (before, after):
            return Change("~", where, who.replace(NOT_KNOWN, "people"), "not known before the update", id)
        if not before:
            return Change("+", where, who, gains.format(after), id)
        if not after:
            return Change("−", where, who, loses.format(before), id)
        mark = "↑" if LEVELS.index(after) > LEVELS.index(before) else "↓"
        return Change(mark, where, who, other.format(before, after), id)


def granted(values: Values) -> dict[str, str]:
    """Who may do what: everybody in the maps of a set, or the person or group of a single grant."""
    if "permissions" in values:
        people, groups = values["permissions"], values.get("groups") or {}
        if not isinstance(people, dict) or not isinstance(groups, dict):
            return {NOT_KNOWN: NOT_KNOWN}
        return {**people, **{f"group {slug}": level for slug, level in groups.items()}}
    if "permission" in values:
        who = f"group {values['groupSlug']}" if "groupSlug" in values else values.get("userId", NOT_KNOWN)
        return {who: values["permission"]}
    return {}


def removed(values: Values) -> dict[str, str]:
    """Who loses what when the resource goes: of a set those whom its maps name, and nobody else who holds a grant."""
    if "grants" not in values:
        return granted(values)
    return {who: one["permission"] for who, one in grants(values).items() if one["managed"]}


def seen(values: Values) -> dict[str, str]:
    """Who holds what: in a place that a set has for itself everybody, also those whom it would leave alone."""
    if "grants" not in values or not values.get("exclusive"):
        return granted(values)
    return {who: one["permission"] for who, one in grants(values).items()}


def strangers(old: Values, new: Values) -> dict[str, str]:
    """Whom the set has left alone until now: it takes the place for itself from now on, or keeps no caller any more."""
    if "grants" not in old or new.get("exclusive") is False:
        return {}
    stay = {*(old.get("__refused") or []), *([old.get("__caller")] if new.get("keepCaller") is not False else [])}
    return {
        who: one["permission"]
        for who, one in grants(old).items()
        if not one["managed"] and stay.isdisjoint((who, one.get("userUuid"), one.get("groupSlug")))
    }


def grants(values: Values) -> dict[str, Any]:
    people = {one.get("accountId") or one["userUuid"]: one for one in values["grants"]}
    return {**people, **{f"group {one['groupSlug']}": one for one in values.get("groupGrants") or []}}


def place(values: Values) -> str:
    workspace = values.get("workspace")
    if "projectKey" in values:
        return f"{workspace} project {values['projectKey']}"
    if "repoSlug" in values:
        where = f"{workspace}/{values['repoSlug']}"
        return f"{where} {values['environment']}" if "environment" in values else where
    return workspace or f"account {values.get('userId')}"


def plain(text: str) -> str:
    """A message of the engine without its colours, and without the way there inside Pulumi."""
    return re.sub(r"<{%.*?%}>|^python inline source runtime error: ", "", text).partition("\nTraceback ")[0].strip()
