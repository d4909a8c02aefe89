"""What can go wrong.

BitbucketError                 one readable paragraph, no secret in it
├── ConfigurationError         the provider's configuration cannot be used; nothing was sent
├── InvalidInput               a property, an id or an argument cannot be used; nothing was sent
├── Exists                     create found that the thing stands there already; nothing was changed
├── PartialFailure             some of the work is done; carries what is true now
├── Cancelled                  the engine asked to stop, or the operation's own time is over
├── Unanswered                 no usable answer; `sent` says whether the request may have arrived
└── ApiError                   Bitbucket refused: status, its own words, what to do
    ├── Unauthorized           401
    ├── NotFound               404 and 410
    ├── Conflict               409
    └── RateLimited            429, after the longest wait that is allowed
"""

from collections.abc import Mapping, Sequence
from typing import Any


class BitbucketError(Exception):
    """Anything this package raises on purpose."""


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


class Unauthorized(ApiError):
    pass


class NotFound(ApiError):
    pass


class Conflict(ApiError):
    pass


class RateLimited(ApiError):
    pass
