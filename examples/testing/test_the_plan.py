"""With the engine's preview: a rule that holds whatever the program does, and however it does it."""

from __future__ import annotations

import json
from typing import Any

from access import CONTRACTORS
from bitbucket_user_emulator import Emulator
from pulumi import automation
from pulumi.automation import EngineEvent


def planned(stack: automation.Stack) -> list[dict[str, Any]]:
    """The inputs of every resource that an update would leave."""
    found: list[dict[str, Any]] = []

    def note(event: EngineEvent) -> None:
        step = event.resource_pre_event and event.resource_pre_event.metadata.new
        if step and step.inputs and step.type.startswith("bitbucket-user:"):
            found.append({**step.inputs})

    stack.preview(on_event=note)
    return found


def contractors_who_administrate(stack: automation.Stack, bitbucket: Emulator) -> list[str]:
    contractors = {bitbucket.person(address).account_id: address for address in CONTRACTORS}
    administrators = [one["userId"] for one in planned(stack) if one["permission"] == "admin"]
    return [contractors[one] for one in administrators if one in contractors]


def test_nobody_of_the_contractors_is_an_administrator_anywhere(stack: automation.Stack, bitbucket: Emulator) -> None:
    assert contractors_who_administrate(stack, bitbucket) == []


def test_the_rule_notices_one(stack: automation.Stack, bitbucket: Emulator) -> None:
    access = {"api": {"grace@acme.example": "admin", "bob@acme.example": "admin"}}
    stack.set_config("access", automation.ConfigValue(json.dumps(access)))
    assert contractors_who_administrate(stack, bitbucket) == ["bob@acme.example"]
