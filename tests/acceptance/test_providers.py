"""Explicit providers, each with a credential and a Bitbucket of its own, and what happens when a credential changes."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_bitbucket_user as bitbucket_user
from bitbucket_user_emulator import Emulator
from bitbucket_user_emulator.seed import api_token

from tests.acceptance.conftest import Stacks
from tests.acceptance.lives import GRACE
from tests.conftest import CheckedEmulator

READ = bitbucket_user.RepositoryPermission.READ


def rotate(bitbucket: Emulator, old: str, new: str) -> None:
    """Bitbucket refuses the old token from now on and accepts the new one, of the same owner."""
    known = bitbucket.world.credentials.pop(old)
    bitbucket.world.credentials[new] = api_token(new, bitbucket.world.people[known.actor])


def test_each_resource_goes_through_its_own_provider(stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    with Emulator() as other:

        def program() -> None:
            for name, token, url in (
                ("acme", "ada-api-token", bitbucket.url),
                ("acme-dev", "ada-dev-api-token", other.url),
            ):
                provider = bitbucket_user.Provider(
                    name,
                    email="ada@acme.example",
                    api_token=pulumi.Output.secret(token),
                    base_url=url,
                    allowed_workspaces=[name],
                )
                bitbucket_user.RepositoryUserPermission(
                    f"{name}-grace",
                    workspace=name,
                    repo_slug="api",
                    user_id=GRACE.uuid,
                    permission=READ,
                    opts=pulumi.ResourceOptions(provider=provider),
                )

        stack = stacks(program, {})
        assert stack.up()
        assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "read"}
        assert bitbucket.repository_permissions("acme-dev", "api") == {}
        assert other.repository_permissions("acme-dev", "api") == {"Grace Hopper": "read"}
        assert other.repository_permissions("acme", "api") == {}
        assert "ada-api-token" not in stack.state_text and "ada-dev-api-token" not in stack.state_text
        run = stack.up(refresh=True)
        assert run and not run.changes and not run.found
        assert stack.destroy()
        assert bitbucket.repository_permissions("acme", "api") == {}
        assert other.repository_permissions("acme-dev", "api") == {}


def one_grant() -> Any:
    def program() -> None:
        bitbucket_user.RepositoryUserPermission(
            "grace", workspace="acme", repo_slug="api", user_id=GRACE.uuid, permission=READ
        )

    return program


def test_a_token_rotated_in_the_environment_makes_no_difference_and_works_at_once(
    stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    stack = stacks(one_grant())
    assert stack.up()
    rotate(bitbucket, "ada-api-token", "new-token")
    stack.environ["BITBUCKET_API_TOKEN"] = "new-token"
    bitbucket.clear()
    preview = stack.preview()
    assert preview and not preview.changes and not preview.providers
    assert not bitbucket.requests
    assert stack.refresh()
    assert stack.destroy()
    assert bitbucket.repository_permissions("acme", "api") == {}


def test_a_token_rotated_in_stack_configuration_replaces_nothing_and_refresh_says_what_to_type(
    stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    config = {"email": "ada@acme.example", "apiToken": ("ada-api-token",)}
    stack = stacks(one_grant(), {}, config)
    assert stack.up()
    assert "ada-api-token" not in stack.state_text
    rotate(bitbucket, "ada-api-token", "new-token")
    stack.configure({"apiToken": ("new-token",)})

    run = stack.refresh()
    assert not run
    assert "--run-program" in run.errors["grace"] and "pulumi up" in run.errors["grace"]
    assert "grace" in stack.state
    assert stack.refresh(run_program=True)

    run = stack.up()
    assert run and not run.changes
    assert stack.refresh()
    assert stack.destroy()


def test_a_warning_names_another_base_url_of_the_default_provider_too(
    stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    with Emulator() as other:
        token = {"email": "ada@acme.example", "apiToken": ("ada-api-token",)}
        stack = stacks(one_grant(), {}, {"baseUrl": bitbucket.url, **token})
        assert stack.up()
        stack.configure({"baseUrl": other.url})
        run = stack.preview()
        assert run and not run.changes
        [warning] = [text for provider, text in run.warnings.items() if provider.startswith("default")]
        assert warning.startswith(f"baseUrl changes from {bitbucket.url} to {other.url}: ")


def test_a_warning_names_another_base_url_or_token_and_nothing_is_replaced(
    stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    with Emulator() as other:
        provided: dict[str, Any] = {"base_url": bitbucket.url, "api_token": "ada-api-token"}

        def program() -> None:
            provider = bitbucket_user.Provider("acme", email="ada@acme.example", **provided)
            bitbucket_user.RepositoryUserPermission(
                "grace",
                workspace="acme",
                repo_slug="api",
                user_id=GRACE.uuid,
                permission=READ,
                opts=pulumi.ResourceOptions(provider=provider),
            )

        stack = stacks(program, {})
        assert stack.up()
        provided |= {"base_url": other.url, "api_token": "new-token"}
        run = stack.preview(diff=True)
        assert run and not run.changes
        assert run.providers == {"acme": ["update"]}
        assert f'baseUrl : "{bitbucket.url}" => "{other.url}"' in " ".join(run.stdout.split())
        assert run.warnings["acme"] == (
            f"baseUrl changes from {bitbucket.url} to {other.url}: what the state holds is looked for there; "
            "nothing moves."
        )
        assert "ada-api-token" not in run.stdout and "new-token" not in run.stdout
        assert stack.up()
        assert "ada-api-token" not in stack.state_text and "new-token" not in stack.state_text
