"""The life of each resource, as data; `test_lives.py` walks them, all in one stack, once a flavour.

Inputs are written as a Python program writes them. `writes` are the methods that a step sends, in order, `reads` the
most GETs it may cost. What the step leaves in Bitbucket is `held`, in the words of `Life.holds`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.emulator import Emulator
from tests.emulator.seed import default_world

PEOPLE = default_world()
ADA, GRACE, BOB, ALAN = map(PEOPLE.person, ("Ada", "Grace", "Bob", "Alan"))

Inputs = dict[str, Any]


@dataclass(frozen=True)
class Step:
    inputs: Inputs
    """Those that differ from the step before."""
    held: Any
    writes: str
    reads: int = 0


@dataclass(frozen=True)
class Life:
    kind: str
    places: tuple[str, ...]
    """What the paths of its calls, and of no other life's, begin with, in any case of letters."""
    holds: Callable[[Emulator], Any]
    created: Step
    updated: Step
    replaced: Step
    spelled: Inputs
    """Inputs that mean what `replaced` left, in other words."""
    drift: Callable[[Emulator], object]
    """What somebody changes by hand, after `updated`."""
    remove: Callable[[Emulator], object]
    """Somebody deletes by hand what `replaced` left."""
    removed: tuple[str, str] = ("delete", "create")
    """What a refresh then finds, and what puts it right."""
    deletes: str = "DELETE"
    mended: str = "PUT"
    """What putting a drift right sends."""
    renamed: str = ""
    """What another logical name sends, with adoptExisting."""
    nothing: Any = field(default_factory=dict)
    """What Bitbucket holds without it."""
    standing: Callable[[Emulator], object] = lambda bitbucket: None
    """Somebody makes by hand what `created` would make, in another state."""
    exists: str = ""
    """What the refusal to touch it says; empty where it is always taken over."""


def _repository(slug: str) -> Callable[[Emulator], Any]:
    return lambda bitbucket: bitbucket.repository_permissions("acme", slug)


def _ed25519(letter: str) -> str:
    """A well-formed public key."""
    parts = (b"ssh-ed25519", letter.encode() * 32)
    return "ssh-ed25519 " + base64.b64encode(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).decode()


LAPTOP, PHONE = _ed25519("l"), _ed25519("p")


REPOSITORY_USER_PERMISSION = Life(
    kind="RepositoryUserPermission",
    places=("/repositories/acme/api/",),
    holds=_repository("api"),
    created=Step(
        {"workspace": "acme", "repo_slug": "api", "user_id": GRACE.account_id, "permission": "write"},
        {"Grace Hopper": "write"},
        "PUT",
        reads=1,
    ),
    updated=Step({"permission": "admin"}, {"Grace Hopper": "admin"}, "PUT"),
    drift=lambda bitbucket: bitbucket.grant("acme", "api", "Grace", "read"),
    replaced=Step({"user_id": BOB.uuid}, {"Bob Kahn": "admin"}, "DELETE PUT", reads=1),
    spelled={"user_id": BOB.account_id},
    remove=lambda bitbucket: bitbucket.revoke("acme", "api", "Bob"),
    renamed="PUT",
    standing=lambda bitbucket: bitbucket.grant("acme", "api", "Grace", "admin"),
    exists="Grace Hopper holds admin on acme/api already, not write; nothing was changed",
)

PROJECT_USER_PERMISSION = Life(
    kind="ProjectUserPermission",
    places=("/workspaces/acme/projects/CORE/",),
    holds=lambda bitbucket: bitbucket.project_permissions("acme", "CORE"),
    created=Step(
        {"workspace": "acme", "project_key": "CORE", "user_id": GRACE.uuid, "permission": "create-repo"},
        {"Grace Hopper": "create-repo"},
        "PUT",
        reads=1,
    ),
    updated=Step({"permission": "read"}, {"Grace Hopper": "read"}, "PUT"),
    drift=lambda bitbucket: bitbucket.grant("acme", "CORE", "Grace", "admin"),
    replaced=Step({"user_id": ALAN.account_id}, {"Alan Turing": "read"}, "DELETE PUT", reads=1),
    spelled={"user_id": ALAN.uuid.strip("{}").upper()},
    remove=lambda bitbucket: bitbucket.revoke("acme", "CORE", "Alan"),
    renamed="PUT",
    standing=lambda bitbucket: bitbucket.grant("acme", "CORE", "Grace", "read"),
    exists="Grace Hopper holds read on acme/CORE already, not create-repo; nothing was changed",
)

