"""Stacks that version 0.1.0 made are refreshed, changed and destroyed by this one, in both flavours.

`states/` holds them as `pulumi stack export --show-secrets` gave them out after an `up` and a refresh, with provider
and SDK of commit 82557f8. What they were about is put into Bitbucket again, with the same UUIDs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pulumi.automation import Deployment
from pydantic.alias_generators import to_snake

from tests.acceptance.conftest import EVERY_CREDENTIAL, Stacks
from tests.conftest import CheckedEmulator

STATES = Path(__file__).parent / "states"
SECRET = "a secret of version 0.1.0"
CHANGES: dict[str, dict[str, Any]] = {
    "RepositoryUserPermission": {"permission": "write"},
    "ProjectUserPermission": {"permission": "write"},
    "RepositoryUserPermissions": {"exclusive": False},
    "ProjectUserPermissions": {"permissions": {}},
    "WorkspacePipelineVariable": {"value": "changed"},
    "UserPipelineVariable": {"value": "changed"},
    "UserApplicationProperty": {"value": {"theme": "light"}},
    "UserSshKey": {"label": "changed"},
}


def as_it_is(outputs: dict[str, Any]) -> None:
    """The state as that version left it."""


def with_other_fields(outputs: dict[str, Any]) -> None:
    """A state of a version that knew less, or that knows more, after a way back."""
    for name in ("displayName", "accountId", "comment", "createdOn", "fingerprint", "expiresOn"):
        outputs.pop(name, None)
    outputs["ofALaterVersion"] = {"x": [1, "two"]}


@pytest.mark.parametrize("changed", [as_it_is, with_other_fields])
def test_a_stack_of_the_first_version_goes_on(
    sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator, changed: Any
) -> None:
    flavour = sdk.__name__.rpartition(".")[2].replace("pulumi_bitbucket_user", "native")
    exported = json.loads((STATES / f"version-0.1.0-{flavour}.json").read_text())
    ours = [one for one in exported["deployment"]["resources"] if "bitbucket-user:" in one["type"] and one.get("id")]
    wanted = {}
    for one in ours:
        kind, name = one["type"].rpartition(":")[2], one["urn"].rpartition("::")[2]
        if kind in CHANGES:
            _put_into(bitbucket, kind, _plain(one["outputs"]))
            inputs = {key: value for key, value in _plain(one["inputs"]).items() if not key.startswith("__")}
            wanted[name] = (kind, inputs)
            changed(one["outputs"])
    assert {kind for kind, _ in wanted.values()} == CHANGES.keys()

    def program() -> None:
        for name, (kind, inputs) in wanted.items():
            getattr(sdk, kind)(name, **{to_snake(key): value for key, value in inputs.items()})

    stack = stacks(program, EVERY_CREDENTIAL)
    stack.automation.import_stack(Deployment(exported["version"], exported["deployment"]))
    bitbucket.clear()
    refreshed = stack.refresh()
    assert refreshed, refreshed.stdout
    if changed is as_it_is:
        assert not refreshed.found
        again = stack.up()
        assert again and not again.changes
    assert bitbucket.count("PUT") == bitbucket.count("DELETE") == 0
    assert SECRET not in stack.state_text

    wanted.update({name: (kind, {**inputs, **CHANGES[kind]}) for name, (kind, inputs) in wanted.items()})
    run = stack.up()
    assert run, run.stdout
    assert run.changes == {name: ["update"] for name in wanted}
    assert bitbucket.workspace_variables("acme")["DEPLOY_TOKEN"]["value"] == "changed"
    assert stack.destroy()
    assert not any(
        (bitbucket.workspace_variables("acme"), bitbucket.user_variables("Grace"), bitbucket.ssh_keys("Ada"))
    )
    for place in ("api", "web"):
        assert bitbucket.repository_permissions("acme", place) == {}
    assert bitbucket.project_permissions("acme", "CORE") == bitbucket.project_permissions("acme", "OPS") == {}


def _plain(value: Any) -> Any:
    """A bag of an exported state without the wrapping of secrets."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "plaintext" in value:
        return json.loads(value["plaintext"])
    return {key: _plain(inner) for key, inner in value.items()}


def _put_into(bitbucket: CheckedEmulator, kind: str, outputs: dict[str, Any]) -> None:
    """What the outputs say stands in Bitbucket."""
    place = outputs.get("repoSlug") or outputs.get("projectKey", "")
    if kind in ("RepositoryUserPermission", "ProjectUserPermission"):
        bitbucket.grant("acme", place, outputs["displayName"].split()[0], outputs["permission"])
    elif kind in ("RepositoryUserPermissions", "ProjectUserPermissions"):
        for grant in outputs["grants"]:
            bitbucket.grant("acme", place, grant["displayName"].split()[0], grant["permission"])
    elif kind in ("WorkspacePipelineVariable", "UserPipelineVariable"):
        owner = "acme" if "workspace" in outputs else "Grace"
        variable = bitbucket.set_variable(owner, outputs["key"], outputs["value"], outputs["secured"])
        held = bitbucket.world.workspaces["acme"].variables if owner == "acme" else bitbucket.person(owner).variables
        _rename(held, variable, outputs["uuid"])
    elif kind == "UserApplicationProperty":
        bitbucket.set_property("Grace", f"{outputs['appKey']}/{outputs['propertyName']}", outputs["value"])
    elif kind == "UserSshKey":
        key = bitbucket.add_ssh_key("Ada", outputs["key"], outputs["label"])
        key.created_on = outputs["createdOn"]
        _rename(bitbucket.person("Ada").ssh_keys, key, outputs["uuid"])


def _rename(held: dict[str, Any], made: Any, uuid: str) -> None:
    held[f"{{{uuid}}}"] = held.pop(made.uuid)
    made.uuid = f"{{{uuid}}}"
