"""What discover has found, as the things that it writes: the data file `access.yaml`, and one `Item` a resource.

An item's name, id and inputs come from one object here, so that program, import file and data cannot differ.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import __version__
from ..resources import RESOURCES
from ..schema import RELEASES
from .reading import Person, Place, Skipped

SET_OF = {"repository": "RepositoryUserPermissions", "project": "ProjectUserPermissions"}
SINGLE_OF = {"repository": "RepositoryUserPermission", "project": "ProjectUserPermission"}
GROUP_OF = {"repository": "RepositoryGroupPermission", "project": "ProjectGroupPermission"}
ACCOUNT_KEYS = {"UserSshKey": "ssh-keys", "UserGpgKey": "gpg-keys"}
KEY_DATA = {"key": "key", "label": "label", "name": "name", "expiresOn": "expires_on"}


SDKS_PROVIDER = {"version": __version__, "pluginDownloadUrl": RELEASES}
"""Both together name the provider that the SDKs ask for; under any other the preview would change every resource."""


@dataclass
class Item:
    """A resource of the program."""

    kind: str
    name: str
    """The logical name."""
    id: str
    inputs: dict[str, Any]
    """What the program gives."""
    outputs: dict[str, Any] | None = None
    """What Bitbucket has told; without them the import reads the thing."""
    ignored: tuple[str, ...] = ()
    """Inputs whose changes the program ignores."""

    @property
    def token(self) -> str:
        return RESOURCES[self.kind].token

    def entry(self) -> dict[str, Any]:
        """Its entry in import.json. One with outputs is imported without a call."""
        entry = {"type": self.token, "name": self.name, "id": self.id} | SDKS_PROVIDER
        return entry if self.outputs is None else entry | {"inputs": self.inputs, "outputs": self.outputs}


@dataclass
class Variable:
    """A pipeline variable without its value."""

    kind: str
    id: str
    key: str
    secured: bool
    place: str = ""
    """Slug of the repository; empty: the workspace's."""
    environment: str = ""

    def item(self, workspace: str) -> Item:
        """Without outputs: only a read marks the value as a secret, else it would stand in the state in plain text."""
        where = {"workspace": workspace}
        where |= {"repoSlug": self.place} if self.place else {}
        where |= {"environment": self.environment} if self.environment else {}
        name = "/".join(filter(None, (self.place, self.environment or "variables", self.key)))
        inputs = where | {"key": self.key, "value": "", "secured": self.secured}
        return Item(self.kind, name, self.id, inputs, ignored=("value",))


@dataclass
class Key:
    """A public key of an account or a place."""

    kind: str
    id: str
    name: str
    """Label of an SSH or deploy key, name or fingerprint of a GPG key; unique in its place."""
    inputs: dict[str, Any]
    outputs: dict[str, Any] | None
    place: str = ""
    """`repository api`; empty: the account's."""

    def item(self) -> Item:
        where = ACCOUNT_KEYS.get(self.kind) or f"{self.place.partition(' ')[2]}/deploy-keys"
        return Item(self.kind, f"{where}/{self.name}", self.id, self.inputs, self.outputs)

    def data(self) -> dict[str, Any]:
        return {ours: self.inputs[theirs] for theirs, ours in KEY_DATA.items() if self.inputs.get(theirs)}


