"""What a workspace holds, read place by place: who holds which direct grant, and what could not be read and why.

Everything comes as plain dataclasses, because an interrupted run keeps it in a file. A place that refuses is noted and
the rest is read; only what refuses everywhere (a credential, the rate limit, the network) ends the run.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from ..errors import ApiError, BitbucketError, InvalidInput, NotKnown, OddAnswer, RateLimited, Unauthorized
from ..functions.function import every
from ..functions.get_projects import PROJECTS
from ..functions.get_repositories import REPOSITORIES
from ..functions.get_workspace_permissions import ROLES
from ..functions.get_workspace_repository_permissions import EVERYWHERE
from ..functions.member import MEMBERS, members_by_email
from ..models.person import ACCOUNT_ID, bare, is_uuid
from ..rest.answer import Answer
from ..rest.client import Path
from ..rest.scopes import needed
from ..run.grants import PROJECT_GROUPS, PROJECT_USERS, REPOSITORY_GROUPS, REPOSITORY_USERS, GrantKind, group, person
from ..run.place import USER
from .journal import Journal
from .session import Session

LEVELS = {"none": 0, "read": 1, "write": 2, "create-repo": 2, "admin": 3}
"""Of repositories; in those of a project, create-repo is write."""
WITH_EMAIL = {"fields": "+values.user.email"}
LIST_OF_PROJECTS, ROLES_OF_MEMBERS = "the list of projects", "roles in the workspace"
EFFECTIVE = "effective permissions"
USERS: dict[str, GrantKind] = {"repository": REPOSITORY_USERS, "project": PROJECT_USERS}
GROUPS: dict[str, GrantKind] = {"repository": REPOSITORY_GROUPS, "project": PROJECT_GROUPS}


@dataclass
class Person:
    uuid: str
    """Without braces."""
    account_id: str = ""
    name: str = ""
    email: str = ""

    @property
    def id(self) -> str:
        return self.account_id or self.uuid

    @property
    def shown(self) -> str:
        return self.name or self.id


@dataclass
class Held:
    """What one subject holds at a place: a person by UUID, or a group by slug."""

    subject: str
    name: str
    level: str


@dataclass
class Place:
    kind: str
    """repository or project."""
    name: str
    """Slug or key."""
    project: str = ""
    """Key of the project that a repository is in."""
    title: str = ""
    public: bool = False
    users: list[Held] = field(default_factory=list)
    groups: list[Held] = field(default_factory=list)
    read: bool = True
    """Whether all that was asked for could be read."""

    @property
    def shown(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def fields(self) -> dict[str, str]:
        return {"repo_slug" if self.kind == "repository" else "project_key": self.name}


@dataclass
class Skipped:
    """What could not be read."""

    place: str
    what: str
    why: str
    scopes: list[str] = field(default_factory=list)
    """Those that reading it needs, where scopes can be the reason."""


@dataclass
class Selection:
    """Which places to read. A glob of repositories alone leaves out projects; one of projects takes theirs along."""

    repositories: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()

    @property
    def with_projects(self) -> bool:
        return bool(self.projects) or not self.repositories

    def takes(self, place: Place) -> bool:
        if place.kind == "project":
            return not self.projects or _matches(place.name, self.projects)
        return (not self.repositories or _matches(place.name, self.repositories)) and (
            not self.projects or _matches(place.project, self.projects)
        )


def _matches(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name.lower(), glob.lower()) for glob in globs)


def check_workspace(workspace: str) -> None:
    """Raises InvalidInput for what cannot name one: the name stands in paths and in the files that are written."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+|{[0-9A-Fa-f-]{36}}", workspace):
        raise InvalidInput(f"'{workspace}' is no slug of a workspace.")


