"""What went wrong with a request that has no answer. Loaded with the first one, because it knows the errors of the
libraries for HTTP."""

import ssl
from typing import Any

import requests
from urllib3.exceptions import NewConnectionError

from ..errors import BitbucketError, Unanswered
from .answers import Call


def no_answer(error: Exception, call: Call, timeout: float) -> BitbucketError:
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
    if isinstance(error, requests.exceptions.InvalidSchema | requests.exceptions.InvalidURL):
        return BitbucketError(  # in words of its own: those of the error may quote the password of the proxy
            f"{call} could not be sent: neither baseUrl nor a proxy of the environment (HTTPS_PROXY, ALL_PROXY) may be "
            "misspelt, and a SOCKS proxy needs the Python package pysocks."
        )
    what = type(error).__name__ if isinstance(error, requests.RequestException) else str(error)
    return BitbucketError(f"{call} could not be sent: {what}.")


def _reason(error: Exception) -> object:
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
