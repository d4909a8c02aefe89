"""The hourly limit under the engine: two provider processes at once, more writes than one window allows. All get
through, and few are refused. `pytest -s` prints how many."""

from __future__ import annotations

import pulumi_bitbucket_user as native
import pulumi_bitbucket_user.dynamic as dynamic

from tests.acceptance.conftest import Stacks
from tests.conftest import CheckedEmulator

WRITES, A_WINDOW, SECONDS = 60, 40, 5
MOST_REFUSED = 16 + 4 + 2 * SECONDS
"""What the two processes have under way when the window is full, and one each for every second that they wait."""


def test_two_processes_write_more_than_one_window_allows(stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    bitbucket.populate(people=WRITES)
    people = [one for one in bitbucket.world.people.values() if one.display_name.startswith("Person ")]

    def program() -> None:
        for number, person in enumerate(people):
            sdk = (native, dynamic)[number % 2]
            sdk.RepositoryUserPermission(
                person.display_name,
                workspace="acme",
                repo_slug="api",
                user_id=person.account_id,
                permission=sdk.RepositoryPermission.READ,
            )

    bitbucket.switches.requests_per_hour, bitbucket.switches.rate_window_seconds = A_WINDOW, SECONDS
    bitbucket.switches.retry_after = "1"
    stack = stacks(program, config={"adoptExisting": True})
    stack.environ["PULUMI_SKIP_CHECKPOINTS"] = "true"
    run = stack.up(parallel=32)
    refused = sum(one.status == 429 for one in bitbucket.requests)
    print(f"\n{WRITES} writes, {A_WINDOW} in {SECONDS} s: {refused} refused, {len(run.errors)} given up")
    assert run, run.stdout
    assert len(bitbucket.repository_permissions("acme", "api")) == WRITES
    assert refused <= MOST_REFUSED
