"""Each fault of the matrix once under the engine, in both flavours: on an update, and on the delete after it."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import pulumi_bitbucket_user as native
import pytest

from tests.acceptance.conftest import EVERY_CREDENTIAL, Stacks
from tests.acceptance.lives import ADA, GRACE, ed25519
from tests.conftest import CheckedEmulator
from tests.matrix import CALL
from tests.matrix.faults import CALLS, TIMEOUT

pytestmark = pytest.mark.fault

FAMILIES = ("grant", "set", "variable", "property", "key")
TIMEOUT_SECONDS = 2
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def answers() -> dict[str, dict[str, Any]]:
    """By name: what the emulator makes of one call. Under the engine an answer that never comes is a late one."""
    late = {"delay_ms": (TIMEOUT_SECONDS + 1) * 1000}
    return {
        name: late if TIMEOUT in trouble.answer.get("headers", {}) else dict(trouble.answer)
        for name, trouble in CALLS.items()
    }


class Rows:
    """One resource a fault, of the families in turn; which one meets which fault differs between the flavours."""

    def __init__(self, sdk: Any, bitbucket: CheckedEmulator) -> None:
        self.sdk = sdk
        self.bitbucket = bitbucket
        self.changed = False
        families = cycle(FAMILIES if sdk is native else FAMILIES[2:] + FAMILIES[:2])
        self.rows = [
            (number, name, family) for (number, name), family in zip(enumerate(CALLS, 1), families, strict=False)
        ]
        bitbucket.populate(repositories=len(CALLS))

    def program(self) -> None:
        for number, _, family in self.rows:
            self._declare(str(number), number, family)

    def _declare(self, name: str, number: int, family: str) -> None:
        place = {"workspace": "acme", "repo_slug": f"repo-{number:04}"}
        level = "write" if self.changed else "read"
        if family == "grant":
            self.sdk.RepositoryUserPermission(name, **place, user_id=GRACE.uuid, permission=level)
        elif family == "set":
            self.sdk.RepositoryUserPermissions(name, **place, permissions={GRACE.uuid: level})
        elif family == "variable":
            self.sdk.WorkspacePipelineVariable(name, workspace="acme", key=f"KEY_{number}", value=level)
        elif family == "property":
            more = {"app_key": "acme-app", "property_name": f"name-{number}"}
            self.sdk.UserApplicationProperty(name, user_id=GRACE.uuid, **more, value={"level": level})
        else:
            self.sdk.UserSshKey(name, user_id=ADA.uuid, key=ed25519(LETTERS[number]), label=f"{number} {level}")

    def held(self) -> dict[int, Any]:
        """By number: what Bitbucket holds of each, without those of which it holds nothing."""
        labels = dict(one.label.split(" ") for one in self.bitbucket.ssh_keys("Ada"))
        variables, properties = self.bitbucket.workspace_variables("acme"), self.bitbucket.properties("Grace")
        found: dict[int, Any] = {}
        for number, _, family in self.rows:
            grants = self.bitbucket.repository_permissions("acme", f"repo-{number:04}")
            found[number] = {
                "variable": variables.get(f"KEY_{number}", {}).get("value"),
                "property": properties.get(f"acme-app/name-{number}", {}).get("level"),
                "key": labels.get(str(number)),
            }.get(family, grants.get("Grace Hopper"))
        return {number: level for number, level in found.items() if level is not None}

    def let_go_wrong(self, method: str) -> None:
        variables = {one.key: uuid for uuid, one in self.bitbucket.world.workspaces["acme"].variables.items()}
        keys = {one.label.split(" ")[0]: one.uuid for one in self.bitbucket.ssh_keys("Ada")}
        for number, name, family in self.rows:
            route = {
                "variable": f"variables/{variables.get(f'KEY_{number}')}",
                "property": f"/properties/acme-app/name-{number}",
                "key": f"ssh-keys/{keys.get(str(number))}",
            }.get(family, f"repo-{number:04}/permissions-config/users/")
            self.bitbucket.fault(route, method, **answers()[name])


def test_after_each_fault_there_is_one_effect_or_one_clear_error_and_the_next_run_finishes(
    sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    rows = Rows(sdk, bitbucket)
    config = {"timeoutSeconds": TIMEOUT_SECONDS, "maxRateLimitWaitSeconds": 0}
    stack = stacks(rows.program, EVERY_CREDENTIAL, config)
    assert stack.up()
    before = rows.held()
    assert set(before.values()) == {"read"} and len(before) == len(CALLS)

    rows.changed = True
    for command, method, level in (("up", "PUT", "write"), ("destroy", "DELETE", None)):
        rows.let_go_wrong(method)
        run = getattr(stack, command)(continue_on_error=True)
        assert not run
        bitbucket.clear_faults()
        now = rows.held()
        for number, name, family in rows.rows:
            error = run.errors.get(str(number))
            if error:
                last = run.messages("error", str(number))[-1].splitlines()[-1]
                assert CALL.search(error) and "defect" not in error, (name, family, error)
                assert sdk is not native or "Traceback" not in error, (name, family, last)
            else:
                assert now.get(number) == level, (name, family)
        assert getattr(stack, command)(), command
        assert rows.held() == ({number: level for number in before} if level else {})
    assert stack.state == {}
