from typing import Any

from bitbucket_user_emulator import Emulator

from tests.acceptance.lives import BOB, GRACE, Drift, Life, Standing, Step, meddle


def _grants(bitbucket: Emulator) -> Any:
    held = {workspace: bitbucket.project_permissions(workspace, "OPS") for workspace in ("acme", "acme-dev")}
    return {workspace: grants for workspace, grants in held.items() if grants}


LIFE = Life(
    places=("/workspaces/acme/projects/OPS/", "/workspaces/acme-dev/projects/OPS/"),
    holds=_grants,
    standing=Standing(
        lambda bitbucket: bitbucket.grant("acme", "OPS", "Grace", "read"),
        "acme/OPS has grants that the map does not name: Grace Hopper read instead of create-repo; nothing was changed",
        reads=1,
    ),
    created=Step(
        {"workspace": "acme", "project_key": "OPS", "permissions": {GRACE.uuid: "create-repo", BOB.account_id: "read"}},
        {"acme": {"Grace Hopper": "create-repo", "Bob Kahn": "read"}},
        "PUT PUT",
        reads=1,
    ),
    updated=Step({"permissions": {GRACE.uuid: "admin"}}, {"acme": {"Grace Hopper": "admin"}}, "PUT DELETE"),
    drift=Drift(lambda bitbucket: meddle(bitbucket, "OPS"), writes="PUT DELETE"),
    replaced=Step({"workspace": "acme-dev"}, {"acme-dev": {"Grace Hopper": "admin"}}, "DELETE PUT", reads=1),
    spelled={"permissions": {GRACE.account_id: "admin"}},
    removed=lambda bitbucket: bitbucket.place("acme-dev", "OPS").users.clear(),
    refreshed="update",
    restored="update",
    renamed="",
)
