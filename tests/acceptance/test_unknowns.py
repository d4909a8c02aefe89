"""Values that a preview does not know yet: it neither fails nor asks Bitbucket, and the update does the right thing."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_bitbucket_user as bitbucket_user

from tests.acceptance.conftest import ADA, Stacks
from tests.acceptance.lives import ADA as CALLER
from tests.acceptance.lives import BOB, GRACE, LAPTOP, PHONE
from tests.conftest import CheckedEmulator


def test_inputs_that_are_outputs_of_other_resources(sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    key, label = LAPTOP, "laptop"

    def program() -> None:
        ssh_key = sdk.UserSshKey("key", user_id=CALLER.uuid, key=key, label=label)
        grace = sdk.RepositoryUserPermission(
            "grace", workspace="acme", repo_slug="api", user_id=GRACE.uuid, permission="write"
        )
        sdk.WorkspacePipelineVariable(
            "variable", workspace="acme", key="FINGERPRINT", value=ssh_key.fingerprint, secured=True
        )
        sdk.ProjectUserPermission(
            "project", workspace="acme", project_key="CORE", user_id=grace.account_id, permission="read"
        )
        sdk.RepositoryUserPermissions(
            "set", workspace="acme", repo_slug="web", permissions={BOB.uuid: grace.permission}
        )
        sdk.ProjectUserPermissions(
            "later", workspace="acme", project_key="OPS", permissions=grace.user_uuid.apply(lambda id: {id: "read"})
        )

    stack = stacks(program)
    assert stack.preview()
    assert not bitbucket.requests
    assert stack.up()
    [held] = bitbucket.ssh_keys("Ada")
    assert bitbucket.workspace_variables("acme")["FINGERPRINT"]["value"] == f"SHA256:{held.fingerprint}"
    assert bitbucket.project_permissions("acme", "CORE") == {"Grace Hopper": "read"}
    assert bitbucket.project_permissions("acme", "OPS") == {"Grace Hopper": "read"}
    assert bitbucket.repository_permissions("acme", "web") == {"Bob Kahn": "write"}

    label = "work"
    run = stack.preview()
    assert run.changes["key"] == ["update"]
    if not sdk.__name__.endswith("dynamic"):  # Pulumi previews no outputs of a dynamic resource's update
        assert list(run.changes) == ["key"]

    key = PHONE
    bitbucket.clear()
    run = stack.preview()
    assert run and set(run.changes) == {"key", "variable"}
    assert not bitbucket.requests
    assert stack.up()
    [held] = bitbucket.ssh_keys("Ada")
    assert bitbucket.workspace_variables("acme")["FINGERPRINT"]["value"] == f"SHA256:{held.fingerprint}"
    run = stack.up(refresh=True)
    assert run and not run.changes and not run.found


def test_a_provider_whose_configuration_is_not_known_yet(stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    def program() -> None:
        first = bitbucket_user.WorkspacePipelineVariable(
            "first", workspace="acme", key="FIRST", value="x", secured=True
        )
        provider = bitbucket_user.Provider(
            "later", email=first.key.apply(lambda _: "ada@acme.example"), api_token="ada-api-token"
        )
        unknown = bitbucket_user.Provider(
            "unknown", email=first.uuid.apply(lambda _: "ada@acme.example"), api_token="ada-api-token"
        )
        for name, one in {"grace": provider, "bob": unknown}.items():
            bitbucket_user.RepositoryUserPermission(
                name,
                workspace="acme",
                repo_slug="api",
                user_id={"grace": GRACE, "bob": BOB}[name].uuid,
                permission=bitbucket_user.RepositoryPermission.READ,
                opts=pulumi.ResourceOptions(provider=one),
            )

    stack = stacks(program, ADA)
    assert stack.preview()
    assert not bitbucket.requests
    assert stack.up()
    assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "read", "Bob Kahn": "read"}
    assert "ada-api-token" not in stack.state_text
    run = stack.up(refresh=True)
    assert run and not run.changes and not run.found
    assert stack.destroy()
    assert bitbucket.repository_permissions("acme", "api") == {}
