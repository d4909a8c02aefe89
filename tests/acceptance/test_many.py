"""More dynamic resources than Python has frames, for `make soak`: most of its minute is Pulumi's own."""

from __future__ import annotations

import pulumi_bitbucket_user.dynamic as bitbucket_user
import pytest

from tests.acceptance.conftest import Stacks
from tests.conftest import CheckedEmulator

pytestmark = pytest.mark.soak

RESOURCES = 1_200
READ = bitbucket_user.RepositoryPermission.READ


def test_a_program_may_have_more_resources_than_python_has_frames(stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    bitbucket.populate(people=RESOURCES)
    people = [one.account_id for one in bitbucket.world.people.values() if one.display_name.startswith("Person ")]

    def program() -> None:
        for user in people:
            bitbucket_user.RepositoryUserPermission(
                user, workspace="acme", repo_slug="api", user_id=user, permission=READ
            )

    stack = stacks(program)
    stack.environ["PULUMI_SKIP_CHECKPOINTS"] = "true"  # else the engine writes all of its state at every step
    preview = stack.preview()
    assert preview.counts["create"] == RESOURCES, preview.stdout
    assert stack.up()
    assert len(bitbucket.repository_permissions("acme", "api")) == RESOURCES
