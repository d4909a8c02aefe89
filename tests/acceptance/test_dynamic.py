"""What holds for dynamic resources alone."""

from __future__ import annotations

import os

import pulumi
import pulumi_bitbucket_user.dynamic as bitbucket_user
import pytest

from tests.acceptance.conftest import Stacks
from tests.acceptance.lives import GRACE
from tests.acceptance.test_providers import rotate
from tests.conftest import CheckedEmulator
from tests.engine import engine


def program() -> None:
    bitbucket_user.RepositoryUserPermission(
        "grace",
        workspace="acme",
        repo_slug="api",
        user_id=GRACE.uuid,
        permission=bitbucket_user.RepositoryPermission.READ,
    )


def test_a_dynamic_program_needs_no_plugin(stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    """There is none on PATH, and the engine would ask the network for a plugin that it misses."""
    stack = stacks(program)
    stack.environ["PATH"] = os.pathsep.join([str(engine()), "/usr/bin", "/bin"])
    del stack.environ["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"]
    run = stack.up()
    assert run, run.stdout
    assert stack.refresh() and stack.destroy()
    assert bitbucket.repository_permissions("acme", "api") == {}


def test_an_error_ends_in_one_line_after_pulumis_own_frames(stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    bitbucket.fault("permissions-config/users", "PUT", status=402)
    run = stacks(program).up()
    lines = run.errors["grace"].splitlines()
    assert lines[-1].startswith("BitbucketUserError: PUT /repositories/acme/api/")
    assert "site-packages/pulumi" in "".join(lines)
    assert sum("bitbucket_user_provider" in line for line in lines) == 1


def test_an_import_that_cannot_be_names_what_can(stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    bitbucket.grant("acme", "api", "Grace", "admin")
    run = stacks(program).up()
    assert "set bitbucket-user:adoptExisting to true" in run.errors["grace"]
    assert "pulumi import" not in run.errors["grace"]


def test_get_of_what_is_not_there_fails(stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    def looking() -> None:
        found = bitbucket_user.WorkspacePipelineVariable.get("token", "acme/TOKEN")
        pulumi.export("uuid", found.uuid)

    run = stacks(looking).up()
    assert not run
    assert "There is no WorkspacePipelineVariable 'acme/TOKEN' in Bitbucket" in run.errors["token"]


def test_whether_something_exists_only_the_plugin_says() -> None:
    with pytest.raises(pulumi.RunError, match="UserSshKey.exists needs the plugin: import pulumi_bitbucket_user"):
        bitbucket_user.UserSshKey.exists("{ada}/laptop")


def test_a_token_rotated_in_stack_configuration_is_told_what_to_type(
    stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    stack = stacks(program, {}, {"email": "ada@acme.example", "apiToken": ("ada-api-token",)})
    assert stack.up()
    rotate(bitbucket, "ada-api-token", "new-token")
    stack.configure({"apiToken": ("new-token",)})
    for run in (stack.refresh(), stack.destroy()):
        assert "run `pulumi up` first, or add `--run-program`" in run.errors["grace"]
    assert stack.refresh(run_program=True)
    assert stack.up()
    assert stack.destroy()
    assert bitbucket.repository_permissions("acme", "api") == {}
