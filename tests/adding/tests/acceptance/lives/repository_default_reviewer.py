from bitbucket_user_emulator import Emulator
from bitbucket_user_emulator.world import now

from tests.acceptance.lives import BOB, GRACE, OTHERS, Life, Neighbour, Standing, Step


def _kept(bitbucket: Emulator) -> dict[str, str]:
    return bitbucket.world.workspaces["acme"].repositories["web"].default_reviewers


def _held(bitbucket: Emulator) -> list[str]:
    return [bitbucket.world.people[uuid].display_name for uuid in _kept(bitbucket)]


def _add(bitbucket: Emulator, person: str) -> None:
    _kept(bitbucket)[bitbucket.person(person).uuid] = now()


LIFE = Life(
    places=("/repositories/acme/web/default-reviewers",),
    holds=_held,
    standing=Standing(lambda bitbucket: _add(bitbucket, "Grace"), refusal=None, reads=0),
    created=Step({"workspace": "acme", "repo_slug": "web", "user_id": GRACE.account_id}, ["Grace Hopper"], "PUT"),
    updated=None,
    drift=None,  # who is one is one
    replaced=Step({"user_id": BOB.uuid}, ["Bob Kahn"], "DELETE PUT"),
    spelled={"user_id": BOB.account_id},
    removed=lambda bitbucket: _kept(bitbucket).clear(),
    renamed="PUT",
    neighbour=Neighbour(lambda bitbucket, n: _add(bitbucket, OTHERS[n]), _kept),
)
