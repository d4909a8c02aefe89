"""Variables and keys of a workspace, read from their lists."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from ..lifecycle import Found, Lifecycle
from ..resources import RESOURCES
from ..run.environment import ENVIRONMENTS
from .access import Key, Variable
from .reading import Person, Place, Reader


def variables_of(reader: Reader, places: list[Place]) -> list[Variable]:
    """Those of the workspace, of its repositories and of their deployments, by place and key."""
    found = _variables(reader, "WorkspacePipelineVariable", {})
    repositories = [place for place in places if place.kind == "repository"]
    for rows in reader.session.each("variables", repositories, lambda place: _of_repository(reader, place)):
        found += rows
    return sorted(found, key=lambda one: (one.place, one.environment, one.key))


def _of_repository(reader: Reader, place: Place) -> list[Variable]:
    found = _variables(reader, "RepositoryPipelineVariable", place.fields, place)
    for uuid, name in _environments(reader, place):
        found += _variables(reader, "DeploymentPipelineVariable", place.fields | {"environment": uuid}, place, name)
    return found


def _environments(reader: Reader, place: Place) -> list[tuple[str, str]]:
    """UUID and name of each, by name."""

    def read() -> list[tuple[str, str]]:
        entries = reader.api.things(ENVIRONMENTS, reader.at | place.fields).all().entries
        return sorted(((one.text("uuid"), one.text("name")) for one in entries), key=lambda pair: pair[1])

    key = f"{place.shown} environments"
    found = reader.tried("environments", ENVIRONMENTS.list_path, lambda: reader.journal.ask(key, read), place.shown)
    return found or []


def _variables(
    reader: Reader, kind: str, where: dict[str, str], place: Place | None = None, environment: str = ""
) -> list[Variable]:
    def row(found: Found, name: str) -> dict[str, Any]:
        uuid = found.id.rpartition("/")[2]
        # An environment goes by its name in the id too, because the program names it so.
        parts = [reader.workspace, place.name if place else "", environment, uuid]
        id, secured = "/".join(filter(None, parts)), bool(found.outputs.get("secured"))
        return asdict(Variable(kind, id, name, secured, place.name if place else "", environment))

    what = f"variables of {environment}" if environment else "variables"
    return [Variable(**one) for one in _listed(reader, kind, where, row, what, place)]


def keys_of(reader: Reader, places: list[Place], caller: Person) -> list[Key]:
    """The caller's own, and those of repositories and projects."""
    found = _keys(reader, "UserSshKey", {"user_id": caller.uuid}) + _keys(
        reader, "UserGpgKey", {"user_id": caller.uuid}
    )
    for rows in reader.session.each("keys", places, lambda place: _of_place(reader, place)):
        found += rows
    return found


def _of_place(reader: Reader, place: Place) -> list[Key]:
    return _keys(reader, f"{place.kind.capitalize()}DeployKey", place.fields, place)


def _keys(reader: Reader, kind: str, where: dict[str, str], place: Place | None = None) -> list[Key]:
    def row(found: Found, name: str) -> dict[str, Any]:
        return asdict(Key(kind, found.id, name, found.inputs, found.outputs, place.shown if place else ""))

    keys = [Key(**one) for one in _listed(reader, kind, where, row, f"{kind}s", place)]
    return _with_names_of_their_own(sorted(keys, key=lambda one: (one.name.lower(), one.id)))


def _with_names_of_their_own(keys: list[Key]) -> list[Key]:
    seen: set[str] = set()
    for key in keys:
        name = key.name or key.id.rpartition("/")[2]
        key.name = name if name not in seen else f"{name} ({key.id[-6:]})"
        seen.add(key.name)
    return keys


def _listed(
    reader: Reader,
    kind: str,
    where: dict[str, str],
    row: Callable[[Found, str], dict[str, Any]],
    what: str,
    place: Place | None,
) -> Iterable[dict[str, Any]]:
    """A row for each thing of the kind. One list tells all."""
    resource, lifecycle = RESOURCES[kind], Lifecycle(reader.api)
    fields = resource.KIND.where.fields
    query = {resource.alias(name): value for name, value in (reader.at | where).items() if name in fields}

    def read() -> list[dict[str, Any]]:
        rows = []
        for id, name in lifecycle.listed(kind, query):
            found = lifecycle.read(kind, id)
            if found:
                rows.append(row(found, name))
        return rows

    shown = place.shown if place else "workspace"
    key = f"{shown} {kind} {where.get('environment', '')}"
    work = lambda: reader.session.once(lambda: reader.journal.ask(key, read))  # noqa: E731
    return reader.tried(what, resource.KIND.list_path, work, shown) or []
