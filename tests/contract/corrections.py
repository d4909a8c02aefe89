"""Where the published specification and the real server part ways: each correction is data with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Patch:
    """A value put into the specification at a JSON pointer, before anything is validated."""

    pointer: str
    value: Any
    reason: str


@dataclass(frozen=True)
class Status:
    """A status that operations whose "METHOD route" matches a regular expression may answer beside those documented."""

    operations: str
    status: int
    reason: str


@dataclass(frozen=True)
class Query:
    """A query parameter that matching operations take beside those documented."""

    operations: str
    name: str
    reason: str


def _answer(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": "Added.", "content": {"application/json": {"schema": schema}}}


EMAIL = {
    "type": "object",
    "properties": {
        "type": {"enum": ["email"]},
        "email": {"type": "string"},
        "is_primary": {"type": "boolean"},
        "is_confirmed": {"type": "boolean"},
        "links": {"type": "object", "properties": {"self": {"$ref": "#/components/schemas/link"}}},
    },
    "required": ["email", "is_primary", "is_confirmed"],
    "additionalProperties": False,
}
EMAIL_PAGE = {
    "type": "object",
    "properties": {
        **{name: {"type": "integer"} for name in ("size", "page", "pagelen")},
        "next": {"type": "string", "format": "uri"},
        "values": {"type": "array", "items": EMAIL},
    },
    "required": ["values"],
    "additionalProperties": False,
}
MOMENT = {"type": "string", "format": "date-time"}
MOMENT_OR_NULL = {"type": ["string", "null"], "format": "date-time"}
USER = {"$ref": "#/components/schemas/user"}
SCHEMAS = "/components/schemas"
MEMBERSHIP = f"{SCHEMAS}/workspace_membership/allOf/1/properties"
USER_PROPERTIES = f"{SCHEMAS}/user/allOf/1/properties"
ERROR = f"{SCHEMAS}/error/properties/error/properties"

PATCHES = [
    Patch("/paths/~1user~1emails/get/responses/200", _answer(EMAIL_PAGE), "only errors are documented"),
    Patch("/paths/~1user~1emails~1{email}/get/responses/200", _answer(EMAIL), "only errors are documented"),
    Patch("/paths/~1user/get/responses/200", _answer(USER), "typed as account, answered as user"),
    Patch("/paths/~1users~1{selected_user}/get/responses/200", _answer(USER), "typed as account, answered as user"),
    Patch(f"{SCHEMAS}/ssh_account_key/allOf/1/properties/owner", USER, "typed as account, answered as user"),
    Patch(f"{MEMBERSHIP}/user", USER, "typed as account, answered as user"),
    Patch(f"{MEMBERSHIP}/permission", {"type": "string"}, "in the examples, in no schema"),
    Patch(f"{MEMBERSHIP}/added_on", MOMENT, "in the examples, in no schema"),
    Patch(f"{MEMBERSHIP}/last_accessed", MOMENT, "in the examples, in no schema"),
    Patch(f"{USER_PROPERTIES}/kind", {"type": "string"}, "app users say what they are"),
    Patch(f"{USER_PROPERTIES}/email", {"type": "string"}, "members show an address that was asked for by `fields`"),
    Patch(f"{SCHEMAS}/commit_file/properties/links", {"type": "object"}, "in the examples, in no schema"),
    Patch(
        f"{SCHEMAS}/commit_file/properties/attributes",
        {"type": ["string", "array"]},
        "answers hold a list of attributes",
    ),
    Patch(f"{SCHEMAS}/ssh_key/allOf/1/properties/last_used", MOMENT_OR_NULL, "null when never used"),
    Patch(f"{SCHEMAS}/ssh_account_key/allOf/1/properties/expires_on", MOMENT_OR_NULL, "null in the examples too"),
    Patch(f"{ERROR}/detail", {"type": ["string", "object"]}, "missing scopes are told as required and granted"),
    Patch(f"{ERROR}/fields", {"type": "object"}, "a 400 lists its complaints by field"),
    Patch(f"{SCHEMAS}/error/required", ["error"], "Pipelines and some 404s leave `type` out"),
]

REQUEST_PATCHES = [
    Patch(f"{SCHEMAS}/object/required", [], "`type` is the server's to give; bodies that hold one are refused"),
]

# An undocumented key is a problem everywhere but in these.
OPEN_SCHEMAS = {
    "application_property": "its keys are the caller's own",
    "account_links": "users and teams hold it with links of their own",
}

LISTS = (
    r"GET .*(/users|/groups|/variables|/emails|/ssh-keys|/members|/permissions|/repositories|/workspaces"
    r"|/repositories/\{repo_slug\})"
)
STATUSES = [
    Status(r".*", 401, "every operation refuses bad credentials"),
    Status(r".*", 403, "every operation refuses kinds of credentials, and missing scopes"),
    Status(r".*", 429, "every operation is rate limited"),
    Status(r"GET .*", 404, "what cannot be seen is not found, and removed operations answer so"),
    Status(r"GET /user/permissions/.*", 410, "removed by CHANGE-2770"),
    Status(LISTS, 400, "a bad pagelen, page or query is refused"),
    Status(r"(POST|PUT) .*/variables.*", 400, "a bad key or body is refused"),
    Status(r"PUT .*/variables/.*", 409, "a rename onto another variable's key is refused"),
    Status(r"(GET|PUT|DELETE) .*/properties/.*", 404, "an unknown user, app or property is not found"),
    Status(r"(GET|PUT|DELETE) .*/properties/.*", 400, "a bad property name or value is refused"),
]
QUERIES = [
    Query(r"GET .*", "fields", "partial answers work everywhere"),
    Query(LISTS, "pagelen", "documented in the introduction alone"),
    Query(LISTS, "page", "part of the links to the next page"),
    Query(r"GET /workspaces/\{workspace\}/members", "q", "told in the description alone"),
]
