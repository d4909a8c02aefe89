"""Accounts and e-mail addresses."""

from __future__ import annotations

from typing import Any

from . import errors, pages
from .operations import Answer, Call, operation
from .world import Email, Person


def brief(person: Person) -> dict[str, Any]:
    """An account inside another object."""
    return {
        "type": person.kind,
        "display_name": person.display_name,
        "uuid": person.uuid,
        "account_id": person.account_id,
        "nickname": person.nickname,
    }


def without_account_ids(body: Any) -> Any:
    if isinstance(body, list):
        return [without_account_ids(item) for item in body]
    if not isinstance(body, dict):
        return body
    return {name: without_account_ids(value) for name, value in body.items() if name != "account_id"}


def full(call: Call, person: Person) -> dict[str, Any]:
    own = call.url("users", person.uuid)
    shown = brief(person) | {
        "account_status": "active",
        "links": {
            "self": {"href": own},
            "avatar": {"href": f"{call.origin}/account/{person.username}/avatar/"},
            "repositories": {"href": call.url("repositories", person.uuid)},
        },
    }
    if person.kind == "app_user":
        return shown | {"kind": "app_user"}
    if not person.private_profile:
        shown["created_on"] = person.created_on
    return shown


@operation("GET", "/user")
def current_user(call: Call) -> Answer:
    return Answer(full(call, call.actor))


@operation("GET", "/users/{selected_user}")
def user(call: Call) -> Answer:
    return Answer(full(call, call.account()))


def email(call: Call, one: Email) -> dict[str, Any]:
    return {
        "type": "email",
        "email": one.address,
        "is_primary": one.is_primary,
        "is_confirmed": one.is_confirmed,
        "links": {"self": {"href": call.url("user", "emails", one.address)}},
    }


@operation("GET", "/user/emails")
def emails(call: Call) -> Answer:
    return pages.page(call, call.actor.emails, lambda one: email(call, one))


@operation("GET", "/user/emails/{email}")
def one_email(call: Call) -> Answer:
    for one in call.actor.emails:
        if one.address.lower() == call.parameters["email"].lower():
            return Answer(email(call, one))
    raise errors.error(404, f"You have no e-mail address {call.parameters['email']}")
