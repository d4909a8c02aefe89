"""Makes a report of what a workspace holds, what stacks say of it, and what it held the last time."""

from collections.abc import Iterable
from datetime import datetime, timezone

from .. import __version__
from .reading import EFFECTIVE, LEVELS, LIST_OF_PROJECTS, ROLES_OF_MEMBERS, Person, Place, Reader
from .review import Change, Gap, Grant, Head, Report, Subject, Where
from .states import Managed

GAPS = {LIST_OF_PROJECTS: "project", ROLES_OF_MEMBERS: "role", EFFECTIVE: "effective"}
"""What could not be read of a whole workspace, and the kind of place or the source of the grants that it would show."""

Key = tuple[str, str, str, str, str]
"""Kind and name of a place, kind and id of a subject, source."""


def collected(reader: Reader, places: list[Place], roles: dict[str, str], effective: bool, by: Person) -> Report:
    """The report without comparisons. `places` are read already."""
    head = Head(
        workspace=reader.workspace,
        made_on=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        made_by=f"{by.shown} ({by.id})",
        version=__version__,
        people=0,
        groups=0,
        repositories=0,
        projects=0,
        grants=0,
        complete=True,
        effective=effective,
    )
    return _Collector(reader, places, roles).report(head)


class _Collector:
    def __init__(self, reader: Reader, places: list[Place], roles: dict[str, str]) -> None:
        self.reader = reader
        self.roles = roles
        self.held = places
        self.places = [Where(kind="workspace", name=reader.workspace)]
        self.places += [
            Where.model_validate(
                {"kind": one.kind, "name": one.name, "project": one.project, "title": one.title, "public": one.public}
            )
            for one in places
        ]
        self.subjects: list[Subject] = []
        self.index: dict[tuple[str, str], int] = {}
        self.grants: list[Grant] = []

    def report(self, head: Head) -> Report:
        for uuid, role in self.roles.items():
            if role == "owner":
                self._add(self._person(uuid), 0, "admin", "role")
        for number, place in enumerate(self.held, 1):
            for held in place.users:
                self._add(self._person(held.subject), number, held.level, "direct")
            for group in place.groups:
                self._add(self._subject("group", group.subject, group.name), number, group.level, "group")
        if head.effective:
            self._effective()
        self._administrators_first()
        gaps = [Gap.model_validate(vars(one)) for one in self.reader.skipped]
        return Report(head=head, subjects=self.subjects, places=self.places, grants=self.grants, gaps=gaps)

    def _effective(self) -> None:
        """What somebody can do in a repository beyond what own permission, project and role give."""
        numbers = {place.name: number for number, place in enumerate(self.held, 1) if place.kind == "repository"}
        projects = {place.name: number for number, place in enumerate(self.held, 1) if place.kind == "project"}
        known = {(one.subject, one.place): one.level for one in self.grants}
        for uuid, slug, level in self.reader.effective():
            if slug not in numbers:
                continue
            subject, number = self._person(uuid), numbers[slug]
            project = projects.get(self.places[number].project, -1)
            given = [known.get((subject, place), "none") for place in (0, project, number)]
            if LEVELS[level] > max(LEVELS[one] for one in given):
                self._add(subject, number, level, "effective")

    def _administrators_first(self) -> None:
        """Who has most to lose first: administrators of the workspace, then those of many places, then by name."""
        admin = [0] * len(self.subjects)
        for grant in self.grants:
            admin[grant.subject] += (10**9 if grant.source == "role" else 1) * (grant.level == "admin")

        def rank(number: int) -> tuple[int, str, str]:
            return -admin[number], self.subjects[number].shown.lower(), self.subjects[number].id

        order = sorted(range(len(self.subjects)), key=rank)
        moved = {old: new for new, old in enumerate(order)}
        self.subjects = [self.subjects[number] for number in order]
        for grant in self.grants:
            grant.subject = moved[grant.subject]
        self.grants.sort(key=lambda one: (one.subject, one.place, one.source))

    def _add(self, subject: int, place: int, level: str, source: str) -> None:
        # model_construct: a hundred thousand grants would take seconds to validate.
        self.grants.append(Grant.model_construct(subject=subject, place=place, level=level, source=source))

    def _person(self, uuid: str) -> int:
        person = self.reader.people[uuid]
        number = self._subject("person", uuid, person.name)
        subject = self.subjects[number]
        subject.account_id, subject.email, subject.role = person.account_id, person.email, self.roles.get(uuid, "")
        return number

    def _subject(self, kind: str, id: str, name: str) -> int:
        if (kind, id) not in self.index:
            self.index[kind, id] = len(self.subjects)
            self.subjects.append(Subject.model_validate({"kind": kind, "id": id, "name": name}))
        return self.index[kind, id]


def compare_with_states(report: Report, states: Iterable[Managed]) -> None:
    """Says of each grant which stack manages it, and what states and Bitbucket say differently."""
    aliases = {one.account_id: one.id for one in report.subjects if one.account_id}
    wanted: dict[Key, Managed] = {}
    for one in states:
        kind, source = ("group", "group") if one.is_group else ("person", "direct")
        wanted[one.place_kind, one.place.lower(), kind, aliases.get(one.subject, one.subject).lower(), source] = one
    for grant in report.grants:
        managed = wanted.pop(_key(report, grant), None)
        if managed is None:
            continue
        grant.managed_by, grant.urn = managed.stack, managed.urn
        if managed.level != grant.level:
            report.drift.append(_drift(report.subjects[grant.subject].shown, managed, grant.level))
    read = {(one.kind, one.name.lower()) for one in report.places}
    unread = {gap.place for gap in report.gaps}
    names = {one.id: one.shown for one in report.subjects}
    for key, managed in wanted.items():
        if key[:2] in read and managed.shown_place not in unread:
            report.drift.append(_drift(names.get(managed.subject, managed.subject), managed, "none"))


def _drift(name: str, managed: Managed, now: str) -> Change:
    place, before = managed.shown_place, managed.level
    return Change(subject=name, place=place, before=before, now=now, stack=managed.stack, urn=managed.urn)


def compare_with_report(report: Report, last: Report) -> None:
    """Marks what is new or has another level since the last report, and lists what is gone."""
    report.head.since = last.head.made_on
    before = {_key(last, grant): grant for grant in last.grants}
    for grant in report.grants:
        old, where = before.pop(_key(report, grant), None), report.places[grant.place]
        if old or not _hides(last, report, where, grant):
            level = old.level if old else "none"
            grant.before = level if level != grant.level else None
    for grant in before.values():
        where = last.places[grant.place]
        if not _hides(report, last, where, grant):
            subject = last.subjects[grant.subject].shown
            report.gone.append(Change(subject=subject, place=where.shown, before=grant.level, now="none"))


def _hides(report: Report, other: Report, where: Where, grant: Grant) -> bool:
    """Whether the report, which lacks such a grant of the other one, cannot tell of it: something could not be read or
    was not asked for. An effective grant is what nothing else explains: both must have read all else."""
    if grant.source == "effective":
        told_by = {where.shown, f"project {where.project}", *GAPS.values()}
        return not report.head.effective or not told_by.isdisjoint(_unread(report) | _unread(other))
    return not _unread(report).isdisjoint((where.shown, where.kind, grant.source))


def _unread(report: Report) -> set[str]:
    return {GAPS.get(gap.what, gap.place) for gap in report.gaps}


def _key(report: Report, grant: Grant) -> Key:
    where, subject = report.places[grant.place], report.subjects[grant.subject]
    return where.kind, where.name.lower(), subject.kind, subject.id.lower(), grant.source
