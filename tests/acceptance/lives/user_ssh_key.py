from typing import Any

from bitbucket_user_emulator import Emulator

from tests.acceptance.lives import ADA, LAPTOP, PHONE, Drift, Life, Neighbour, Standing, Step, ed25519


def _keys(bitbucket: Emulator) -> Any:
    return [(one.label, one.key) for one in bitbucket.ssh_keys("Ada")]


def _change_the_label(bitbucket: Emulator) -> None:
    bitbucket.ssh_keys("Ada")[0].label = "by hand"


def _delete_and_wait_a_month(bitbucket: Emulator) -> None:
    """Bitbucket refuses a deleted key for up to 30 days."""
    bitbucket.delete_ssh_key("Ada", bitbucket.ssh_keys("Ada")[0].uuid)
    bitbucket.world.deleted_ssh_keys.clear()


LIFE = Life(
    places=(f"/users/{ADA.uuid}/ssh-keys", f"/users/{ADA.account_id}/ssh-keys"),
    holds=_keys,
    standing=Standing(
        lambda bitbucket: bitbucket.add_ssh_key("Ada", LAPTOP, "somebody's"),
        refusal=None,  # a key with the same text is equal, whatever it is called
        reads=1,
    ),
    created=Step({"user_id": ADA.uuid, "key": f"{LAPTOP} ada@laptop", "label": "laptop"}, [("laptop", LAPTOP)], "POST"),
    updated=Step({"label": "work"}, [("work", LAPTOP)], "PUT"),
    drift=Drift(_change_the_label),
    replaced=Step({"key": PHONE}, [("work", PHONE)], "POST DELETE"),
    spelled={"user_id": ADA.account_id, "key": f"{PHONE} ada@phone"},
    removed=_delete_and_wait_a_month,
    renamed="POST",
    neighbour=Neighbour(
        lambda bitbucket, n: bitbucket.add_ssh_key("Ada", ed25519(str(n)), f"other {n}"),
        lambda bitbucket: bitbucket.person("Ada").ssh_keys,
    ),
)
