"""What an answer means: its JSON, or an error that says verb, path, status, Bitbucket's own words and what to do."""

import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests
from urllib3.exceptions import NewConnectionError

from ..errors import (
    ApiError,
    BitbucketError,
    Conflict,
    EndpointGone,
    Moved,
    NotFound,
    OddAnswer,
    RateLimited,
    Unanswered,
    Unauthorized,
)
from ..operation import current
from .answer import Answer
from .credentials import Credential, Kind
from .masking import shown
from .retries import STATUSES, retry_after

ERRORS = {401: Unauthorized, 404: NotFound, 409: Conflict, 410: EndpointGone, 429: RateLimited}


@dataclass(frozen=True)
class Call:
    method: str
    shown: str
    credential: Credential
    prefers: tuple[Kind, ...]
    scopes: tuple[str, ...] = ()
    """What a credential of this kind needs here."""

    def __str__(self) -> str:
        return f"{self.method} {self.shown}"


def read(response: requests.Response, call: Call) -> Answer | None:
    """The JSON of a success, None where it has none. Raises ApiError, OddAnswer or Unanswered."""
    status = response.status_code
    if status in STATUSES or (status >= 500 and call.method == "POST"):
        message = f"{call} answered {status}: {_words(response, call)}."
        raise Unanswered(message, sent=True, retry_after=retry_after(response))
    if status >= 300:
        told = _words(response, call)
        message = " ".join((f"{call} answered {status}: {told}.", *_remedies(status, told, call)))
        raise ERRORS.get(status, ApiError)(message, status, retry_after(response), told)
    if call.method == "DELETE" or (status == 204 and call.method != "GET"):
        return None
    if _is_html(response):
        message = f"{call} answered with an HTML page where JSON was expected: is baseUrl right, is a proxy in between?"
        raise Unanswered(message, sent=True) if call.method == "POST" else OddAnswer(message)
    try:
        return Answer(str(call), response.json())
    except requests.exceptions.JSONDecodeError:
        what = "an answer that is no JSON, or not all of it" if response.content else "an empty answer"
        raise Unanswered(f"{call} got {what} ({status}).", sent=True) from None


def moved(response: requests.Response, call: Call) -> Moved:
    """The redirect of a write, which is never followed: it would be done somewhere else than where the preview said."""
    told = f"{call} answered {response.status_code}: the place is somewhere else now. Nothing was changed."
    return Moved(told, response.status_code)


def no_answer(error: OSError, call: Call, timeout: float) -> BitbucketError:
    """What a failed exchange becomes; `sent` is false only when the request surely never left."""
    reason = _reason(error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return BitbucketError(f"{call}: the server's certificate cannot be trusted. {reason.verify_message}.")
    if isinstance(error, requests.exceptions.ProxyError):
        return Unanswered(f"{call}: the proxy did not let it through. {_last_part(reason)}.", sent=False)
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return Unanswered(f"{call}: no connection within {timeout:.3g} s.", sent=False)
    if isinstance(error, requests.exceptions.Timeout):
        return Unanswered(f"{call}: no answer within {timeout:.3g} s.", sent=True)
    if isinstance(reason, NewConnectionError):
        return Unanswered(f"{call}: no connection. {_last_part(reason)}.", sent=False)
    if isinstance(
        error,
        requests.exceptions.ConnectionError
        | requests.exceptions.ChunkedEncodingError
        | requests.exceptions.ContentDecodingError,
    ):
        return Unanswered(f"{call}: the connection was lost before the answer was complete.", sent=True)
    what = type(error).__name__ if isinstance(error, requests.RequestException) else str(error)
    return BitbucketError(f"{call} could not be sent: {what}.")


def _reason(error: OSError) -> object:
    """What urllib3 or ssl said, inside what requests says."""
    reason: Any = error
    while True:
        within = (getattr(reason, "reason", None), getattr(reason, "original_error", None), *reason.args[:1])
        inner = next((one for one in within if isinstance(one, Exception)), None)
        if inner is None:
            return reason
        reason = inner


def _last_part(reason: object) -> str:
    return str(reason).rpartition(": ")[2].rstrip(".")


def _remedies(status: int, told: str, call: Call) -> Iterator[str]:
    """What to do about a refusal."""
    credential = call.credential
    if status == 401:
        yield f"The credential was {credential.kind.value}: {credential.source}. Is it whole, and not expired?"
        if credential.advice:
            yield credential.advice
    if status == 402:
        yield "The workspace's plan has no seat left for this person: free one or raise the plan, then run again."
    if status in (401, 403) and credential.kind not in call.prefers:
        wanted = " or ".join(kind.value for kind in call.prefers)
        yield f"It was made with {credential.kind.value}, but Bitbucket accepts only {wanted} here."
    elif status == 403 and "required: " not in told:  # where Bitbucket lists the scopes it says all that is to do
        if "scope" not in told and credential.kind is not call.prefers[0]:
            yield f"It was made with {credential.kind.value}; {call.prefers[0].value} is what Bitbucket prefers here."
        elif "scope" not in told:
            yield f"It was made with {credential.kind.value}: its owner needs the right to this."
        if call.scopes:
            yield f"Scopes that it needs here: {', '.join(call.scopes)}."
    if status in (400, 404) and call.method == "PUT" and "/permissions-config/users/" in call.shown:
        yield "If the place is right: the person must be a member of the workspace and not its owner."
    if status == 410:
        yield "Bitbucket no longer serves this endpoint, or not at the moment: that says nothing about what is there."
    if status == 429:
        yield "That is the end of maxRateLimitWaitSeconds. Bitbucket counts requests over an hour: run again later."
    if status >= 500:
        yield "The trouble is Bitbucket's own: run again later."


def _words(response: requests.Response, call: Call) -> str:
    """Bitbucket's message and detail, in whatever form the answer has."""
    if _is_html(response):
        title = re.search(r"<(?:title|h1)[^>]*>([^<]+)<", response.text, re.IGNORECASE)
        return _quote(f"an HTML page ({title[1].strip()})" if title else "an HTML page", call)
    try:
        answer = response.json()
    except requests.exceptions.JSONDecodeError:
        return _quote(response.text, call)
    error = answer.get("error", answer) if isinstance(answer, dict) else answer
    if not isinstance(error, dict):
        return _quote(str(error), call)
    parts = [_plain(error.get("message")), _plain(error.get("detail")), _plain(error.get("fields"))]
    return _quote("; ".join(part.strip().rstrip(".") for part in parts if part), call)


def _plain(value: Any) -> str:
    """`{"required": ["a", "b"]}` as `required: a, b`."""
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_plain(inner) or 'none'}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return "" if value is None else str(value)


def _quote(text: str, call: Call) -> str:
    return shown(text, (*current.get().secrets, *call.credential.secrets()))


def _is_html(response: requests.Response) -> bool:
    start = response.content[:64].lstrip().lower()
    return "html" in response.headers.get("Content-Type", "") or start.startswith((b"<!doctype", b"<html"))
