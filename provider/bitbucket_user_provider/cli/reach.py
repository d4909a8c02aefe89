"""What one person reaches in a workspace: where, how far, and what gives it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..run.evidence import entry_of
from .reading import GROUPS, LEVELS, USERS, Held, Person, Place, Reader, level_of
from .states import Managed

UNMANAGED = "no stack"


@dataclass
class Reason:
    source: str
    """direct, project, group or role."""
    level: str
    text: str
    manager: str = ""
    """Which stack's resource gives it; empty where no export was given."""
    remedy: str = ""


@dataclass
class Reached:
    place: Place
    level: str
    reasons: list[Reason] = field(default_factory=list)

    @property
    def shown(self) -> str:
        return self.place.name if self.place.kind == "repository" else f"project {self.place.name}"

    @property
    def counts(self) -> bool:
        """What everybody may read anyway does not."""
        return not (self.place.public and LEVELS[self.level] <= LEVELS["read"])

    def told(self) -> dict[str, Any]:
        return {
            "kind": self.place.kind,
            "name": self.place.name,
            "level": self.level,
            "public": not self.counts,
            "reasons": [vars(one) for one in self.reasons],
        }


def reached(reader: Reader, person: Person, sources: bool, grants: list[Managed]) -> list[Reached]:
    """Raises ApiError when the credential is not that of an administrator of the workspace."""
    rows = reader.effective_rows({"q": f'user.uuid="{{{person.uuid}}}"'})
    levels = {row["slug"]: row["level"] for row in rows}
    places: dict[str, Place] = {}
    if sources or "read" in levels.values():
        places = {place.name: place for place in reader.repositories()}
    found = [Reached(places.get(slug, Place("repository", slug)), level) for slug, level in sorted(levels.items())]
    explainer = _Explainer(reader, person, grants)
    if sources:
        found = explainer.explain(found)
    elif grants:
        for one in found:
            one.reasons = explainer.by_state(one.place)
    return found


class _Explainer:
    def __init__(self, reader: Reader, person: Person, grants: Iterable[Managed]) -> None:
        self.reader = reader
        self.person = person
        self.grants = {(one.place_kind, one.place.lower(), one.is_group, one.subject.lower()): one for one in grants}
        self.has_state = bool(self.grants)
        self.is_owner = False
        """As administrators of the workspace are."""
        self._direct: dict[str, str] = {}
        self._known: dict[str, list[Held]] = {}

    def explain(self, found: list[Reached]) -> list[Reached]:
        """The same with reasons, and the projects in which the person holds something."""
        projects = self.reader.projects()
        places = [*projects, *(one.place for one in found)]
        self.reader.session.expect(len(places), f"{len(places):,} places")
        roles = self.reader.roles({"q": 'permission="owner"'})
        self.is_owner = roles.get(self.person.uuid) == "owner"
        levels = self.reader.session.each("places", places, self._held)
        self._direct = {place.shown: level for place, level in zip(places, levels, strict=True)}
        for one in found:
            one.reasons = self._reasons(one)
        held = [Reached(place, self._direct[place.shown]) for place in projects if self._direct[place.shown] != "none"]
        for one in held:
            one.reasons = [self._of_person(one.place, one.level, "direct")]
        return [*held, *found]

    def by_state(self, place: Place) -> list[Reason]:
        """What the given exports say, without asking Bitbucket."""
        manager = self._manager(place)
        return [self._of_person(place, manager.level, "direct")] if manager else []

    def _held(self, place: Place) -> str:
        """The direct permission; "none" without one, and noted, where it cannot be read."""

        def read() -> str:
            kind = USERS[place.kind]
            things = self.reader.api.things(kind, self.reader.at | place.fields)
            names = self.reader.api.people.forms(self.person.uuid)
            entry = entry_of(things.ask({"user_id": self.person.uuid}, names))
            return level_of(entry) if entry else "none"

        ask = lambda: self.reader.journal.ask(f"{place.shown} held", read)  # noqa: E731
        return str(self.reader.tried("the direct permission", USERS[place.kind].path, ask, place.shown) or "none")

    def _reasons(self, one: Reached) -> list[Reason]:
        found, project = [], Place("project", one.place.project)
        direct = self._direct[one.place.shown]
        above = self._direct.get(project.shown, "none")
        if direct != "none":
            found.append(self._of_person(one.place, direct, "direct"))
        if above != "none":
            found.append(self._of_person(project, above, "project"))
        if self.is_owner:
            found.append(
                Reason("role", "admin", "administrator of the workspace", "", "take this role away in its settings")
            )
        if max((LEVELS[reason.level] for reason in found), default=0) < LEVELS[one.level]:
            found.append(self._of_groups(one, project))
        return found

    def _of_person(self, place: Place, level: str, source: str) -> Reason:
        shown = place.shown if source == "project" else "direct"
        manager = self._manager(place)
        text = f"{level} on the {shown}" if source == "project" else f"direct: {level}"
        if manager:
            argument = "`permissions` of it" if manager.kind.endswith("s") else "the program"
            return Reason(source, level, text, manager.stack, f"{manager.urn}: take the person out of {argument}")
        where = "its settings in Bitbucket" if place.kind == "repository" else "the project's settings in Bitbucket"
        return Reason(source, level, text, UNMANAGED if self.has_state else "", f"remove the permission in {where}")

    def _of_groups(self, one: Reached, project: Place) -> Reason:
        """Nobody can be asked who is in a group, so those that are high enough are named."""
        enough = [
            (place, group)
            for place in (one.place, project)
            for group in self._groups(place)
            if LEVELS[group.level] >= LEVELS[one.level]
        ]
        names = ", ".join(f"{group.subject} ({group.level}, {place.shown})" for place, group in enough)
        text = f"one of the groups {names}" if names else "a group, or something that cannot be read"
        keys = [(place.kind, place.name.lower(), True, group.subject.lower()) for place, group in enough]
        stacks = sorted({self.grants[key].stack for key in keys if key in self.grants})
        shown = ", ".join(stacks) or (UNMANAGED if self.has_state else "")
        return Reason("group", one.level, text, shown, "take the person out of that group, or the group off the place")

    def _groups(self, place: Place) -> list[Held]:
        """Asked once a place, also where it refuses."""
        if place.name and place.shown not in self._known:
            rows = self.reader.tried(
                "groups", GROUPS[place.kind].list_path, lambda: self.reader.group_rows(place), place.shown
            )
            self._known[place.shown] = [Held(**row) for row in rows or ()]
        return self._known.get(place.shown, [])

    def _manager(self, place: Place) -> Managed | None:
        """What a stack manages of this person there."""
        forms = filter(None, (self.person.uuid, self.person.account_id))
        keys = [(place.kind, place.name.lower(), False, form.lower()) for form in forms]
        return next((self.grants[key] for key in keys if key in self.grants), None)
