"""What the emulator remembers: plain data and the ways to look things up in it."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from .switches import Switches

LEVELS = {"none": 0, "read": 1, "write": 2, "create-repo": 3, "admin": 4}


def stable_uuid(name: str) -> str:
    """The same UUID for the same name in every run, in braces as Bitbucket writes it."""
    return f"{{{uuids.uuid5(uuids.NAMESPACE_URL, f'https://bitbucket.example/{name}')}}}"


def new_uuid() -> str:
    return f"{{{uuids.uuid4()}}}"


def now() -> str:
    return datetime.now(timezone.utc).isoformat()


def braced(text: str) -> str | None:
    """A UUID in braces, lower case; None when the text is something else. Bare UUIDs are something else."""
    if not (text.startswith("{") and text.endswith("}")):
        return None
    try:
        return f"{{{uuids.UUID(text[1:-1])}}}"
    except ValueError:
        return None


def as_kept(text: str) -> str:
    """A UUID in braces where it may be written without; anything else as it is."""
    return braced(text) or braced(f"{{{text}}}") or text


@dataclass
class Email:
    address: str
    is_primary: bool = True
    is_confirmed: bool = True


@dataclass
class Variable:
    uuid: str
    key: str
    value: str
    secured: bool = False


@dataclass
class SshKey:
    uuid: str
    key: str  # type and blob; the comment is kept apart
    comment: str
    label: str
    fingerprint: str
    created_on: str
    expires_on: str | None = None


@dataclass
class Environment:
    """A deployment environment."""

    uuid: str
    name: str
    kind: str = "Test"  # or Staging, or Production
    variables: dict[str, Variable] = field(default_factory=dict)


@dataclass
class DeployKey:
    id: int
    key: str  # type and blob; the comment is kept apart
    comment: str
    label: str
    added_on: str
    owner: str  # UUID of the account that added it


@dataclass
class Comment:
    id: int
    text: str
    author: str  # UUID of the account
    created_on: str
    updated_on: str


@dataclass
class PullRequest:
    """Of a pull request only its comments are there."""

    id: int
    comments: dict[str, Comment] = field(default_factory=dict)


@dataclass
class GpgKey:
    fingerprint: str
    key: str
    name: str
    created_on: str
    added_on: str


@dataclass
class Person:
    """A person, or with another kind: the app user of an OAuth consumer or access token, or a team."""

    uuid: str
    account_id: str
    display_name: str
    nickname: str
    username: str
    kind: str = "user"
    emails: list[Email] = field(default_factory=list)
    variables: dict[str, Variable] = field(default_factory=dict)
    ssh_keys: dict[str, SshKey] = field(default_factory=dict)
    gpg_keys: dict[str, GpgKey] = field(default_factory=dict)
    properties: dict[str, dict[str, Any]] = field(default_factory=dict)  # app key/property name → value
    private_profile: bool = False
    code_search: bool = False
    created_on: str = "2020-02-03T10:11:12.131415+00:00"


@dataclass
class Repository:
    uuid: str
    slug: str
    name: str
    project: str
    users: dict[str, str] = field(default_factory=dict)  # person's UUID → permission; direct grants alone
    groups: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    environments: dict[str, Environment] = field(default_factory=dict)
    deploy_keys: dict[str, DeployKey] = field(default_factory=dict)
    pull_requests: dict[str, PullRequest] = field(default_factory=dict)
    hidden_calls: int = 0  # so many calls more answer as if it were not there


@dataclass
class Project:
    uuid: str
    key: str
    name: str
    users: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    deploy_keys: dict[str, DeployKey] = field(default_factory=dict)


@dataclass
class Group:
    slug: str
    name: str
    members: list[str] = field(default_factory=list)


@dataclass
class Workspace:
    uuid: str
    slug: str
    name: str
    members: dict[str, str] = field(default_factory=dict)  # UUID → owner, administrator, create-project, member
    repositories: dict[str, Repository] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    former_slugs: dict[str, str] = field(default_factory=dict)  # of a renamed repository → its UUID
    seat_limit: int | None = None  # people who may hold access; the plan's limit

    def repository(self, identifier: str) -> Repository | None:
        if uuid := braced(identifier):
            return next((one for one in list(self.repositories.values()) if one.uuid == uuid), None)
        return self.repositories.get(identifier.lower())

    def renamed(self, identifier: str) -> Repository | None:
        """The repository that had this slug; None when another has it now, or it is gone."""
        if self.repository(identifier):
            return None
        return self.repository(self.former_slugs.get(identifier.lower(), identifier))

    def project(self, key: str, any_case: bool = False) -> Project | None:
        if any_case:
            return next((one for one in list(self.projects.values()) if one.key.lower() == key.lower()), None)
        return self.projects.get(key)

    def in_groups(self, groups: Iterable[str]) -> set[str]:
        return {member for slug in groups if slug in self.groups for member in self.groups[slug].members}

    def effective(self, repository: Repository, person: str) -> str:
        return self.levels(repository).get(person, "none")

    def levels(self, repository: Repository) -> dict[str, str]:
        """The highest of each person's grants on a repository: own, by group, by project, by role."""
        held: dict[str, str] = {}
        project = self.projects.get(repository.project)
        places: list[Repository | Project] = [repository, project] if project else [repository]
        for place in places:
            grants = list(place.users.items())
            grants += [(one, level) for slug, level in list(place.groups.items()) for one in self.in_groups([slug])]
            for person, level in grants:
                if LEVELS[level] > LEVELS[held.get(person, "none")]:
                    held[person] = level
        held = {person: "write" if level == "create-repo" else level for person, level in held.items()}
        return held | dict.fromkeys(self.administrators(), "admin")

    def administrators(self) -> set[str]:
        return {uuid for uuid, role in list(self.members.items()) if role in ("owner", "administrator")}

    def places(self) -> list[Repository | Project]:
        return [*self.repositories.values(), *self.projects.values()]

    def with_access(self) -> set[str]:
        """Everyone who takes a seat of the plan."""
        people = self.administrators()
        for place in self.places():
            people |= set(place.users) | self.in_groups(list(place.groups))
        return people


