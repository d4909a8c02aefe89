from tests.acceptance.lives import BOB, GRACE, OTHERS, Drift, Life, Neighbour, Standing, Step

LIFE = Life(
    places=("/repositories/acme/api/permissions-config/",),
    holds=lambda bitbucket: bitbucket.repository_permissions("acme", "api"),
    standing=Standing(
        lambda bitbucket: bitbucket.grant("acme", "api", "Grace", "admin"),
        "Grace Hopper holds admin on acme/api already, not write; nothing was changed",
        reads=0,
    ),
    created=Step(
        {"workspace": "acme", "repo_slug": "api", "user_id": GRACE.account_id, "permission": "write"},
        {"Grace Hopper": "write"},
        "PUT",
        reads=1,
    ),
    updated=Step({"permission": "admin"}, {"Grace Hopper": "admin"}, "PUT"),
    drift=Drift(lambda bitbucket: bitbucket.grant("acme", "api", "Grace", "read")),
    replaced=Step({"user_id": BOB.uuid}, {"Bob Kahn": "admin"}, "DELETE PUT", reads=1),
    spelled={"user_id": BOB.account_id},
    removed=lambda bitbucket: bitbucket.revoke("acme", "api", "Bob"),
    renamed="PUT",
    neighbour=Neighbour(
        lambda bitbucket, n: bitbucket.grant("acme", "api", OTHERS[n], "read"),
        lambda bitbucket: bitbucket.place("acme", "api").users,
    ),
)