@dataclass
class Access:
    workspace: str
    people: list[Person]
    places: list[Place]
    skipped: list[Skipped] = field(default_factory=list)
    variables: list[Variable] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    caller: str = ""
    """UUID of the credential's own account, empty where nobody was asked."""
    account: str = ""
    """Account id or UUID of whose account the keys are."""
    singles: bool = False
    groups: bool = False
    known: bool = True
    """Whether Bitbucket has told who is who; from an older tool's state only ids are known."""

    def __post_init__(self) -> None:
        used = {held.subject for place in self.places for held in place.users}
        self._used = sorted(
            (one for one in self.people if one.uuid in used), key=lambda one: (one.shown.lower(), one.id)
        )
        self._persons = {person.uuid: person for person in self._used}
        self.names = unique_names(self._used)

    @property
    def grants(self) -> int:
        return sum(len(place.users) + len(place.groups) * self.groups for place in self.places)

    def data(self) -> dict[str, Any]:
        """The content of access.yaml."""
        content: dict[str, Any] = {"workspace": self.workspace, "account": self.account}
        content["people"] = {
            self.names[one.uuid]: {"id": one.id} | ({"email": one.email} if one.email else {}) for one in self._used
        }
        for kind, heading in (("project", "projects"), ("repository", "repositories")):
            content[heading] = {one.name: self._place(one) for one in self.places if one.kind == kind}
        content["variables"] = self._variables("", "")
        for kind, heading in (("UserSshKey", "ssh_keys"), ("UserGpgKey", "gpg_keys")):
            content[heading] = {one.name: one.data() for one in self.keys if one.kind == kind}
        content["skipped"] = [
            {"place": one.place, "what": one.what, "why": one.why} | ({"scopes": one.scopes} if one.scopes else {})
            for one in self.skipped
        ]
        return {key: value for key, value in content.items() if value or key == "people"}

    def _place(self, place: Place) -> dict[str, Any]:
        content: dict[str, Any] = {"people": {self.names[one.subject]: one.level for one in place.users}}
        if self.groups:
            content["groups"] = {one.subject: one.level for one in place.groups}
        if place.kind == "repository":
            content["variables"] = self._variables(place.name, "")
            environments = sorted({one.environment for one in self.variables if one.place == place.name} - {""})
            content["deployments"] = {name: self._variables(place.name, name) for name in environments}
        content["deploy_keys"] = {one.name: one.data() for one in self.keys if one.place == place.shown}
        return {key: value for key, value in content.items() if value or key == "people"}

    def _variables(self, place: str, environment: str) -> dict[str, Any]:
        found = (one for one in self.variables if (one.place, one.environment) == (place, environment))
        return {one.key: {"secured": one.secured} for one in sorted(found, key=lambda one: one.key)}

    def items(self) -> list[Item]:
        """Every resource, in the order of the program."""
        grants = [
            item for place in self.places for item in (self._singles(place) if self.singles else [self._set(place)])
        ]
        return [*grants, *(one.item(self.workspace) for one in self.variables), *(one.item() for one in self.keys)]

    def _set(self, place: Place) -> Item:
        persons = [(self._persons[held.subject], held.level) for held in place.users]
        inputs = self._where(place) | {"permissions": {person.id: level for person, level in persons}}
        state: dict[str, Any] = {
            "grants": [
                _filled(userUuid=one.uuid, accountId=one.account_id, displayName=one.name)
                | {"permission": level, "managed": True}
                for one, level in persons
            ],
            "__caller": self.caller or None,
        }
        if self.groups:
            inputs["groups"] = {one.subject: one.level for one in place.groups}
            state["groupGrants"] = [
                _filled(groupSlug=one.subject, groupName=one.name) | {"permission": one.level, "managed": True}
                for one in place.groups
            ]
        return self._item(SET_OF[place.kind], place.name, inputs, state)

    def _singles(self, place: Place) -> Iterator[Item]:
        for held in place.users:
            person = self._persons[held.subject]
            inputs = self._where(place) | {"userId": person.id, "permission": held.level}
            state = _filled(userUuid=person.uuid, accountId=person.account_id, displayName=person.name)
            yield self._item(SINGLE_OF[place.kind], f"{place.name}/{self.names[held.subject]}", inputs, state)
        for group in place.groups if self.groups else ():
            inputs = self._where(place) | {"groupSlug": group.subject, "permission": group.level}
            state = {"groupName": group.name}
            yield self._item(GROUP_OF[place.kind], f"{place.name}/groups/{group.subject}", inputs, state)

    def _where(self, place: Place) -> dict[str, Any]:
        return {"workspace": self.workspace, "repoSlug" if place.kind == "repository" else "projectKey": place.name}

    def _item(self, kind: str, name: str, inputs: dict[str, Any], state: Mapping[str, Any]) -> Item:
        resource = RESOURCES[kind]
        known = resource.recall({**inputs, **state})
        return Item(kind, name, resource.id(known), inputs, known.bag() if self.known else None)


def _filled(**bag: str) -> dict[str, Any]:
    return {key: value for key, value in bag.items() if value}


def unique_names(people: Iterable[Person]) -> dict[str, str]:
    """UUID → the name in the data file: the display name, with the end of the id where two people share it.

    People choose their names: none may be written as somebody else is, or a line would mean another person.
    """
    people = [*people]
    count = Counter(_spelt(one).lower() for one in people)
    names: dict[str, str] = {}
    taken: set[str] = set()
    for one in people:
        name = _spelt(one)
        choices = (name if count[name.lower()] == 1 else f"{name} ({one.id[-6:]})", f"{name} ({one.id})", one.id)
        names[one.uuid] = next(choice for choice in choices if choice.lower() not in taken)
        taken.add(names[one.uuid].lower())
    return names


def _spelt(person: Person) -> str:
    return " ".join(person.shown.split())
