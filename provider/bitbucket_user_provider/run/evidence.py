"""What is known of a thing in Bitbucket: it was seen there, it is proven absent, or it is not known.

"I did not see it" is not "it is gone": a list may be cut short, an endpoint switched off, a credential demoted. Only
`Absent` lets a resource leave the state or a delete count as done, and only the functions of `listing` and `things`,
which hold the proof, make one.
"""

from dataclasses import dataclass
from typing import TypeAlias

from ..errors import BitbucketError
from ..rest.answer import Answer


@dataclass(frozen=True)
class Seen:
    """The thing is there, as `entry` says."""

    entry: Answer


@dataclass(frozen=True)
class Absent:
    """The thing is not there, while its place is."""

    how: str
    """What proves it."""


@dataclass(frozen=True)
class NotKnown:
    """Neither is proven. `why` is an error to raise, in words for the user."""

    why: BitbucketError


Evidence: TypeAlias = Seen | Absent | NotKnown


def proven(evidence: Evidence) -> Seen | Absent:
    """The evidence where it proves something. Raises the reason where it does not."""
    if isinstance(evidence, NotKnown):
        raise evidence.why
    return evidence


def entry_of(evidence: Evidence) -> Answer | None:
    """What was seen, None when it is proven absent. Raises the reason where neither is known."""
    found = proven(evidence)
    return found.entry if isinstance(found, Seen) else None
