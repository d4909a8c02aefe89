"""What an older tool manages: Terraform's DrFaust92/bitbucket in a terraform.tfstate, or Pulumi's bridged `bitbucket`
package in the export of a stack. Nothing is asked of Bitbucket, and no value of a variable is taken from such a state.

Both name resources and properties alike, but for case: `repo_slug` here, `repoSlug` there.
"""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic.alias_generators import to_snake

from ..errors import InvalidInput
from ..models.fields import ProjectPermission, RepositoryPermission
from ..models.person import ACCOUNT_ID, bare, is_uuid, normal
from .access import Access, Key, Variable
from .reading import Held, Person, Place, Skipped, check_workspace
from .states import read_json, resources_of

LEVELS = {
    "repository": {one.value for one in RepositoryPermission},
    "project": {one.value for one in ProjectPermission},
}
HOW_TO_FIND = "Bitbucket takes account ids and UUIDs; `getWorkspaceMembers` finds them"


@dataclass
class Old:
    """A resource of the older tool."""

    type: str
    """As Terraform calls it: `bitbucket_repository_user_permission`."""
    address: str
    """What its state calls it."""
    fields: dict[str, Any]

    def text(self, name: str) -> str:
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""


@dataclass
class _Found:
    people: dict[str, Person] = field(default_factory=dict)
    places: dict[tuple[str, str], Place] = field(default_factory=dict)
    variables: list[Variable] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    """Addresses of what has come over."""

    def place(self, kind: str, name: str) -> Place:
        return self.places.setdefault((kind, name), Place(kind, name))

    def skip(self, old: Old, why: str) -> None:
        self.skipped.append(Skipped(old.address, old.type, why))


def come_over(source: Path, workspace: str | None) -> tuple[Access, str]:
    """What can come over, and a script with which the old state forgets it. Raises InvalidInput for a file that is
    neither, and for a state of several workspaces when none is named."""
    resources = read(source)
    workspaces = sorted({slug.lower(): slug for one in resources if (slug := _workspace(one))}.values())
    if workspace is None:
        if len(workspaces) != 1:
            known = ", ".join(workspaces) or "none"
            raise InvalidInput(f"{source} holds resources of these workspaces: {known}. Name one: discover WORKSPACE …")
        workspace = workspaces[0]
    check_workspace(workspace)
    found = taken(resources, workspace)
    if not found.taken:
        raise InvalidInput(f"{source} holds nothing of workspace {workspace} that can come over.")
    accounts = {key.inputs["userId"] for key in found.keys if not key.place}
    access = Access(
        workspace=workspace,
        people=[*found.people.values()],
        places=sorted(found.places.values(), key=lambda one: (one.kind, one.name)),
        skipped=found.skipped,
        variables=sorted(found.variables, key=lambda one: (one.place, one.environment, one.key)),
        keys=found.keys,
        account=next(iter(accounts), ""),
        singles=True,
        groups=any(place.groups for place in found.places.values()),
        known=False,
    )
    return access, _forget("terraform_version" in read_json(source), found.taken)


def _forget(is_terraform: bool, addresses: list[str]) -> str:
    command = "terraform state rm" if is_terraform else "pulumi state delete --yes"
    where = "the Terraform configuration" if is_terraform else "the project of the old stack"
    return FORGET.format(where=where) + "".join(f"{command} {shlex.quote(address)}\n" for address in addresses)


FORGET = """#!/bin/sh
# Makes the old state forget what Pulumi manages now; nothing is changed in Bitbucket. Run it in the folder of
# {where}, after `pulumi preview` of the new project has shown no change, and take
# these resources out of the old program before its next run.
set -e
"""


def read(source: Path) -> list[Old]:
    """Raises InvalidInput."""
    content = read_json(source)
    try:
        return [*_of_terraform(source, content)] if "terraform_version" in content else [*_of_pulumi(source)]
    except (AttributeError, TypeError, ValueError):
        raise InvalidInput(f"{source} is damaged: its resources have another form than a state's.") from None


def _of_terraform(source: Path, content: Mapping[str, Any]) -> Iterator[Old]:
    if content.get("version") != 4:
        raise InvalidInput(
            f"{source} is no state of version 4, which Terraform has since 0.12 (terraform state pull > old.tfstate)."
        )
    others = set()
    for resource in content.get("resources") or []:
        provider = str(resource.get("provider", ""))
        if resource.get("mode") != "managed" or not str(resource.get("type", "")).startswith("bitbucket_"):
            continue
        if "drfaust92/bitbucket" not in provider.lower():
            others.add(provider)
            continue
        module = f"{resource['module']}." if resource.get("module") else ""
        for instance in resource.get("instances") or []:
            if instance.get("deposed"):  # what a replacement has left to delete, beside the instance itself
                continue
            key = instance.get("index_key")
            index = "" if key is None else f"[{key}]" if isinstance(key, int) else f'["{key}"]'
            address = f"{module}{resource['type']}.{resource.get('name')}{index}"
            yield Old(resource["type"], address, dict(instance.get("attributes") or {}))
    if others:
        raise InvalidInput(
            f"{source} is of another provider ({', '.join(sorted(others))}); DrFaust92/bitbucket is known."
        )


