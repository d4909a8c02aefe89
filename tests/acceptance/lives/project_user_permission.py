from tests.acceptance.lives import ALAN, GRACE, OTHERS, Drift, Life, Neighbour, Standing, Step

LIFE = Life(
    places=("/workspaces/acme/projects/CORE/permissions-config/",),
    holds=lambda bitbucket: bitbucket.project_permissions("acme", "CORE"),
    standing=Standing(
        lambda bitbucket: bitbucket.grant("acme", "CORE", "Grace", "read"),
        "Grace Hopper holds read on acme/CORE already, not create-repo; nothing was changed",
        reads=0,
    ),
    created=Step(
        {"workspace": "acme", "project_key": "CORE", "user_id": GRACE.uuid, "permission": "create-repo"},
        {"Grace Hopper": "create-repo"},
        "PUT",
        reads=1,
    ),
    updated=Step({"permission": "read"}, {"Grace Hopper": "read"}, "PUT"),
    drift=Drift(lambda bitbucket: bitbucket.grant("acme", "CORE", "Grace", "admin")),
    replaced=Step({"user_id": ALAN.account_id}, {"Alan Turing": "read"}, "DELETE PUT", reads=1),
    spelled={"user_id": ALAN.uuid.strip("{}").upper()},
    removed=lambda bitbucket: bitbucket.revoke("acme", "CORE", "Alan"),
    renamed="PUT",
    neighbour=Neighbour(
        lambda bitbucket, n: bitbucket.grant("acme", "CORE", OTHERS[n], "read"),
        lambda bitbucket: bitbucket.place("acme", "CORE").users,
    ),
)