class Reader:
    def __init__(self, session: Session, workspace: str, resume: bool, **about: Any) -> None:
        """`about` is what else tells this run from others, so that it goes on with none but its own answers."""
        check_workspace(workspace)
        self.session = session
        self.api = session.api
        self.workspace = workspace
        about |= {"workspace": workspace, "host": session.api.base_url, "caller": self._own_uuid()}
        self.journal = session.journal = Journal(about, resume)
        self.people: dict[str, Person] = {}
        self.skipped = session.skipped
        if self.journal.resumed:
            session.say(f"Going on: {self.journal.resumed:,} answers of the run before are used.")

    @property
    def at(self) -> dict[str, str]:
        return {"workspace": self.workspace}

    def caller(self) -> Person:
        """Whose credential it is."""
        return self._met(Person(**_account(self.session.once(self.api.caller))))

    def _own_uuid(self) -> str:
        """So that Grace does not go on with what Ada was answered; empty where Bitbucket does not tell."""
        try:
            return self.session.once(self.api.caller_uuid)
        except (Unauthorized, RateLimited):
            raise
        except (ApiError, OddAnswer):
            return ""

    def places(self, selection: Selection) -> list[Place]:
        """Projects and repositories, by name, without what they hold. Raises ApiError when the workspace refuses."""
        found = self.repositories()
        if selection.with_projects:
            found += self.projects()
        return sorted((one for one in found if selection.takes(one)), key=lambda one: (one.kind, one.name.lower()))

    def repositories(self) -> list[Place]:
        return [Place(**row) for row in self._all("repositories", REPOSITORIES, _repository_row)]

    def projects(self) -> list[Place]:
        """None, and noted, where they cannot be listed."""
        rows = self.tried(LIST_OF_PROJECTS, PROJECTS, lambda: self._all("projects", PROJECTS, _project_row))
        return [Place(**row) for row in rows or ()]

    def members(self) -> list[Person]:
        """The members of the workspace; none, and noted, where they cannot be read."""
        rows = self.tried("members", MEMBERS, lambda: self._all("members", MEMBERS, _member_row, WITH_EMAIL))
        return [self._met(Person(**row)) for row in rows or ()]

    def roles(self, query: dict[str, str] | None = None) -> dict[str, str]:
        """UUID → role in the workspace; none, and noted, where only administrators may look."""
        rows = self.tried(ROLES_OF_MEMBERS, ROLES, lambda: self._all("roles", ROLES, _role_row, query)) or ()
        for row in rows:
            self._met(Person(**row["user"]))
        return {row["user"]["uuid"]: row["role"] for row in rows}

    def effective(self) -> list[tuple[str, str, str]]:
        """UUID, slug and level of everybody who can do something in a repository, whatever gives it."""
        rows = self.tried(EFFECTIVE, EVERYWHERE, self.effective_rows) or ()
        for row in rows:
            self._met(Person(**row["user"]))
        return [(row["user"]["uuid"], row["slug"], row["level"]) for row in rows]

    def effective_rows(self, query: dict[str, str] | None = None) -> list[Any]:
        """One for each person and repository, 100 a call. Raises ApiError unless the caller is an administrator."""
        return self._all("effective", EVERYWHERE, _effective_row, query, _person_and_repository)

    def fill(self, places: list[Place], groups: bool) -> None:
        """Reads who holds what at each place: one call for people and one for groups, more for more than 100."""
        self.session.each("places", places, lambda place: self._fill(place, groups))
        self.skipped.sort(key=lambda one: (one.place, one.what))

    def _fill(self, place: Place, groups: bool) -> None:
        users = USERS[place.kind]
        rows = self.tried("people", users.list_path, lambda: self._user_rows(place), place.shown)
        place.read = rows is not None
        for row in rows or ():
            self._met(Person(**row["user"]))
            place.users.append(Held(row["user"]["uuid"], row["user"]["name"], row["level"]))
        if groups:
            rows = self.tried("groups", GROUPS[place.kind].list_path, lambda: self.group_rows(place), place.shown)
            place.read = place.read and rows is not None
            place.groups += [Held(**row) for row in rows or ()]
        place.users.sort(key=lambda one: (one.name.lower(), one.subject))
        place.groups.sort(key=lambda one: one.subject)

    def _user_rows(self, place: Place) -> Any:
        def read() -> list[Any]:
            entries = self._held(USERS[place.kind], place)
            return [{"user": _user(one), "level": level_of(one)} for one in entries]

        return self.journal.ask(f"{place.shown} users", read)

    def group_rows(self, place: Place) -> list[Any]:
        """What groups hold there, asked once."""

        def read() -> list[Any]:
            entries = self._held(GROUPS[place.kind], place)
            return [asdict(Held(group(one).id, group(one).name or "", level_of(one))) for one in entries]

        rows: list[Any] = self.journal.ask(f"{place.shown} groups", read)
        return rows

    def _held(self, kind: GrantKind, place: Place) -> list[Answer]:
        entries = self.api.things(kind, self.at | place.fields).all().entries
        return [one for one in entries if kind.is_there(one)]

    def _all(
        self,
        key: str,
        path: Path,
        row: Callable[[Answer], Any],
        query: dict[str, str] | None = None,
        name: Callable[[Answer], str] | None = None,
    ) -> list[Any]:
        named = name or (lambda entry: str(row(entry)))
        read = lambda: [row(entry) for entry in every(self.api, path, self.at, named, query)]  # noqa: E731
        rows: list[Any] = self.session.once(lambda: self.journal.ask(key, read))
        return rows

    def tried(self, what: str, path: Path | None, work: Callable[[], Any], place: str = "workspace") -> Any:
        """What the work returns; None, and noted, where only this place refuses."""
        try:
            return work()
        except (Unauthorized, RateLimited):
            raise
        except (ApiError, OddAnswer, NotKnown) as refusal:
            self.skipped.append(Skipped(place, what, str(refusal), self._scopes(path, refusal)))
            return None

    def _scopes(self, path: Path | None, refusal: BitbucketError) -> list[str]:
        if path is None or not isinstance(refusal, ApiError) or refusal.status != 403:
            return []
        kinds = [kind for kind in path.reads if kind in self.api.credentials]
        return [*needed("GET", path.template, kinds[0] if kinds else path.reads[0])]

    def _met(self, one: Person) -> Person:
        """One object a person, with all that any answer has told."""
        known = self.people.setdefault(one.uuid, one)
        known.account_id, known.name = known.account_id or one.account_id, known.name or one.name
        known.email = known.email or one.email
        return known