def _of_pulumi(source: Path) -> Iterator[Old]:
    for resource in resources_of(source):
        match = re.fullmatch(r"bitbucket:index/\w+:(\w+)", resource["type"])
        if match:
            state = {**(resource.get("inputs") or {}), **(resource.get("outputs") or {})}
            fields = {to_snake(key): value for key, value in state.items()}
            fields["id"] = resource.get("id")
            yield Old(f"bitbucket_{to_snake(match[1])}", str(resource.get("urn", "")), fields)


def _workspace(old: Old) -> str:
    if slug := old.text("workspace"):
        return slug
    whole = old.text("repository") or old.text("deployment")
    return whole.partition("/")[0] if "/" in whole else ""


def taken(resources: list[Old], workspace: str) -> _Found:
    """What of a workspace, and of accounts, has a resource here; the rest with the reason."""
    found = _Found()
    for old in resources:
        if _workspace(old).lower() not in ("", workspace.lower()):
            continue
        take = TAKES.get(old.type)
        if take is None:
            found.skip(old, "there is no such resource here; it stays where it is")
        elif why := take(found, old, workspace):
            found.skip(old, why)
        else:
            found.taken.append(old.address)
    found.keys.sort(key=lambda one: (one.kind, one.place, one.name))
    return found


def _user(found: _Found, old: Old, workspace: str) -> str:
    kind, name = _grant_place(old)
    who, level = old.text("user_id"), old.text("permission")
    if level not in LEVELS[kind]:
        return f"its permission is '{level}', which nobody can be granted"
    if not is_uuid(who) and not ACCOUNT_ID.fullmatch(who):
        return f"it names a person as '{who}'; {HOW_TO_FIND}"
    person = found.people.setdefault(normal(who), Person(normal(who), "" if is_uuid(who) else who))
    found.place(kind, name).users.append(Held(person.uuid, "", level))
    return ""


def _group(found: _Found, old: Old, workspace: str) -> str:
    kind, name = _grant_place(old)
    level = old.text("permission")
    if level not in LEVELS[kind]:
        return f"its permission is '{level}', which no group can be granted"
    found.place(kind, name).groups.append(Held(old.text("group_slug"), "", level))
    return ""


def _grant_place(old: Old) -> tuple[str, str]:
    kind = "repository" if "repository" in old.type else "project"
    return kind, old.text("repo_slug" if kind == "repository" else "project_key")


def _variable(kind: str) -> Callable[[_Found, Old, str], str]:
    def take(found: _Found, old: Old, workspace: str) -> str:
        repository, _, environment = (old.text("deployment") or old.text("repository")).partition(":")
        place, environment = repository.partition("/")[2], bare(environment)
        id = "/".join(filter(None, (workspace, place, environment, bare(old.text("uuid")))))
        found.variables.append(Variable(kind, id, old.text("key"), bool(old.fields.get("secured")), place, environment))
        if place:
            found.place("repository", place)
        return ""

    return take


def _own_key(kind: str, handle: str, called: str) -> Callable[[_Found, Old, str], str]:
    def take(found: _Found, old: Old, workspace: str) -> str:
        who, text, label = old.text("user"), old.text("key"), old.text(called)
        if not is_uuid(who) and not ACCOUNT_ID.fullmatch(who):
            return f"it names a person as '{who}'; {HOW_TO_FIND}"
        if not text:
            return "the state does not hold the key's text"
        id = bare(old.text(handle))
        inputs = {"userId": normal(who), "key": text.strip()} | ({called: label} if label else {})
        found.keys.append(Key(kind, f"{normal(who)}/{id}", _unique(found, kind, "", label or id), inputs, None))
        return ""

    return take


def _deploy_key(found: _Found, old: Old, workspace: str) -> str:
    if not old.text("key"):
        return "the state does not hold the key's text"
    slug, label = old.text("repository"), old.text("label")
    place = found.place("repository", slug)
    name = _unique(found, "RepositoryDeployKey", place.shown, label or old.text("key_id"))
    inputs = {"workspace": workspace, "repoSlug": slug, "key": old.text("key").strip(), "label": label}
    found.keys.append(
        Key("RepositoryDeployKey", f"{workspace}/{slug}/{old.text('key_id')}", name, inputs, None, place.shown)
    )
    return ""


def _unique(found: _Found, kind: str, place: str, name: str) -> str:
    taken = {one.name for one in found.keys if (one.kind, one.place) == (kind, place)}
    return name if name not in taken else f"{name} ({len(taken) + 1})"


TAKES: dict[str, Callable[[_Found, Old, str], str]] = {
    "bitbucket_repository_user_permission": _user,
    "bitbucket_project_user_permission": _user,
    "bitbucket_repository_group_permission": _group,
    "bitbucket_project_group_permission": _group,
    "bitbucket_workspace_variable": _variable("WorkspacePipelineVariable"),
    "bitbucket_repository_variable": _variable("RepositoryPipelineVariable"),
    "bitbucket_deployment_variable": _variable("DeploymentPipelineVariable"),
    "bitbucket_ssh_key": _own_key("UserSshKey", "uuid", "label"),
    "bitbucket_gpg_key": _own_key("UserGpgKey", "fingerprint", "name"),
    "bitbucket_deploy_key": _deploy_key,
}
"""How each comes over; what they return is why it does not."""
