from tests.acceptance.lives import TEAMS, Drift, Life, Neighbour, Standing, Step, teams

LIFE = Life(
    places=("/repositories/acme-dev/api/permissions-config/",),
    holds=lambda bitbucket: teams(bitbucket, "acme-dev", "api"),
    standing=Standing(
        lambda bitbucket: bitbucket.grant_group("acme-dev", "api", "backend", "read"),
        "group backend holds read on acme-dev/api already, not write; nothing was changed",
        reads=0,
    ),
    created=Step(
        {"workspace": "acme-dev", "repo_slug": "api", "group_slug": "backend", "permission": "write"},
        {"backend": "write"},
        "PUT",
        reads=1,
    ),
    updated=Step({"permission": "admin"}, {"backend": "admin"}, "PUT"),
    drift=Drift(lambda bitbucket: bitbucket.grant_group("acme-dev", "api", "backend", "read")),
    replaced=Step({"group_slug": "frontend"}, {"frontend": "admin"}, "DELETE PUT", reads=1),
    spelled=None,
    removed=lambda bitbucket: bitbucket.revoke_group("acme-dev", "api", "frontend"),
    renamed="PUT",
    neighbour=Neighbour(
        lambda bitbucket, n: bitbucket.grant_group("acme-dev", "api", TEAMS[n], "read"),
        lambda bitbucket: bitbucket.place("acme-dev", "api").groups,
    ),
)
