"""What an answer means: its JSON, or an error that says verb, path, status, Bitbucket's own words and what to do."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from ..errors import (
    ApiError,
    Conflict,
    EndpointGone,
    Moved,
    NotFound,
    OddAnswer,
    RateLimited,
    Unanswered,
    Unauthorized,
)
from ..models.group import HOW_TO_FIND
from ..operation import current
from .answer import Answer
from .credentials import Credential, Kind
from .decoding import NoJson, Unusable, parsed
from .masking import shown
from .reply import MOST_BYTES, Reply
from .retries import STATUSES, retry_after
from .scopes import needed

if TYPE_CHECKING:
    from .client import Path

NO_SCOPES = re.compile(r"invalid|expired|not supported", re.IGNORECASE)
ERRORS = {401: Unauthorized, 404: NotFound, 409: Conflict, 410: EndpointGone, 429: RateLimited}


@dataclass(frozen=True)
class Call:
    method: str
    path: "Path"
    shown: str
    """The path as a person reads it."""
    credential: Credential
    body: str = ""
    """The request's, as it was sent."""
    others: tuple[Credential, ...] = ()
    """Credentials that the call was not made with, and which a server may know from other calls."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message may quote."""
        known = (secret for one in (self.credential, *self.others) for secret in one.secrets())
        return (*current.get().secrets, *known)

    def carries_a_secret(self) -> bool:
        return any(secret and json.dumps(secret)[1:-1] in self.body for secret in current.get().secrets)

    def __str__(self) -> str:
        return f"{self.method} {self.shown}"


def read(reply: Reply, call: Call) -> Answer | None:
    """The JSON of a success; None of a DELETE, and of another write that answers 204. Raises ApiError, OddAnswer or
    Unanswered."""
    status = reply.status
    if status in STATUSES or (status >= 500 and call.method == "POST"):
        message = f"{call} answered {status}: {_quoted(reply, call)}."
        raise Unanswered(message, sent=True, retry_after=retry_after(reply.headers))
    if status >= 300:
        told, quoted = _words(reply, call), _quoted(reply, call)
        message = " ".join((f"{call} answered {status}: {quoted}.", *_remedies(status, told, quoted, call)))
        refusal = ERRORS.get(status, ApiError)(message, status, retry_after(reply.headers), told)
        refusal.scopes = _scopes(_error(reply).get("detail"))
        refusal.credential = call.credential.kind.value
        raise refusal
    if status == 204 and call.method != "GET":
        return None
    if _is_html(reply):
        _refuse("an HTML page where JSON was expected: is baseUrl right, is a proxy in between?", call)
    if call.method in call.path.answers_nothing:  # perhaps something in between has answered, and nothing was done
        _refuse(f"{status}, and not with 204, the only one that says that it was done.", call)
    if not reply.whole:
        _refuse(f"more than {MOST_BYTES // 1024**2} MiB, which no answer of Bitbucket's has.", call)
    try:
        return Answer(str(call), parsed(reply.content))
    except Unusable as unusable:
        _refuse(f"{unusable}.", call)
    except NoJson:
        what = "an answer that is no JSON, or not all of it" if reply.content else "an empty answer"
        raise Unanswered(f"{call} got {what} ({status}).", sent=True) from None


def _refuse(what: str, call: Call) -> NoReturn:
    """Raises OddAnswer: asking again brings the same answer. After a POST Unanswered: its work may be done."""
    message = f"{call} answered with {what}"
    raise (Unanswered(message, sent=True) if call.method == "POST" else OddAnswer(message)) from None


def moved(reply: Reply, call: Call) -> Moved:
    """The redirect of a write, which is never followed: it would be done somewhere else than where the preview said."""
    told = f"{call} answered {reply.status}: the place is somewhere else now. Nothing was changed."
    return Moved(told, reply.status)


