from typing import Any

from bitbucket_user_emulator import Emulator

from tests.acceptance.lives import (
    ALAN,
    BOB,
    GRACE,
    Drift,
    Life,
    Neighbour,
    Standing,
    Step,
    empty,
    everybody,
    meddle,
    stand,
)


def _grants(bitbucket: Emulator) -> Any:
    held = {slug: everybody(bitbucket, "acme", slug) for slug in ("web", "infra")}
    return {slug: grants for slug, grants in held.items() if grants}


MORE = {
    "Grace Hopper": "admin",
    "Alan Turing": "read",
    "group developers": "write",
    "group administrators": "read",
}
LIFE = Life(
    places=("/repositories/acme/web/permissions-config/", "/repositories/acme/infra/permissions-config/"),
    holds=_grants,
    standing=Standing(
        lambda bitbucket: bitbucket.grant("acme", "web", "Grace", "admin"),
        "acme/web has grants that the map does not name: Grace Hopper admin instead of write; nothing was changed",
        reads=2,
    ),
    created=Step(
        {
            "workspace": "acme",
            "repo_slug": "web",
            "permissions": {GRACE.account_id: "write", BOB.uuid: "read"},
            "groups": {"developers": "read"},
        },
        {"web": {"Grace Hopper": "write", "Bob Kahn": "read", "group developers": "read"}},
        "PUT PUT PUT",
        reads=2,
    ),
    updated=Step(
        {
            "permissions": {GRACE.account_id: "admin", ALAN.uuid: "read"},
            "groups": {"developers": "write", "administrators": "read"},
        },
        {"web": MORE},
        "PUT PUT PUT PUT DELETE",
    ),
    drift=Drift(lambda bitbucket: meddle(bitbucket, "web"), writes="PUT DELETE PUT"),
    replaced=Step({"repo_slug": "infra"}, {"infra": MORE}, "DELETE DELETE DELETE DELETE PUT PUT PUT PUT", reads=2),
    spelled={"permissions": {GRACE.uuid.upper(): "admin", ALAN.account_id: "read"}},
    removed=lambda bitbucket: empty(bitbucket, "acme", "infra"),
    refreshed="update",
    restored="update",
    renamed="",
    neighbour=Neighbour(
        lambda bitbucket, n: stand(bitbucket, "web", n),
        lambda bitbucket: bitbucket.place("acme", "web").users,
    ),
    listings=2,
    deletes="DELETE DELETE DELETE DELETE",
)
