"""Every function under the engine, called with values and with outputs; both flavours give the same answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi_bitbucket_user as native
import pulumi_bitbucket_user.dynamic as dynamic
import pytest

from tests.acceptance.calls import CALLS
from tests.acceptance.conftest import EVERY_CREDENTIAL, Stacks
from tests.acceptance.lives import GRACE, LAPTOP
from tests.conftest import CheckedEmulator


def plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return plain(vars(value)) if hasattr(value, "__dict__") else value


def test_no_function_is_left_out() -> None:
    offered = {name for name in vars(native) if name.startswith(("get_", "search_")) and callable(vars(native)[name])}
    assert offered == set(CALLS) | {f"{name}_output" for name in CALLS}


def test_both_flavours_answer_alike(
    stacks: Stacks, bitbucket: CheckedEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    bitbucket.populate(people=120)
    bitbucket.grant("acme", "api", "Grace", "write")
    bitbucket.grant("acme", "CORE", "Grace", "read")
    bitbucket.set_variable("acme", "DEPLOY_TOKEN", "plain-secret", secured=True)
    bitbucket.set_property("Grace", "acme-app/look", {"theme": "dark"})
    uuids = {
        "get_user_pipeline_variable": bitbucket.set_variable("Grace", "EDITOR", "plain-secret").uuid,
        "get_user_ssh_key": bitbucket.add_ssh_key("Ada", LAPTOP, "laptop").uuid,
    }
    calls = {name: {**given, **({"uuid": uuids[name]} if name in uuids else {})} for name, given in CALLS.items()}
    for name, value in {"BITBUCKET_BASE_URL": bitbucket.url, **EVERY_CREDENTIAL}.items():
        monkeypatch.setenv(name, value)  # functions of the dynamic flavour run in the program's own process
    answers: dict[str, dict[str, Any]] = {}
    sdk: Any = None

    def program() -> None:
        for name, given in calls.items():
            answers[name] = {"plain": plain(getattr(sdk, name)(**given))}
            output = getattr(sdk, f"{name}_output")(**given)
            output.apply(lambda found, name=name: answers[name].update(output=plain(found)))

    by_flavour = {}
    flavours: dict[str, Any] = {"dynamic": dynamic, "native": native}
    for flavour in flavours:
        sdk, answers = flavours[flavour], {}
        run = stacks(program, EVERY_CREDENTIAL, name=flavour).preview()
        assert run, run.stdout
        assert {name: answer["output"] for name, answer in answers.items()} == {
            name: answer["plain"] for name, answer in answers.items()
        }
        by_flavour[flavour] = answers
    assert by_flavour["dynamic"] == by_flavour["native"]
    assert set(answers) == set(calls)
    assert answers["get_workspace_member"]["plain"]["account_id"] == GRACE.account_id
    assert len(answers["get_effective_repository_permissions"]["plain"]["permissions"]) >= 5
    assert "plain-secret" not in str(by_flavour)


def test_a_missing_or_unknown_argument_is_named(sdk: Any, stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    run = stacks(lambda: sdk.get_user(user_id="grace")).preview()
    assert not run
    assert "userId" in run.stdout and "neither an account id nor a UUID" in run.stdout
    run = stacks(lambda: sdk.get_repository_user_permissions(workspace="acme"), name="other").preview()
    assert not run
    assert "repoSlug" in run.stdout and "is required" in run.stdout
    assert not bitbucket.requests