def _remedies(status: int, told: str, quoted: str, call: Call) -> Iterator[str]:
    """What to do about a refusal, of whose words the error quotes some."""
    credential, prefers = call.credential, call.path.prefers(call.method)
    if status == 401:
        yield f"The credential was {credential.kind.value}: {credential.source}. Is it whole, and not expired?"
        if credential.kind is Kind.API_TOKEN and NO_SCOPES.search(told):
            yield "A token that was made without scopes is refused in these words too: make one with scopes."
        if credential.advice:
            yield credential.advice
    if status == 402:
        yield "The workspace's plan has no seat left for this person: free one or raise the plan, then run again."
    if status in (401, 403) and credential.kind not in prefers:
        wanted = " or ".join(kind.value for kind in prefers)
        yield f"It was made with {credential.kind.value}, but Bitbucket accepts only {wanted} here."
    elif status == 403 and "required: " not in quoted:  # where Bitbucket lists the scopes it says all that is to do
        if "scope" not in told and credential.kind is not prefers[0]:
            yield f"It was made with {credential.kind.value}; {prefers[0].value} is what Bitbucket prefers here."
        elif "scope" not in told:
            yield f"It was made with {credential.kind.value}: its owner needs the right to this."
        if scopes := needed(call.method, call.path.template, credential.kind):
            yield f"Scopes that it needs here: {', '.join(scopes)}."
    if status in (400, 404) and call.method == "PUT" and "/permissions-config/users/" in call.shown:
        yield "If the place is right: the person must be a member of the workspace and not its owner."
    if status == 404 and call.method == "PUT" and "/permissions-config/groups/" in call.shown:
        yield f"If the place is right: the workspace has no group with this slug. {HOW_TO_FIND}."
    if status == 410:
        yield "Bitbucket no longer serves this endpoint, or not at the moment: that says nothing about what is there."
    if status == 429:
        yield "That is the end of maxRateLimitWaitSeconds. Bitbucket counts requests over an hour: run again later."
    if status >= 500:
        yield "The trouble is Bitbucket's own: run again later."


def _quoted(reply: Reply, call: Call) -> str:
    """Bitbucket's words as far as an error may show them."""
    if not call.carries_a_secret():
        return _words(reply, call)
    error, sent = _error(reply), json.loads(call.body)
    text = "its words are not shown, because they may quote a secret of the request"
    fields = error.get("fields")
    if named := [name for name in fields if name in sent] if isinstance(fields, dict) else []:
        text += f". It complains about {', '.join(named)}"
    return text


def _error(reply: Reply) -> dict[str, Any]:
    """The object in which an answer explains itself, or an empty one."""
    try:
        answer = parsed(reply.content)
    except (NoJson, Unusable):
        return {}
    error = answer.get("error", answer) if isinstance(answer, dict) else answer
    return error if isinstance(error, dict) else {"message": str(error)}


def _scopes(detail: Any) -> dict[str, tuple[str, ...]]:
    """What a refusal for want of scopes lists."""
    lists = {name: detail.get(name) for name in ("required", "granted")} if isinstance(detail, dict) else {}
    return {
        name: tuple(one for one in found if isinstance(one, str))
        for name, found in lists.items()
        if isinstance(found, list)
    }


def _words(reply: Reply, call: Call) -> str:
    """Bitbucket's message and detail, in whatever form the answer has, without any secret."""
    if _is_html(reply):
        title = re.search(r"<(?:title|h1)[^>]*>([^<]+)<", reply.text, re.IGNORECASE)
        return shown(f"an HTML page ({title[1].strip()})" if title else "an HTML page", call.secrets)
    error = _error(reply)
    if not error:
        return shown(reply.text, call.secrets)
    parts = [_plain(error.get("message")), _plain(error.get("detail")), _plain(error.get("fields"))]
    return shown("; ".join(part.strip().rstrip(".") for part in parts if part), call.secrets)


def _plain(value: Any) -> str:
    """`{"required": ["a", "b"]}` as `required: a, b`."""
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_plain(inner) or 'none'}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return "" if value is None else str(value)


def _is_html(reply: Reply) -> bool:
    start = reply.content[:64].lstrip().lower()
    return "html" in reply.headers.get("Content-Type", "") or start.startswith((b"<!doctype", b"<html"))
