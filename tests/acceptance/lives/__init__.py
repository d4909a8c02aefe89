"""The life of each resource, as data, in a file named like the resource; `test_lives.py` walks them under the engine.

Each file of this folder holds one `LIFE`; that it is here is enough for it to be walked. Inputs are written as a Python
program writes them. Here is what a life consists of, and the people and keys that lives and other tests speak of.
"""

from __future__ import annotations

import base64
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from bitbucket_user_emulator import Emulator
from bitbucket_user_emulator.seed import default_world
from pydantic.alias_generators import to_pascal

PEOPLE = default_world()
ADA, GRACE, BOB, ALAN = map(PEOPLE.person, ("Ada", "Grace", "Bob", "Alan"))

Inputs = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """What a program changes, and what that must lead to."""

    inputs: Inputs
    """Those that differ from the step before."""
    held: Any
    """What Bitbucket holds afterwards, in the words of `Life.holds`."""
    writes: str
    """The methods of the writes that it sends, in order."""
    reads: int = 0
    """The most GETs that it may cost."""


@dataclass(frozen=True)
class Drift:
    """What somebody changes by hand, and how the next `up` puts it right."""

    by_hand: Callable[[Emulator], object]
    writes: str = "PUT"


@dataclass(frozen=True)
class Standing:
    """What somebody made by hand before the program wanted it, in another state than `created` leaves."""

    by_hand: Callable[[Emulator], object]
    refusal: str | None
    """What create says about it; None where it is taken over without asking."""
    reads: int
    """The most GETs that taking it over with adoptExisting may cost."""


@dataclass(frozen=True)
class Neighbour:
    """Another thing in the same list of Bitbucket, which no program wants."""

    by_hand: Callable[[Emulator, int], object]
    """Somebody makes the first, the second or the third one (0, 1, 2)."""
    kept_in: Callable[[Emulator], dict[str, Any]]
    """Where the emulator keeps what stands in the list."""


OTHERS = ("Margaret", "Katherine", "Olga")
TEAMS = ("administrators", "developers", "frontend")
"""Groups, of which no life here wants one."""


@dataclass(frozen=True)
class Life:
    """One resource from its creation to its end, in the order in which it is walked."""

    places: tuple[str, ...]
    """What the paths of its calls, and of no other life's, begin with, in any case of letters."""
    holds: Callable[[Emulator], Any]
    """What Bitbucket holds of it."""
    standing: Standing
    created: Step
    updated: Step | None
    """None where every change replaces the resource."""
    drift: Drift | None
    """None where nobody can change it by hand, only delete it."""
    replaced: Step
    spelled: Inputs | None
    """Inputs that mean what `replaced` left, written otherwise; None where there is one way to write them."""
    removed: Callable[[Emulator], object]
    """Somebody deletes by hand what `replaced` left."""
    renamed: str
    """The writes when a program gives it another logical name, with adoptExisting."""
    neighbour: Neighbour | None
    """None where Bitbucket has no such list."""
    listings: int = 1
    """What reading it costs at most: a set with groups lists people and groups."""
    deletes: str = "DELETE"
    """The writes when it is destroyed."""
    refreshed: str = "delete"
    """What a refresh finds after `removed`. A set of grants is still there when all of its grants are gone."""
    restored: str = "create"
    """What the `up` after that does."""


def every_life() -> dict[str, Life]:
    """Resource → its life, by the files of this folder."""
    files = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {to_pascal(name): import_module(f"{__name__}.{name}").LIFE for name in files}


def ed25519(text: str) -> str:
    """A well-formed public key, another one for each text."""
    parts = (b"ssh-ed25519", (text.encode() * 32)[:32])
    return "ssh-ed25519 " + base64.b64encode(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).decode()


def gpg(text: str) -> str:
    """A well-formed public GPG key, another one for each text."""
    point = b"\x07\x40" + (text.encode() * 32)[:32]
    body = b"\x04\x65\x53\xf1\x00\x16\x09+\x06\x01\x04\x01\xdaG\x0f\x01\x01" + point  # version 4, Ed25519
    packet = base64.b64encode(bytes([0x98, len(body)]) + body).decode()
    return f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{packet}\n-----END PGP PUBLIC KEY BLOCK-----\n"


LAPTOP, PHONE = ed25519("l"), ed25519("p")


def meddle(bitbucket: Emulator, place: str) -> None:
    """Somebody changes what Grace and the developers may do, and lets Margaret in."""
    bitbucket.grant("acme", place, "Grace", "read")
    bitbucket.grant("acme", place, "Margaret", "write")
    bitbucket.grant_group("acme", place, "developers", "admin")


def everybody(bitbucket: Emulator, workspace: str, place: str) -> dict[str, str]:
    """All direct grants of a repository or project, people by name and groups as `group SLUG`."""
    users = bitbucket.place(workspace, place).users
    people = {bitbucket.world.people[uuid].display_name: permission for uuid, permission in users.items()}
    return people | {f"group {slug}": one for slug, one in bitbucket.group_permissions(workspace, place).items()}


def stand(bitbucket: Emulator, place: str, number: int) -> None:
    """Somebody lets a person and a group in."""
    bitbucket.grant("acme", place, OTHERS[number], "read")
    bitbucket.grant_group("acme", place, ("administrators", "backend", "frontend")[number], "read")


def teams(bitbucket: Emulator, workspace: str, place: str) -> dict[str, str]:
    """What the groups hold that hold nothing to begin with."""
    held = bitbucket.group_permissions(workspace, place)
    return {slug: held[slug] for slug in ("backend", "frontend") if slug in held}


def empty(bitbucket: Emulator, workspace: str, place: str) -> None:
    """Somebody takes everybody's access away."""
    bitbucket.place(workspace, place).users.clear()
    bitbucket.place(workspace, place).groups.clear()
