"""Without engine and Bitbucket, in milliseconds: what does the program ask for?"""

from __future__ import annotations

from typing import Any

import pulumi
from access import grant
from pulumi.runtime import MockCallArgs, MockResourceArgs


class Mocks(pulumi.runtime.Mocks):
    def __init__(self) -> None:
        self.granted: dict[str, dict[str, Any]] = {}

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.granted[args.name] = args.inputs
        return f"id-of-{args.name}", args.inputs

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[Any]]:
        by_email = {address: f"id-of-{address}" for address in args.args["emails"]}
        return {"members": [], "missing": [], "byEmail": by_email}, []


def test_everybody_gets_what_the_configuration_says() -> None:
    mocks = Mocks()
    pulumi.runtime.set_mocks(mocks, project="testing", stack="dev")
    access = {"api": {"grace@acme.example": "write"}, "web": {"bob@acme.example": "read"}}

    @pulumi.runtime.test  # type: ignore[untyped-decorator]  # Pulumi gives it no types
    def program() -> pulumi.Output[Any]:
        return pulumi.Output.all(*[one.urn for one in grant("acme", access)])

    program()
    assert {name: (one["userId"], one["permission"]) for name, one in mocks.granted.items()} == {
        "api-grace@acme.example": ("id-of-grace@acme.example", "write"),
        "web-bob@acme.example": ("id-of-bob@acme.example", "read"),
    }
