"""Application properties of users: written by their Connect app alone, read by whom `_attributes` admits."""

from __future__ import annotations

import re
from typing import Any

from . import errors
from .operations import Answer, Call, operation
from .world import Person

PROPERTY = "/users/{selected_user}/properties/{app_key}/{property_name}"
NAME = re.compile(r"[-_a-zA-Z0-9]+")
ATTRIBUTES = ("public", "read_only")


def place(call: Call) -> tuple[Person, str]:
    app, name = call.parameters["app_key"], call.parameters["property_name"]
    if app not in call.world.apps:
        raise errors.error(404, f"No app with key '{app}' is installed.")
    if not NAME.fullmatch(name):
        raise errors.error(400, f"Invalid property name: {name}")
    return call.account(), f"{app}/{name}"


def own(call: Call) -> bool:
    return call.credential.kind == "jwt" and call.credential.app == call.parameters["app_key"]


def writable(call: Call) -> tuple[Person, str]:
    if not own(call):
        raise errors.error(403, "An app may only change its own properties.")
    return place(call)


def check_names(value: Any) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if not NAME.fullmatch(name):
                raise errors.error(400, f"Invalid key in the property's value: {name}")
            check_names(inner)
    elif isinstance(value, list):
        for inner in value:
            check_names(inner)


def missing(call: Call) -> errors.Refusal:
    return errors.error(404, f"No property '{call.parameters['property_name']}' found.")


@operation("GET", PROPERTY)
def get_property(call: Call) -> Answer:
    person, name = place(call)
    value = person.properties.get(name)
    if value is None or not (own(call) or "public" in value.get("_attributes", [])):
        raise missing(call)
    if not call.switches.attributes_answered:
        value = {key: inner for key, inner in value.items() if key != "_attributes"}
    return Answer(value)


@operation("PUT", PROPERTY)
def put_property(call: Call) -> Answer:
    person, name = writable(call)
    value = call.json_object()
    attributes = value.get("_attributes", [])
    if not isinstance(attributes, list) or any(one not in ATTRIBUTES for one in attributes):
        raise errors.error(400, "_attributes must be a list of public and read_only.")
    check_names(value)
    person.properties[name] = value
    return Answer(status=204)


@operation("DELETE", PROPERTY)
def delete_property(call: Call) -> Answer:
    person, name = writable(call)
    if person.properties.pop(name, None) is None:
        raise missing(call)
    return Answer(status=204)
