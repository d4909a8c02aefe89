from typing import Any

from bitbucket_user_emulator import Emulator
from bitbucket_user_emulator.world import DeployKey

from tests.acceptance.lives import Drift, Life, Neighbour, Standing, Step, ed25519

CI, CD = ed25519("ci"), ed25519("cd")


def _keys(bitbucket: Emulator) -> dict[str, DeployKey]:
    return bitbucket.place("acme", "infra").deploy_keys


def _held(bitbucket: Emulator) -> Any:
    return [(one.label, one.key) for one in _keys(bitbucket).values()]


def _change_the_label(bitbucket: Emulator) -> None:
    [key] = _keys(bitbucket).values()
    key.label = "by hand"


LIFE = Life(
    places=("/repositories/acme/infra/deploy-keys",),
    holds=_held,
    standing=Standing(
        lambda bitbucket: bitbucket.add_deploy_key("acme", "infra", CI, "somebody's"),
        refusal=None,  # a key with the same text is equal, whatever it is called
        reads=1,
    ),
    created=Step(
        {"workspace": "acme", "repo_slug": "infra", "key": f"{CI} ci@build", "label": "build"}, [("build", CI)], "POST"
    ),
    updated=Step({"label": "build and test"}, [("build and test", CI)], "PUT"),
    drift=Drift(_change_the_label),
    replaced=Step({"key": CD}, [("build and test", CD)], "POST DELETE"),
    spelled={"key": f"{CD} cd@build", "workspace": "ACME"},
    removed=lambda bitbucket: _keys(bitbucket).clear(),
    renamed="POST",
    neighbour=Neighbour(
        lambda bitbucket, n: bitbucket.add_deploy_key("acme", "infra", ed25519(str(n)), f"other {n}"), _keys
    ),
)
