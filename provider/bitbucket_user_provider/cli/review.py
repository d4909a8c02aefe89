"""The data of an access review: the model of report's JSON, which is also what `--since` reads."""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, NonNegativeInt, ValidationError
from pydantic.alias_generators import to_camel

from ..errors import InvalidInput
from .states import read_json

FORMAT = "bitbucket-user/report/1"
LEVELS = ("read", "write", "create-repo", "admin")
SOURCES = ("direct", "group", "role", "effective")


class Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class Subject(Part):
    """A person or a group."""

    kind: Literal["person", "group"]
    id: str
    """UUID of a person, slug of a group."""
    account_id: str = ""
    name: str = ""
    email: str = ""
    role: str = ""
    """Role of a person in the workspace; `owner` is what administrators have."""

    @property
    def shown(self) -> str:
        return self.name or self.account_id or self.id


class Where(Part):
    kind: Literal["workspace", "project", "repository"]
    name: str
    project: str = ""
    """Key of a repository's project, whose permissions go for the repository too."""
    title: str = ""
    public: bool = False

    @property
    def shown(self) -> str:
        return f"{self.kind} {self.name}"


class Grant(Part):
    subject: NonNegativeInt
    """Which of `subjects`."""
    place: NonNegativeInt
    """Which of `places`."""
    level: str
    source: Literal["direct", "group", "role", "effective"]
    """direct: a person's own · group: a group's · role: in the workspace · effective: more than own, project and role
    give, so that one of the groups gives it."""
    managed_by: str = ""
    """The stack, as project/name; empty: no stack of those that were given."""
    urn: str = ""
    before: str | None = None
    """Against `--since`: the level of then, `none` for a new grant; null: as it was, or not compared."""


class Change(Part):
    """A grant that is gone since the last report, or that a state and Bitbucket say differently."""

    subject: str
    place: str
    before: str
    now: str
    stack: str = ""
    urn: str = ""


class Gap(Part):
    """What could not be read."""

    place: str
    what: str
    why: str
    scopes: list[str] = []


class Head(Part):
    workspace: str
    made_on: str
    made_by: str
    version: str
    people: int
    groups: int
    repositories: int
    projects: int
    grants: int
    complete: bool
    effective: bool
    states: list[str] = []
    since: str = ""
    """When the report was made that this one is compared with."""
    sha256: str = ""
    """Of subjects, places, grants, gone, drift and gaps, as JSON with sorted keys and no spaces."""


class Report(Part):
    format: Literal["bitbucket-user/report/1"] = "bitbucket-user/report/1"
    head: Head
    subjects: list[Subject]
    places: list[Where]
    grants: list[Grant]
    gone: list[Change] = []
    drift: list[Change] = []
    gaps: list[Gap] = []

    def seal(self) -> "Report":
        """Writes counts and checksum into the head."""
        kinds = Counter([one.kind for one in self.subjects] + [one.kind for one in self.places])
        self.head.people, self.head.groups = kinds["person"], kinds["group"]
        self.head.repositories, self.head.projects = kinds["repository"], kinds["project"]
        self.head.grants, self.head.complete = len(self.grants), not self.gaps
        content = self.model_dump(by_alias=True, exclude={"format", "head"})
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        self.head.sha256 = hashlib.sha256(text.encode()).hexdigest()
        return self


def read_report(path: Path, workspace: str) -> Report:
    """Raises InvalidInput."""
    content = read_json(path)
    if content.get("format") != FORMAT:
        raise InvalidInput(f"{path} is no JSON of `bitbucket-user report` that this version reads ({FORMAT}).")
    try:
        found = Report.model_validate(content)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise InvalidInput(f"{path} is damaged: {where}.") from None
    if any(one.subject >= len(found.subjects) or one.place >= len(found.places) for one in found.grants):
        raise InvalidInput(f"{path} is damaged: grants.")
    if found.head.workspace.lower() != workspace.lower():
        raise InvalidInput(f"{path} is about workspace {found.head.workspace}, not {workspace}.")
    return found
