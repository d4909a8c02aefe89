"""What can go wrong.

BitbucketError                 one readable paragraph of at most 2,000 characters, no secret in it
├── ConfigurationError         the provider's configuration cannot be used; nothing was sent
├── InvalidInput               a property, an id or an argument cannot be used; nothing was sent
├── Exists                     create found that the thing is there already; nothing was changed
├── PartialFailure             some of the work is done; carries what is true now
├── Cancelled                  the engine asked to stop, or the operation's own time is over
├── NotKnown                   what Bitbucket answered proves neither that a thing is there nor that it is gone
├── LedgerLost                 what this run has done cannot be shared with its other processes
├── OddAnswer                  an answer has another form than documented; names the call and the field
├── Unanswered                 no usable answer; `sent` says whether the request may have arrived
└── ApiError                   Bitbucket refused: status, its own words, what to do
    ├── Unauthorized           401
    ├── NotFound               404: of the thing or of its place
    │   └── NoEnvironment      the repository is there, and has no deployment environment of that name
    ├── Conflict               409
    ├── EndpointGone           410: Bitbucket no longer serves this endpoint; says nothing about any thing
    ├── Moved                  a redirect of a write, which is not followed: the place has another name
    └── RateLimited            429, after the longest wait that is allowed

Any other exception is a defect of this package; `defect` says so, and where.
"""

import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import __version__

LONGEST_MESSAGE = 2_000
LONGEST_LIST = 1_500
"""Of a message, what the problems of many things may take."""


def fitting(message: str) -> str:
    """The message; of one that is too long its start and its end, where the remedy stands."""
    if len(message) <= LONGEST_MESSAGE:
        return message
    end = LONGEST_MESSAGE // 4
    return f"{message[: LONGEST_MESSAGE - end - 3]} … {message[-end:]}"


def joined(parts: Sequence[str], separator: str = "; ") -> str:
    """As many of the parts as fit into a message, and how many more there are."""
    text = more = ""
    for number, part in enumerate(parts, 1):
        longer = f"{text}{separator}{part}" if text else part
        if text and len(longer) > LONGEST_LIST:
            more = f"{separator}and {len(parts) - number + 1:,} more"
            break
        text = longer
    return text[:LONGEST_LIST] + more


class BitbucketError(Exception):
    """Anything this package raises on purpose."""

    def __init__(self, message: str) -> None:
        super().__init__(fitting(message))


class ConfigurationError(BitbucketError):
    pass


class InvalidInput(BitbucketError):
    pass


class Exists(BitbucketError):
    """`import_id` is what `pulumi import` takes; None where nothing can be imported."""

    def __init__(self, what: str, import_id: str | None) -> None:
        super().__init__(what)
        self.what = what
        self.import_id = import_id


class PartialFailure(BitbucketError):
    """`state` holds the outputs as they are now in Bitbucket."""

    def __init__(self, message: str, id: str, state: Mapping[str, Any], reasons: Sequence[str]) -> None:
        super().__init__(message)
        self.id = id
        self.state = state
        self.reasons = reasons


class Cancelled(BitbucketError):
    pass


class NotKnown(BitbucketError):
    pass


class LedgerLost(BitbucketError):
    pass


class OddAnswer(BitbucketError):
    pass


class Unanswered(BitbucketError):
    def __init__(self, message: str, *, sent: bool, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.sent = sent
        self.retry_after = retry_after


class ApiError(BitbucketError):
    def __init__(self, message: str, status: int, retry_after: float | None = None, told: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        self.told = told
        """Bitbucket's own words."""
        self.scopes: Mapping[str, tuple[str, ...]] = {}
        """Those that Bitbucket says are `required` and `granted`, where it says so."""
        self.credential = ""
        """The kind that was refused, in words: what one kind is granted says nothing of another."""

    def advised(self, advice: str) -> "ApiError":
        """The same with one sentence more."""
        found = type(self)(f"{self} {advice}", self.status, self.retry_after, self.told)
        found.scopes, found.credential = self.scopes, self.credential
        return found


class Unauthorized(ApiError):
    pass


class NotFound(ApiError):
    pass


class NoEnvironment(NotFound):
    def advised(self, advice: str) -> "ApiError":
        """Itself: it says what there is."""
        return self


class Conflict(ApiError):
    pass


class EndpointGone(ApiError):
    pass


class Moved(ApiError):
    pass


class RateLimited(ApiError):
    pass


def defect(error: BaseException) -> str:
    """What to say of an exception that this package did not raise on purpose: its kind and where, never its words,
    which may hold anything."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(__file__).parent in Path(frame.filename).parents]
    where = f" in {Path(ours[-1].filename).name}, line {ours[-1].lineno}" if ours else ""
    return (
        f"This is a defect of pulumi-bitbucket-user {__version__}, not of your program or of Bitbucket; please report "
        f"it: {type(error).__name__}{where}."
    )
