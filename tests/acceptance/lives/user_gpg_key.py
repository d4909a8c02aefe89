from typing import Any

from bitbucket_user_emulator import Emulator

from tests.acceptance.lives import ADA, Life, Neighbour, Standing, Step, gpg

WORK, HOME = gpg("work"), gpg("home")


def _keys(bitbucket: Emulator) -> Any:
    """The texts as lines: once `spelled`, the program writes them as Windows does."""
    return [(one.name, one.key.replace("\r\n", "\n")) for one in bitbucket.person("Ada").gpg_keys.values()]


LIFE = Life(
    places=(f"/users/{ADA.uuid}/gpg-keys", f"/users/{ADA.account_id}/gpg-keys"),
    holds=_keys,
    standing=Standing(
        lambda bitbucket: bitbucket.add_gpg_key("Ada", WORK, "work"),
        refusal=None,  # an equal one
        reads=1,
    ),
    created=Step({"user_id": ADA.uuid, "key": WORK, "name": "work"}, [("work", WORK)], "POST"),
    updated=None,
    drift=None,  # its name is fixed
    replaced=Step({"key": HOME, "name": "home"}, [("home", HOME)], "POST DELETE"),
    spelled={"user_id": ADA.account_id, "key": HOME.replace("\n", "\r\n")},
    removed=lambda bitbucket: bitbucket.person("Ada").gpg_keys.clear(),
    renamed="POST",
    neighbour=Neighbour(
        lambda bitbucket, n: bitbucket.add_gpg_key("Ada", gpg(str(n)), f"other {n}"),
        lambda bitbucket: bitbucket.person("Ada").gpg_keys,
    ),
)
