from tests.acceptance.lives import TEAMS, Drift, Life, Neighbour, Standing, Step, teams

LIFE = Life(
    places=("/workspaces/acme-dev/projects/CORE/permissions-config/",),
    holds=lambda bitbucket: teams(bitbucket, "acme-dev", "CORE"),
    standing=Standing(
        lambda bitbucket: bitbucket.grant_group("acme-dev", "CORE", "backend", "read"),
        "group backend holds read on acme-dev/CORE already, not create-repo; nothing was changed",
        reads=0,
    ),
    created=Step(
        {"workspace": "acme-dev", "project_key": "CORE", "group_slug": "backend", "permission": "create-repo"},
        {"backend": "create-repo"},
        "PUT",
        reads=1,
    ),
    updated=Step({"permission": "write"}, {"backend": "write"}, "PUT"),
    drift=Drift(lambda bitbucket: bitbucket.grant_group("acme-dev", "CORE", "backend", "read")),
    replaced=Step({"group_slug": "frontend"}, {"frontend": "write"}, "DELETE PUT", reads=1),
    spelled=None,
    removed=lambda bitbucket: bitbucket.revoke_group("acme-dev", "CORE", "frontend"),
    renamed="PUT",
    neighbour=Neighbour(
        lambda bitbucket, n: bitbucket.grant_group("acme-dev", "CORE", TEAMS[n], "read"),
        lambda bitbucket: bitbucket.place("acme-dev", "CORE").groups,
    ),
)
