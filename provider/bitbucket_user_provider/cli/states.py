"""What stacks manage, from their exports (`pulumi stack export`), and what an older tool's state holds."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InvalidInput
from ..models.person import normal

OURS = ("bitbucket-user:index:", "pulumi-python:dynamic/bitbucket-user:")


@dataclass(frozen=True)
class Managed:
    """A grant that a stack manages."""

    stack: str
    """As `project/stack`."""
    urn: str
    kind: str
    workspace: str
    place_kind: str
    place: str
    subject: str
    """A person by UUID where it is known, else as written; a group by slug."""
    is_group: bool
    level: str

    @property
    def shown_place(self) -> str:
        return f"{self.place_kind} {self.place}"


def read_json(path: Path) -> dict[str, Any]:
    """Raises InvalidInput."""
    try:
        found = json.loads(path.read_bytes())  # bytes tell their encoding: PowerShell's > writes UTF-16
    except ValueError:
        raise InvalidInput(f"{path} is no JSON.") from None
    if not isinstance(found, dict):
        raise InvalidInput(f"{path} holds no JSON object.")
    return found


def resources_of(path: Path) -> list[dict[str, Any]]:
    """The resources of an export or of a file backend's state, without those that a replacement has left to delete:
    each of these has the URN of its successor. Raises InvalidInput."""
    found: Any = read_json(path)
    checkpoint = found.get("checkpoint")
    deployment = found.get("deployment") or (checkpoint.get("latest") if isinstance(checkpoint, dict) else None)
    resources = deployment.get("resources", []) if isinstance(deployment, dict) else None
    if not isinstance(resources, list):
        raise InvalidInput(f"{path} is no export of a Pulumi stack: make one with `pulumi stack export --file {path}`.")
    there = [one for one in resources if isinstance(one, dict) and isinstance(one.get("type"), str)]
    return [one for one in there if not one.get("delete")]


def managed(paths: Iterable[Path], workspace: str) -> list[Managed]:
    """All grants of the workspace that these stacks manage."""
    return [one for path in paths for one in _managed(path) if one.workspace.lower() == workspace.lower()]


def _managed(path: Path) -> Iterator[Managed]:
    for resource in resources_of(path):
        kind = _kind(resource["type"])
        state = resource.get("outputs") or resource.get("inputs") or {}
        if not kind.endswith(("Permission", "Permissions")) or not isinstance(state, Mapping):
            continue
        place_kind = "repository" if kind.startswith("Repository") else "project"
        place = state.get("repoSlug" if place_kind == "repository" else "projectKey")
        urn, where = str(resource.get("urn", "")), (str(state.get("workspace")), place_kind, str(place))
        for subject, is_group, level in _grants(kind, state):
            yield Managed(_stack(urn), urn, kind, *where, normal(subject), is_group, level)


def _kind(type: str) -> str:
    return next((type.removeprefix(prefix) for prefix in OURS if type.startswith(prefix)), "")


def _stack(urn: str) -> str:
    """`urn:pulumi:dev::access::…` → `access/dev`."""
    parts = urn.split("::")
    return f"{parts[1]}/{parts[0].rpartition(':')[2]}" if len(parts) > 1 else urn


def _grants(kind: str, state: Mapping[str, Any]) -> Iterator[tuple[str, bool, str]]:
    if kind.endswith("UserPermission"):
        yield str(state.get("userUuid") or state.get("userId")), False, str(state.get("permission"))
    elif kind.endswith("GroupPermission"):
        yield str(state.get("groupSlug")), True, str(state.get("permission"))
    elif kind.endswith("UserPermissions"):
        grants = state.get("grants")
        if isinstance(grants, list):
            for one in grants:
                if isinstance(one, Mapping) and one.get("managed", True):
                    yield str(one.get("userUuid")), False, str(one.get("permission"))
        groups = state.get("groups")
        for slug, level in groups.items() if isinstance(groups, Mapping) else ():
            yield str(slug), True, str(level)