WORKSPACE_PIPELINE_VARIABLE = Life(
    kind="WorkspacePipelineVariable",
    places=("/workspaces/acme/pipelines-config/",),
    holds=lambda bitbucket: bitbucket.workspace_variables("acme"),
    created=Step(
        {"workspace": "acme", "key": "DEPLOY_TOKEN", "value": "plain-secret-1", "secured": True},
        {"DEPLOY_TOKEN": {"value": "plain-secret-1", "secured": True}},
        "POST",
        reads=1,
    ),
    updated=Step(
        {"key": "RELEASE_TOKEN", "value": "plain-secret-2"},
        {"RELEASE_TOKEN": {"value": "plain-secret-2", "secured": True}},
        "PUT",
    ),
    drift=lambda bitbucket: setattr(_variable(bitbucket, "acme", "RELEASE_TOKEN"), "key", "CHANGED_BY_HAND"),
    replaced=Step({"secured": False}, {"RELEASE_TOKEN": {"value": "plain-secret-2", "secured": False}}, "DELETE POST"),
    spelled={},
    remove=lambda bitbucket: bitbucket.delete_variable("acme", "RELEASE_TOKEN"),
    renamed="POST PUT",
    standing=lambda bitbucket: bitbucket.set_variable("acme", "DEPLOY_TOKEN", "somebody's", secured=True),
    exists="a variable DEPLOY_TOKEN (secured) stands in acme already; nothing was changed",
)

USER_PIPELINE_VARIABLE = Life(
    kind="UserPipelineVariable",
    places=(f"/users/{GRACE.uuid}/pipelines_config/",),
    holds=lambda bitbucket: bitbucket.user_variables("Grace"),
    created=Step(
        {"user_id": GRACE.uuid, "key": "EDITOR", "value": "plain-secret-3"},
        {"EDITOR": {"value": "plain-secret-3", "secured": False}},
        "POST",
    ),
    updated=Step({"secured": True}, {"EDITOR": {"value": "plain-secret-3", "secured": True}}, "PUT"),
    drift=lambda bitbucket: bitbucket.set_variable("Grace", "EDITOR", "changed by hand", secured=False),
    replaced=Step({"secured": False}, {"EDITOR": {"value": "plain-secret-3", "secured": False}}, "DELETE POST"),
    spelled={"user_id": GRACE.uuid.strip("{}").upper()},
    remove=lambda bitbucket: bitbucket.delete_variable("Grace", "EDITOR"),
    renamed="POST PUT",
    standing=lambda bitbucket: bitbucket.set_variable("Grace", "EDITOR", "somebody's"),
    exists=f"a variable EDITOR (not secured) stands in {GRACE.uuid} already; nothing was changed",
)

USER_APPLICATION_PROPERTY = Life(
    kind="UserApplicationProperty",
    places=(f"/users/{GRACE.uuid}/properties/",),
    holds=lambda bitbucket: bitbucket.properties("Grace"),
    created=Step(
        {"user_id": GRACE.uuid, "app_key": "acme-app", "property_name": "look", "value": {"theme": "dark"}},
        {"acme-app/look": {"theme": "dark"}},
        "PUT",
    ),
    updated=Step(
        {"value": {"theme": "light", "_attributes": ["public"]}},
        {"acme-app/look": {"theme": "light", "_attributes": ["public"]}},
        "PUT",
    ),
    drift=lambda bitbucket: bitbucket.set_property("Grace", "acme-app/look", {"theme": "by hand"}),
    replaced=Step(
        {"property_name": "feel"},
        {"acme-app/feel": {"theme": "light", "_attributes": ["public"]}},
        "DELETE PUT",
    ),
    spelled={"user_id": GRACE.uuid.strip("{}").upper()},
    remove=lambda bitbucket: bitbucket.set_property("Grace", "acme-app/feel", None),
    renamed="PUT",
    standing=lambda bitbucket: bitbucket.set_property("Grace", "acme-app/look", {"theme": "somebody's"}),
)


def _keys(bitbucket: Emulator) -> Any:
    return [(one.label, one.key) for one in bitbucket.ssh_keys("Ada")]


def _forget_key(bitbucket: Emulator) -> None:
    """Deleted, and 30 days later."""
    bitbucket.delete_ssh_key("Ada", bitbucket.ssh_keys("Ada")[0].uuid)
    bitbucket.world.deleted_ssh_keys.clear()


USER_SSH_KEY = Life(
    kind="UserSshKey",
    places=(f"/users/{ADA.uuid}/ssh-keys", f"/users/{ADA.account_id}/ssh-keys"),
    holds=_keys,
    created=Step(
        {"user_id": ADA.uuid, "key": f"{LAPTOP} ada@laptop", "label": "laptop"},
        [("laptop", LAPTOP)],
        "POST",
    ),
    updated=Step({"label": "work"}, [("work", LAPTOP)], "PUT"),
    drift=lambda bitbucket: setattr(bitbucket.ssh_keys("Ada")[0], "label", "by hand"),
    replaced=Step({"key": PHONE}, [("work", PHONE)], "POST DELETE"),
    spelled={"user_id": ADA.account_id, "key": f"{PHONE} ada@phone"},
    remove=_forget_key,
    renamed="POST",
    nothing=[],
    standing=lambda bitbucket: bitbucket.add_ssh_key("Ada", LAPTOP, "somebody's"),
    exists=f"this key is registered for {ADA.uuid} already, as 'somebody's'; nothing was changed",
)


