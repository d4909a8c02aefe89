from typing import Any

from bitbucket_user_emulator import Emulator

from tests.acceptance.lives import BOB, GRACE, Drift, Life, Neighbour, Standing, Step, empty, everybody, meddle, stand


def _grants(bitbucket: Emulator) -> Any:
    held = {workspace: everybody(bitbucket, workspace, "OPS") for workspace in ("acme", "acme-dev")}
    return {workspace: grants for workspace, grants in held.items() if grants}


LIFE = Life(
    places=(
        "/workspaces/acme/projects/OPS/permissions-config/",
        "/workspaces/acme-dev/projects/OPS/permissions-config/",
    ),
    holds=_grants,
    standing=Standing(
        lambda bitbucket: bitbucket.grant_group("acme", "OPS", "developers", "admin"),
        "acme/OPS has grants that the map does not name: group developers admin instead of read; nothing was "
        'changed. To keep the groups as they are, write groups: {"developers": "admin"}',
        reads=2,
    ),
    created=Step(
        {
            "workspace": "acme",
            "project_key": "OPS",
            "permissions": {GRACE.uuid: "create-repo", BOB.account_id: "read"},
            "groups": {"developers": "read"},
        },
        {"acme": {"Grace Hopper": "create-repo", "Bob Kahn": "read", "group developers": "read"}},
        "PUT PUT PUT",
        reads=2,
    ),
    updated=Step(
        {"permissions": {GRACE.uuid: "admin"}, "groups": {"developers": "create-repo"}},
        {"acme": {"Grace Hopper": "admin", "group developers": "create-repo"}},
        "PUT PUT DELETE",
    ),
    drift=Drift(lambda bitbucket: meddle(bitbucket, "OPS"), writes="PUT DELETE PUT"),
    replaced=Step(
        {"workspace": "acme-dev"},
        {"acme-dev": {"Grace Hopper": "admin", "group developers": "create-repo"}},
        "DELETE DELETE PUT PUT",
        reads=2,
    ),
    spelled={"permissions": {GRACE.account_id: "admin"}},
    removed=lambda bitbucket: empty(bitbucket, "acme-dev", "OPS"),
    refreshed="update",
    restored="update",
    renamed="",
    neighbour=Neighbour(
        lambda bitbucket, n: stand(bitbucket, "OPS", n),
        lambda bitbucket: bitbucket.place("acme", "OPS").groups,
    ),
    listings=2,
    deletes="DELETE DELETE",
)