@dataclass
class Credential:
    """What a request may present. `actor` is the UUID of whom it acts for."""

    kind: str  # api-token, oauth, access-token, jwt
    secret: str
    actor: str
    scopes: list[str]
    email: str | None = None
    workspaces: list[str] | None = None  # the slugs it is confined to
    app: str | None = None  # the Connect app of a jwt
    expires_at: float | None = None


@dataclass
class Consumer:
    """An OAuth consumer; its tokens act as an app user of its workspace."""

    key: str
    secret: str
    actor: str
    workspace: str
    scopes: list[str]
    public: bool = False


@dataclass
class World:
    people: dict[str, Person] = field(default_factory=dict)
    workspaces: dict[str, Workspace] = field(default_factory=dict)
    credentials: dict[str, Credential] = field(default_factory=dict)
    consumers: dict[str, Consumer] = field(default_factory=dict)
    apps: list[str] = field(default_factory=list)  # keys of installed Connect apps
    deploy_keys_made: int = 0
    comments_made: int = 0
    deleted_ssh_keys: list[str] = field(default_factory=list)
    switches: Switches = field(default_factory=Switches)

    def account(self, identifier: str, username: bool = False) -> Person | None:
        """An account as the API's paths name it: UUID in braces or account id; a username only where documented."""
        if uuid := braced(identifier):
            return self.people.get(uuid)
        for person in list(self.people.values()):
            if identifier == person.account_id or (username and identifier == person.username):
                return person
        return None

    def person(self, name: str) -> Person:
        """A person as a test names them: any part of the display name, an e-mail, an account id or a UUID."""
        found = self.account(name) or self.account(f"{{{name}}}")
        if found:
            return found
        people = list(self.people.values())
        matches = [one for one in people if any(email.address == name for email in one.emails)]
        matches = matches or [one for one in people if one.display_name == name]
        matches = matches or [one for one in people if name in one.display_name.split()]
        if len(matches) != 1:
            raise LookupError(f"{name!r} names {len(matches)} people, not one")
        return matches[0]

    def workspace(self, identifier: str) -> Workspace | None:
        if uuid := braced(identifier):
            return next((one for one in list(self.workspaces.values()) if one.uuid == uuid), None)
        return self.workspaces.get(identifier.lower())
