"""Whatever Bitbucket answers: plain words or another try, nothing made twice, nothing lost from state."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from threading import Event
from typing import Any

import pulumi
import pulumi_bitbucket_user as native

from tests.acceptance.conftest import CONSUMER, Stacks
from tests.acceptance.lives import BOB, GRACE
from tests.acceptance.stack import Stack, engine, processes
from tests.conftest import CheckedEmulator

GRANTS = "/repositories/{workspace}/{repo_slug}/permissions-config/users"
VARIABLES = "/workspaces/{workspace}/pipelines-config/variables"
SCOPES = {
    "type": "error",
    "error": {
        "message": "Your credentials lack one or more required privilege scopes.",
        "detail": {"required": ["write:permission:bitbucket"], "granted": ["read:repository:bitbucket"]},
    },
}

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "scopes": ({"status": 403, "body": SCOPES}, "required: write:permission:bitbucket; granted: read:repository"),
    "seats": ({"status": 402}, "no seat left"),
    "expired": ({"status": 401}, "BITBUCKET_API_TOKEN"),
    "conflict": ({"status": 409}, "409"),
    "page": ({"html": True}, "HTML page"),
    "text": ({"status": 400, "body": "it rained"}, "it rained"),
}
MENDED: dict[str, dict[str, Any]] = {
    "busy": {"status": 429, "headers": {"Retry-After": "1"}},
    "unavailable": {"status": 503, "html": True},
    "empty": {"empty": True},
    "cut": {"truncate": True},
    "dropped-before": {"drop": "before"},
    "dropped-during": {"drop": "during"},
    "dropped-after": {"drop": "after"},
}


def until(true: Callable[[], Any]) -> None:
    pause = Event()
    for _ in range(18_000):
        if true():
            return
        pause.wait(0.01)
    raise AssertionError("it did not happen within three minutes")


def written(stack: Stack) -> set[str]:
    """The resources in the state file; none while the engine is writing it."""
    try:
        return set(stack.state)
    except (ValueError, FileNotFoundError):
        return set()


def known(stack: Stack) -> dict[str, Any]:
    """Resource → id, inputs and outputs in the state."""
    return {name: (one["id"], one["inputs"], one["outputs"]) for name, one in stack.exported.items()}


def test_answers_to_writes_are_explained_or_asked_for_again(
    sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    names = [*REFUSED, *MENDED]
    bitbucket.populate(repositories=len(names))
    slugs = {name: f"repo-{number:04}" for number, name in enumerate(names, 1)}

    def program() -> None:
        for name, slug in slugs.items():
            sdk.RepositoryUserPermission(name, workspace="acme", repo_slug=slug, user_id=GRACE.uuid, permission="write")
        for name, place in {"owner": "Olga", "outsider": "Eve"}.items():
            sdk.RepositoryUserPermission(
                name, workspace="acme", repo_slug="api", user_id=bitbucket.person(place).uuid, permission="read"
            )
        sdk.RepositoryUserPermission(
            "nowhere", workspace="acme", repo_slug="nowhere", user_id=GRACE.uuid, permission="read"
        )
        for name in ("LOST", "CUT", "FAILED"):
            sdk.WorkspacePipelineVariable(name, workspace="acme", key=name, value="x", secured=True)

    for name, slug in slugs.items():
        fault = REFUSED[name][0] if name in REFUSED else MENDED[name]
        bitbucket.fault(f"/repositories/acme/{slug}/permissions-config/users/{GRACE.uuid}", "PUT", **fault)
    for fault in ({"drop": "after"}, {"truncate": True}, {"status": 502, "html": True, "work": True}):
        bitbucket.fault(VARIABLES, "POST", **fault)

    stack = stacks(program)
    run = stack.up(continue_on_error=True)
    refused = {name: words for name, (_, words) in REFUSED.items()}
    refused |= dict.fromkeys(("owner", "outsider"), "must be a member of the workspace and not its owner")
    refused |= {"nowhere": "404"}
    assert set(run.errors) - {""} == set(refused)
    for name, words in refused.items():
        [message] = run.messages("error", name)
        last = message.splitlines()[-1]
        assert words in last, last
        assert ("/repositories/acme/" in last) and ("PUT" in last or "GET" in last)
    made = [name for name in MENDED if bitbucket.repository_permissions("acme", slugs[name])]
    assert made == [*MENDED]
    assert set(stack.state) == {*MENDED, "LOST", "CUT", "FAILED"}
    assert sorted(bitbucket.workspace_variables("acme")) == ["CUT", "FAILED", "LOST"]

    hopeless = {"owner", "outsider", "nowhere"}
    again = stack.up(continue_on_error=True)
    assert set(again.errors) - {""} == hopeless
    assert set(again.changes) - hopeless == set(REFUSED)


def grants(sdk: Any) -> Callable[[], None]:
    """Three grants on one repository, one on another, a variable and a set."""

    def program() -> None:
        for name, person in {"grace": GRACE, "bob": BOB}.items():
            sdk.RepositoryUserPermission(
                name, workspace="acme", repo_slug="api", user_id=person.uuid, permission="write"
            )
        sdk.RepositoryUserPermission(
            "elsewhere", workspace="acme", repo_slug="infra", user_id=GRACE.uuid, permission="read"
        )
        sdk.WorkspacePipelineVariable("token", workspace="acme", key="TOKEN", value="hush-hush", secured=True)
        sdk.RepositoryUserPermissions("set", workspace="acme", repo_slug="web", permissions={GRACE.uuid: "read"})

    return program


def test_a_refresh_that_may_not_look_changes_no_state(sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    stack = stacks(grants(sdk))
    assert stack.up()
    before = known(stack)
    bitbucket.expire("api-token")
    for _ in range(2):
        run = stack.refresh()
        assert not run
        assert any("BITBUCKET_API_TOKEN" in message and "expired" in message for message in run.errors.values()), (
            run.stdout
        )
        assert known(stack) == before
        bitbucket.fault(GRANTS, "GET", status=404, times=None)
    bitbucket.clear_faults()
    for credential in bitbucket.world.credentials.values():
        credential.expires_at = None
    bitbucket.fault(GRANTS, "GET", status=403, times=None)
    assert not stack.refresh()
    assert known(stack) == before


def test_one_warning_says_that_a_repository_is_gone(sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    stack = stacks(grants(sdk))
    assert stack.up()
    del bitbucket.world.workspaces["acme"].repositories["api"]
    bitbucket.clear()
    run = stack.refresh()
    assert run
    assert run.found == {"grace": "delete", "bob": "delete"}
    messages = [message for _, _, message in run.said if "answers 404" in message]
    assert len(messages) == 1, messages
    assert bitbucket.calls()["GET /user"] <= 1
    assert set(stack.state) == {"elsewhere", "token", "set"}


def test_what_is_gone_already_is_deleted_without_an_error(sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    stack = stacks(grants(sdk))
    assert stack.up()
    bitbucket.world.switches.delete_absent_grant = 404
    bitbucket.revoke("acme", "api", "Grace")
    bitbucket.delete_variable("acme", "TOKEN")
    assert stack.destroy()
    assert stack.state == {}


def test_the_run_after_a_killed_one_finishes_its_work(sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    stack = stacks(grants(sdk))
    bitbucket.fault(VARIABLES, "POST", drop="after")
    bitbucket.fault(VARIABLES, "GET", delay_ms=1)  # the listing before the POST
    bitbucket.fault(VARIABLES, "GET", delay_ms=60_000)
    bitbucket.fault(f"/repositories/acme/api/permissions-config/users/{GRACE.uuid}", "PUT", drop="after")
    bitbucket.fault(f"/repositories/acme/api/permissions-config/users/{GRACE.uuid}", "PUT", delay_ms=60_000)
    with stack.under_way("up"):
        until(lambda: bitbucket.workspace_variables("acme"))
        until(lambda: bitbucket.repository_permissions("acme", "api").keys() == {"Grace Hopper", "Bob Kahn"})
        until(lambda: written(stack) == {"bob", "elsewhere", "set"})
        for pid in processes():
            os.kill(pid, signal.SIGKILL)
    assert written(stack) == {"bob", "elsewhere", "set"}
    bitbucket.clear_faults()

    stack.command("cancel", "--yes")
    run = stack.up()
    assert "a variable TOKEN (secured) stands in acme already" in run.errors["token"]
    stack.configure({"adoptExisting": True})
    assert stack.up()
    assert list(bitbucket.workspace_variables("acme")) == ["TOKEN"]
    assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "write", "Bob Kahn": "write"}
    assert {"grace", "bob", "elsewhere", "token", "set"} == set(stack.state)


def test_a_write_with_the_wrong_kind_of_credential_says_which_is_needed(
    sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    run = stacks(grants(sdk), CONSUMER, {"adoptExisting": True}).up()
    assert not run
    message = next(message for name, message in run.errors.items() if name)
    assert "an OAuth consumer" in message
    assert "Bitbucket accepts only an API token" in message


def test_an_interrupted_wait_for_the_rate_limit_ends_at_once(stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    bitbucket.fault(GRANTS, status=429, headers={"Retry-After": "600"}, times=None)
    stack = stacks(grants(native), config={"maxConcurrentRequests": 1})  # so that no other request is under way
    with stack.under_way("up") as run:
        until(lambda: any("rate limit reached" in message for message in run.remarks.values()))
        bitbucket.clear()
        os.kill(engine(), signal.SIGINT)
    assert not run
    assert any("Stopped, as asked" in message for message in run.errors.values()), run.said
    assert not bitbucket.requests
    assert bitbucket.repository_permissions("acme", "api") == {}


def test_a_rate_limit_that_may_not_be_waited_for_fails_at_once(
    sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    bitbucket.fault(GRANTS, status=429, headers={"Retry-After": "600"}, times=None)
    run = stacks(grants(sdk), config={"maxRateLimitWaitSeconds": 0}).up()
    assert not run
    assert any("429" in message or "rate limit" in message for message in run.errors.values())
    assert bitbucket.repository_permissions("acme", "api") == {}


def test_an_operation_ends_with_its_custom_timeout(sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    def program() -> None:
        sdk.WorkspacePipelineVariable(
            "token",
            workspace="acme",
            key="TOKEN",
            value="hush-hush",
            opts=pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="1s")),
        )

    bitbucket.fault(VARIABLES, "POST", delay_ms=60_000, times=None)  # or none, where the second is over before
    run = stacks(program).up()
    assert not run
    assert "The 1 seconds that customTimeouts allows this operation do not suffice" in run.errors["token"]
