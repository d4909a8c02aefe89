from typing import Any

from bitbucket_user_emulator import Emulator

from tests.acceptance.lives import ALAN, BOB, GRACE, Drift, Life, Standing, Step, meddle


def _grants(bitbucket: Emulator) -> Any:
    held = {slug: bitbucket.repository_permissions("acme", slug) for slug in ("web", "infra")}
    return {slug: grants for slug, grants in held.items() if grants}


LIFE = Life(
    places=("/repositories/acme/web/", "/repositories/acme/infra/"),
    holds=_grants,
    standing=Standing(
        lambda bitbucket: bitbucket.grant("acme", "web", "Grace", "admin"),
        "acme/web has grants that the map does not name: Grace Hopper admin instead of write; nothing was changed",
        reads=1,
    ),
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
    drift=Drift(lambda bitbucket: meddle(bitbucket, "web"), writes="PUT DELETE"),
    replaced=Step(
        {"repo_slug": "infra"},
        {"infra": {"Grace Hopper": "admin", "Alan Turing": "read"}},
        "DELETE DELETE PUT PUT",
        reads=1,
    ),
    spelled={"permissions": {GRACE.uuid.upper(): "admin", ALAN.account_id: "read"}},
    removed=lambda bitbucket: bitbucket.place("acme", "infra").users.clear(),
    refreshed="update",
    restored="update",
    renamed="",
    deletes="DELETE DELETE",
)