def _account(account: Answer) -> dict[str, str]:
    return {
        "uuid": bare(account.text("uuid")),
        "account_id": account.maybe("account_id") or "",
        "name": account.maybe("display_name") or "",
    }


def _user(entry: Answer) -> dict[str, str]:
    subject = person(entry)
    return {"uuid": subject.id, "account_id": subject.account_id or "", "name": subject.name or ""}


def _member_row(entry: Answer) -> dict[str, str]:
    return _user(entry) | {"email": entry.maybe("user.email") or ""}


def _role_row(entry: Answer) -> dict[str, Any]:
    return {"user": _user(entry), "role": entry.text("permission")}


def _effective_row(entry: Answer) -> dict[str, Any]:
    slug = entry.text("repository.full_name").rpartition("/")[2]
    return {"user": _user(entry), "slug": slug, "level": level_of(entry)}


def level_of(entry: Answer) -> str:
    """Raises OddAnswer for one that this version knows nothing of: where it stands cannot be told."""
    level = entry.text("permission")
    if level not in LEVELS:
        raise OddAnswer(f"{entry.call} has an answer with a `permission` that this version does not know: '{level}'.")
    return level


def _person_and_repository(entry: Answer) -> str:
    return f"{entry.text('user.uuid')} {entry.text('repository.full_name')}"


def _repository_row(entry: Answer) -> dict[str, Any]:
    return {
        "kind": "repository",
        "name": entry.maybe("slug") or entry.text("full_name").rpartition("/")[2],
        "project": entry.maybe("project.key") or "",
        "title": entry.maybe("name") or "",
        "public": entry.has("is_private") and not entry.flag("is_private"),
    }


def _project_row(entry: Answer) -> dict[str, str]:
    return {"kind": "project", "name": entry.text("key"), "title": entry.maybe("name") or ""}


def find_person(reader: Reader, who: str) -> Person:
    """The person of an account id, a UUID or an e-mail address. Raises BitbucketError."""
    if "@" in who:
        found = members_by_email(reader.api, reader.workspace, [who]).get(who.lower())
        if not found:
            raise BitbucketError(f"No member of {reader.workspace} has the address {who}.")
        return Person(found.user_uuid, found.account_id, found.display_name, who)
    if not is_uuid(who) and not ACCOUNT_ID.fullmatch(who):
        raise InvalidInput(f"'{who}' is no account id, no UUID and no e-mail address; names are not unique.")
    return Person(**_account(reader.api.get(USER.itself, {"user_id": who})))
