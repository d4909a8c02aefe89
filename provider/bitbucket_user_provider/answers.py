"""What an answer means: its JSON, or an error that says verb, path, status, Bitbucket's own words and what to do."""

import re
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from .credentials import Credential, Kind
from .errors import ApiError, BitbucketError, Conflict, NotFound, RateLimited, Unanswered, Unauthorized
from .retries import STATUSES

LONGEST_QUOTE = 300


@dataclass(frozen=True)
class Call:
    method: str
    shown: str
    credential: Credential
    prefers: tuple[Kind, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.shown}"


def read(response: requests.Response, call: Call) -> Any:
    """The JSON of a success, None where it has none. Raises ApiError or Unanswered."""
    if response.status_code in STATUSES or (response.status_code >= 500 and call.method == "POST"):
        raise Unanswered(
            f"{call} answered {response.status_code}: {_words(response)}.",
            sent=True,
            retry_after=_retry_after(response),
        )
    if not response.ok or response.is_redirect:
        raise _refusal(response, call)
    if response.status_code == 204 or call.method == "DELETE":
        return None
    if _is_html(response):
        message = f"{call} answered with an HTML page where JSON was expected: is baseUrl right, is a proxy in between?"
        raise Unanswered(message, sent=True) if call.method == "POST" else BitbucketError(message)
    try:
        return response.json()
    except requests.exceptions.JSONDecodeError:
        what = "a truncated answer" if response.content else "an empty answer"
        raise Unanswered(f"{call} got {what} ({response.status_code}).", sent=True) from None


def no_answer(error: requests.RequestException, call: Call, timeout: float) -> BitbucketError:
    """What a failed exchange becomes; `sent` is false only when the request surely never left."""
    if isinstance(error, requests.exceptions.SSLError):
        return BitbucketError(f"{call}: the server's certificate cannot be trusted. {_reason(error)}.")
    if isinstance(error, requests.exceptions.ProxyError):
        return Unanswered(f"{call}: the proxy did not let it through. {_reason(error)}.", sent=False)
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return Unanswered(f"{call}: no connection within {timeout:g} s.", sent=False)
    if isinstance(error, requests.exceptions.Timeout):
        return Unanswered(f"{call}: no answer within {timeout:g} s.", sent=True)
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema):
        return BitbucketError(f"{call}: {error}")
    refused = "Failed to establish" in str(error) or "NameResolution" in str(error)
    if refused:
        return Unanswered(f"{call}: no connection. {_reason(error)}.", sent=False)
    return Unanswered(f"{call}: the connection was lost before the answer was complete.", sent=True)


def _refusal(response: requests.Response, call: Call) -> ApiError:
    status = response.status_code
    told = _words(response)
    hint = _hint(status, told, call)
    message = f"{call} answered {status}: {told}." + (f" {hint}" if hint else "")
    kind = {401: Unauthorized, 404: NotFound, 409: Conflict, 410: NotFound, 429: RateLimited}.get(status, ApiError)
    return kind(message, status, _retry_after(response), told)


def _hint(status: int, told: str, call: Call) -> str:
    if status == 401:
        hint = (
            f"The credential was {call.credential.kind.value}: {call.credential.source}. "
            "Is it whole, of this host, and not expired?"
        )
        if "configuration" in call.credential.source:
            hint += (
                " After a change in stack configuration, refresh and destroy still hand over the one in state: "
                "run `pulumi up` first, or add `--run-program`."
            )
        return hint
    if status == 402:
        return "The workspace's plan has no seat left for this person: free one or raise the plan, then run again."
    if status == 403 and call.credential.kind not in call.prefers:
        wanted = " or ".join(kind.value for kind in call.prefers)
        return f"It was made with {call.credential.kind.value}, but Bitbucket accepts only {wanted} here."
    if status == 403 and call.credential.kind is not call.prefers[0] and "scope" not in told:
        return f"It was made with {call.credential.kind.value}; {call.prefers[0].value} is what Bitbucket prefers here."
    if status in (400, 404) and call.method == "PUT" and "/permissions-config/" in call.shown:
        return "The person must be a member of the workspace and not its owner."
    if status == 429:
        return "That is the end of maxRateLimitWaitSeconds. Bitbucket counts requests over an hour: run again later."
    return ""


def _words(response: requests.Response) -> str:
    """Bitbucket's message and detail, in whatever form the answer has."""
    if _is_html(response):
        title = re.search(r"<(?:title|h1)[^>]*>([^<]+)<", response.text, re.IGNORECASE)
        return f"an HTML page ({' '.join(title[1].split())})" if title else "an HTML page"
    try:
        answer = response.json()
    except requests.exceptions.JSONDecodeError:
        return _quote(response.text) or "an answer without words"
    error = answer.get("error", answer) if isinstance(answer, dict) else answer
    if not isinstance(error, dict):
        return _quote(str(error))
    parts = [str(error.get("message", "")).strip().rstrip(".")]
    detail = error.get("detail")
    if isinstance(detail, dict):
        parts += [
            f"{key}: {', '.join(map(str, value)) or 'none'}" for key, value in detail.items() if isinstance(value, list)
        ]
    elif detail:
        parts.append(str(detail).strip().rstrip("."))
    fields = error.get("fields")
    if isinstance(fields, dict):
        parts += [
            f"{key}: {' '.join(map(str, value)) if isinstance(value, list) else value}" for key, value in fields.items()
        ]
    return _quote("; ".join(part for part in parts if part)) or "an answer without words"


def _quote(text: str) -> str:
    text = " ".join(text.split()).rstrip(".")
    return text if len(text) <= LONGEST_QUOTE else text[:LONGEST_QUOTE] + " …"


def _is_html(response: requests.Response) -> bool:
    return "html" in response.headers.get("Content-Type", "") or response.content[:64].lstrip().lower().startswith(
        (b"<!doctype", b"<html")
    )


def _retry_after(response: requests.Response) -> float | None:
    """Seconds from a header that holds seconds or a date."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(timezone.utc)).total_seconds())
    except ValueError:
        return None


def _reason(error: requests.RequestException) -> str:
    cause = error.args[0] if error.args else error
    reason = str(getattr(cause, "reason", cause))
    return re.sub(r"^<[^>]*>: |^.*?object at 0x[0-9a-f]+>: ", "", reason).rstrip(".")
