from typing import Any

from bitbucket_user_emulator import Emulator
from bitbucket_user_emulator.world import DeployKey

from tests.acceptance.lives import Life, Neighbour, Standing, Step, ed25519

CI, CD = ed25519("ci"), ed25519("cd")


def _keys(bitbucket: Emulator) -> dict[str, DeployKey]:
    return bitbucket.place("acme-dev", "CORE").deploy_keys


def _held(bitbucket: Emulator) -> Any:
    return [(one.label, one.key) for one in _keys(bitbucket).values()]


LIFE = Life(
    places=("/workspaces/acme-dev/projects/CORE/deploy-keys",),
    holds=_held,
    standing=Standing(
        lambda bitbucket: bitbucket.add_deploy_key("acme-dev", "CORE", CI, "build"),
        refusal=None,  # an equal one
        reads=1,
    ),
    created=Step(
        {"workspace": "acme-dev", "project_key": "CORE", "key": f"{CI} ci@build", "label": "build"},
        [("build", CI)],
        "POST",
    ),
    updated=None,
    drift=None,  # its label is fixed
    replaced=Step({"key": CD, "label": "deploy"}, [("deploy", CD)], "POST DELETE"),
    spelled={"key": f"{CD} cd@build", "workspace": "Acme-Dev"},
    removed=lambda bitbucket: _keys(bitbucket).clear(),
    renamed="POST",
    neighbour=Neighbour(
        lambda bitbucket, n: bitbucket.add_deploy_key("acme-dev", "CORE", ed25519(str(n)), f"other {n}"), _keys
    ),
)