def _repositories(*slugs: str) -> Callable[[Emulator], Any]:
    def holds(bitbucket: Emulator) -> Any:
        held = {slug: bitbucket.repository_permissions("acme", slug) for slug in slugs}
        return {slug: grants for slug, grants in held.items() if grants}

    return holds


def _revoke_all(bitbucket: Emulator, workspace: str, place: str) -> None:
    bitbucket.place(workspace, place).users.clear()


def _meddle(bitbucket: Emulator, place: str) -> None:
    """Somebody lowers one and lets another in."""
    bitbucket.grant("acme", place, "Grace", "read")
    bitbucket.grant("acme", place, "Margaret", "write")


REPOSITORY_USER_PERMISSIONS = Life(
    kind="RepositoryUserPermissions",
    places=("/repositories/acme/web/", "/repositories/acme/infra/"),
    holds=_repositories("web", "infra"),
    created=Step(
        {"workspace": "acme", "repo_slug": "web", "permissions": {GRACE.account_id: "write", BOB.uuid: "read"}},
        {"web": {"Grace Hopper": "write", "Bob Kahn": "read"}},
        "PUT PUT",
        reads=1,
    ),
    updated=Step(
        {"permissions": {GRACE.account_id: "admin", ALAN.uuid: "read"}},
        {"web": {"Grace Hopper": "admin", "Alan Turing": "read"}},
        "PUT PUT DELETE",
    ),
    drift=lambda bitbucket: _meddle(bitbucket, "web"),
    mended="PUT DELETE",
    replaced=Step(
        {"repo_slug": "infra"},
        {"infra": {"Grace Hopper": "admin", "Alan Turing": "read"}},
        "DELETE DELETE PUT PUT",
        reads=1,
    ),
    spelled={"permissions": {GRACE.uuid.upper(): "admin", ALAN.account_id: "read"}},
    remove=lambda bitbucket: _revoke_all(bitbucket, "acme", "infra"),
    removed=("update", "update"),
    deletes="DELETE DELETE",
    standing=lambda bitbucket: bitbucket.grant("acme", "web", "Grace", "admin"),
    exists="acme/web has grants that the map does not name: Grace Hopper admin instead of write; nothing was changed",
)


def _ops(bitbucket: Emulator) -> Any:
    held = {workspace: bitbucket.project_permissions(workspace, "OPS") for workspace in ("acme", "acme-dev")}
    return {workspace: grants for workspace, grants in held.items() if grants}


PROJECT_USER_PERMISSIONS = Life(
    kind="ProjectUserPermissions",
    places=("/workspaces/acme/projects/OPS/", "/workspaces/acme-dev/projects/OPS/"),
    holds=_ops,
    created=Step(
        {"workspace": "acme", "project_key": "OPS", "permissions": {GRACE.uuid: "create-repo", BOB.account_id: "read"}},
        {"acme": {"Grace Hopper": "create-repo", "Bob Kahn": "read"}},
        "PUT PUT",
        reads=1,
    ),
    updated=Step({"permissions": {GRACE.uuid: "admin"}}, {"acme": {"Grace Hopper": "admin"}}, "PUT DELETE"),
    drift=lambda bitbucket: _meddle(bitbucket, "OPS"),
    mended="PUT DELETE",
    replaced=Step({"workspace": "acme-dev"}, {"acme-dev": {"Grace Hopper": "admin"}}, "DELETE PUT", reads=1),
    spelled={"permissions": {GRACE.account_id: "admin"}},
    remove=lambda bitbucket: _revoke_all(bitbucket, "acme-dev", "OPS"),
    removed=("update", "update"),
    standing=lambda bitbucket: bitbucket.grant("acme", "OPS", "Grace", "read"),
    exists="acme/OPS has grants that the map does not name: Grace Hopper read instead of create-repo; nothing was",
)


def _variable(bitbucket: Emulator, workspace: str, key: str) -> Any:
    held = bitbucket.world.workspaces[workspace].variables.values()
    return next(one for one in held if one.key == key)


LIVES = (
    REPOSITORY_USER_PERMISSION,
    PROJECT_USER_PERMISSION,
    WORKSPACE_PIPELINE_VARIABLE,
    USER_PIPELINE_VARIABLE,
    USER_APPLICATION_PROPERTY,
    USER_SSH_KEY,
    REPOSITORY_USER_PERMISSIONS,
    PROJECT_USER_PERMISSIONS,
)
