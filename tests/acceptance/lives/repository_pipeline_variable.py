from bitbucket_user_emulator import Emulator

from tests.acceptance.lives import Drift, Life, Neighbour, Standing, Step

PLACE = "acme/infra"


def _change_the_key(bitbucket: Emulator) -> None:
    [variable] = bitbucket.world.workspaces["acme"].repositories["infra"].variables.values()
    variable.key = "CHANGED_BY_HAND"


LIFE = Life(
    places=("/repositories/acme/infra/pipelines_config/",),
    holds=lambda bitbucket: bitbucket.variables(PLACE),
    standing=Standing(
        lambda bitbucket: bitbucket.set_variable(PLACE, "DEPLOY_TOKEN", "somebody's", secured=True),
        "a variable DEPLOY_TOKEN (secured) stands in acme/infra already; nothing was changed",
        reads=1,
    ),
    created=Step(
        {"workspace": "acme", "repo_slug": "infra", "key": "DEPLOY_TOKEN", "value": "plain-secret-1", "secured": True},
        {"DEPLOY_TOKEN": {"value": "plain-secret-1", "secured": True}},
        "POST",
        reads=1,
    ),
    updated=Step(
        {"key": "RELEASE_TOKEN", "value": "plain-secret-2"},
        {"RELEASE_TOKEN": {"value": "plain-secret-2", "secured": True}},
        "PUT",
    ),
    drift=Drift(_change_the_key),
    replaced=Step({"secured": False}, {"RELEASE_TOKEN": {"value": "plain-secret-2", "secured": False}}, "DELETE POST"),
    spelled={"repo_slug": "Infra"},
    removed=lambda bitbucket: bitbucket.delete_variable(PLACE, "RELEASE_TOKEN"),
    renamed="POST",
    neighbour=Neighbour(
        lambda bitbucket, n: bitbucket.set_variable(PLACE, f"OTHER_{n}", "theirs"),
        lambda bitbucket: bitbucket.world.workspaces["acme"].repositories["infra"].variables,
    ),
)
