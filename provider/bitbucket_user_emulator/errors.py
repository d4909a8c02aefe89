"""Refusals, each in the shape Bitbucket gives it."""

from __future__ import annotations

from typing import Any

WRONG_MECHANISM = "This API is not accessible by this authentication mechanism"
WRONG_TOKEN = "This resource does not support authentication using the provided token"
NO_REPOSITORY = (
    "You may not have access to this repository or it no longer exists in this workspace. "
    "If you think this repository exists and you have access, make sure you are authenticated."
)
SEAT_LIMIT = "You have reached your plan's user limit and must upgrade before giving access to additional users."


class Refusal(Exception):
    """An answer that is not a success. A `text` is sent as text/plain instead of JSON."""

    def __init__(
        self, status: int, body: object = None, text: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(status, body or text)
        self.status, self.body, self.text, self.headers = status, body, text, headers or {}


def error(status: int, message: str, detail: object = None, data: object = None, **more: Any) -> Refusal:
    """The usual body. `detail` is a string in the documentation and sometimes an object in truth."""
    inner: dict[str, Any] = {"message": message}
    if detail is not None:
        inner["detail"] = detail
    if data is not None:
        inner["data"] = data
    return Refusal(status, {"type": "error", "error": {**inner, **more}})


def not_admin(place: str, status: int, absent: str) -> Refusal:
    """To somebody who may read a place, and no more: 403 is documented, 404 hides that it is there."""
    message = f"You need admin permission for this {place} to access this resource."
    return error(status, absent if status == 404 else message)


def invalid_field(name: str, problem: str) -> Refusal:
    return error(400, "Bad request", fields={name: [problem]})


def pipelines(status: int, message: str, detail: str, key: str) -> Refusal:
    """Pipelines answers without the outer `type`."""
    data = {"key": key, "arguments": {}}
    return Refusal(status, {"error": {"message": message, "detail": detail, "data": data}})


def lacks_scopes(required: list[str], granted: list[str]) -> Refusal:
    message = "Your credentials lack one or more required privilege scopes."
    return error(403, message, detail={"required": required, "granted": granted})


def bad_credentials() -> Refusal:
    return Refusal(401, text="Login failed due to incorrect login credentials or method.", headers=_CHALLENGE)


def unsupported_token() -> Refusal:
    return _unauthorized("Token is invalid, expired, or not supported for this endpoint.")


def expired_token() -> Refusal:
    return _unauthorized("Access token expired. Use your refresh token to obtain a new access token.")


def no_credentials() -> Refusal:
    return _unauthorized("Authentication is required to access this resource.")


def _unauthorized(message: str) -> Refusal:
    refusal = error(401, message)
    refusal.headers = _CHALLENGE
    return refusal


def removed(status: int) -> Refusal:
    if status == 404:
        return error(404, "Resource not found")
    return error(
        410,
        "CHANGE-2770 - Functionality has been deprecated",
        "Please read the changelog entry for more details.",
        {"announcement_url": "https://developer.atlassian.com/cloud/bitbucket/changelog/#CHANGE-2770"},
    )


_CHALLENGE = {"WWW-Authenticate": 'Basic realm="Bitbucket.org HTTP"'}
