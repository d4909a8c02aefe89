from bitbucket_user_emulator import Emulator
from bitbucket_user_emulator.world import Environment, World

from tests.acceptance.lives import PEOPLE, Drift, Life, Neighbour, Standing, Step

STAGING, PRODUCTION = "acme/infra/Staging", "acme/infra/Production"


def _environment(world: World, name: str) -> Environment:
    held = world.workspaces["acme"].repositories["infra"].environments
    return next(one for one in held.values() if one.name == name)


def _change_the_key(bitbucket: Emulator) -> None:
    [variable] = _environment(bitbucket.world, "Staging").variables.values()
    variable.key = "CHANGED_BY_HAND"


LIFE = Life(
    places=("/repositories/acme/infra/deployments_config/",),
    holds=lambda bitbucket: {place: held for place in (STAGING, PRODUCTION) if (held := bitbucket.variables(place))},
    standing=Standing(
        lambda bitbucket: bitbucket.set_variable(STAGING, "DEPLOY_TOKEN", "somebody's", secured=True),
        "a variable DEPLOY_TOKEN (secured) stands in acme/infra/Staging already; nothing was changed",
        reads=1,
    ),
    created=Step(
        {
            "workspace": "acme",
            "repo_slug": "infra",
            "environment": "Staging",
            "key": "DEPLOY_TOKEN",
            "value": "plain-secret-1",
            "secured": True,
        },
        {STAGING: {"DEPLOY_TOKEN": {"value": "plain-secret-1", "secured": True}}},
        "POST",
        reads=1,
    ),
    updated=Step(
        {"key": "RELEASE_TOKEN", "value": "plain-secret-2"},
        {STAGING: {"RELEASE_TOKEN": {"value": "plain-secret-2", "secured": True}}},
        "PUT",
    ),
    drift=Drift(_change_the_key),
    replaced=Step(
        {"environment": "production"},
        {PRODUCTION: {"RELEASE_TOKEN": {"value": "plain-secret-2", "secured": True}}},
        "DELETE POST",
        reads=1,
    ),
    spelled={"environment": _environment(PEOPLE, "Production").uuid},
    removed=lambda bitbucket: bitbucket.delete_variable(PRODUCTION, "RELEASE_TOKEN"),
    renamed="POST PUT",
    neighbour=Neighbour(
        lambda bitbucket, n: bitbucket.set_variable(STAGING, f"OTHER_{n}", "theirs"),
        lambda bitbucket: _environment(bitbucket.world, "Staging").variables,
    ),
)
