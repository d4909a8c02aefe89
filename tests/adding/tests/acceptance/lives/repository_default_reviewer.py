from bitbucket_user_emulator import Emulator

from tests.acceptance.lives import BOB, GRACE, Life, Standing, Step


def _reviewers(bitbucket: Emulator) -> list[str]:
    return bitbucket.world.workspaces["acme-dev"].repositories["web"].default_reviewers


LIFE = Life(
    places=("/repositories/acme-dev/web/default-reviewers/",),
    holds=lambda bitbucket: [*_reviewers(bitbucket)],
    standing=Standing(lambda bitbucket: _reviewers(bitbucket).append(GRACE.uuid), refusal=None, reads=0),
    created=Step({"workspace": "acme-dev", "repo_slug": "web", "user_id": GRACE.account_id}, [GRACE.uuid], "PUT"),
    updated=None,
    drift=None,
    replaced=Step({"user_id": BOB.uuid}, [BOB.uuid], "DELETE PUT"),
    spelled={"user_id": BOB.account_id},
    removed=lambda bitbucket: _reviewers(bitbucket).remove(BOB.uuid),
    renamed="PUT",
    neighbour=None,
)
