"""Every Python example as a user runs it: brought up twice, refreshed, looked at from both sides, destroyed.

What an example has in Bitbucket stands here for those that the README and the demo show. An example that is new needs
nothing here: it must come up, find nothing to do, show no secret and leave Bitbucket as it was.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from bitbucket_user_emulator import Emulator, store
from pulumi import automation as auto

from tests.stacks import EXAMPLES, example, with_plugin

PROVIDER_LIMIT = 200
APP = {"BITBUCKET_JWT": "acme-connect-jwt"}
CREDENTIALS = {
    "bitbucket-user:email": {"bitbucket-user:apiToken": "ada-api-token"},
    "bitbucket-user:oauthClientId": {"bitbucket-user:oauthClientSecret": "acme-consumer-secret"},
}
"""The half of a credential that a stack file holds → the secret half."""


@dataclass(frozen=True)
class Case:
    example: str
    stack: str
    secrets: dict[str, str]
    held: dict[str, Any]
    """What Bitbucket holds once the stack is up."""


DEV = Case(
    "team-access",
    "dev",
    {"bitbucket-user:apiToken": "ada-dev-api-token", "deployToken": "plain-deploy-token-of-dev"},
    held={
        "acme-dev/api": {"Grace Hopper": "admin"},
        "acme-dev/web": {"Grace Hopper": "write", "Bob Kahn": "write"},
        "acme-dev": {"DEPLOY_TOKEN": {"value": "plain-deploy-token-of-dev", "secured": True}},
    },
)
PROD = Case(
    "team-access",
    "prod",
    {"bitbucket-user:apiToken": "ada-api-token", "deployToken": "plain-deploy-token-of-prod"},
    held={
        "acme/api": {"Grace Hopper": "write", "Alan Turing": "read"},
        "acme/web": {"Grace Hopper": "write", "Bob Kahn": "read"},
        "acme/infra": {"Grace Hopper": "read", "Alan Turing": "admin"},
        "acme": {"DEPLOY_TOKEN": {"value": "plain-deploy-token-of-prod", "secured": True}},
    },
)
HELD: dict[str, dict[str, Any]] = {
    "delivery": {
        "acme-dev/api variables": {"REGISTRY_TOKEN": {"value": "plain-registryToken-of-dev", "secured": True}},
        "acme-dev/api/Staging": {
            "REGION": {"value": "eu-west-1", "secured": False},
            "DEPLOY_TOKEN": {"value": "plain-stagingToken-of-dev", "secured": True},
        },
        "acme-dev/api/Production": {
            "REGION": {"value": "eu-central-1", "secured": False},
            "DEPLOY_TOKEN": {"value": "plain-productionToken-of-dev", "secured": True},
        },
        "acme-dev/api deploy keys": ["servers"],
        "acme-dev/CORE deploy keys": ["scanner"],
    },
    "first-stack": {
        "acme/api": {"Grace Hopper": "write", "Bob Kahn": "read"},
        "acme": {"DEPLOY_TOKEN": {"value": "plain-deployToken-of-dev", "secured": True}},
    },
    "user-settings": {
        "variables": {"NPM_TOKEN": {"value": "plain-npmToken-of-dev", "secured": True}},
        "SSH keys": ["laptop"],
        "GPG keys": ["signing"],
        "properties": {
            "acme-app/review-limits": {"_attributes": ["public"], "maxOpenReviews": 5, "areas": ["api", "web"]}
        },
    },
}
"""Example → what Bitbucket holds once its stack is up."""


class Life:
    """An example's stack from its first `up` to its end, with what each step must show."""

    def __init__(self, folder: Path, name: str, stack: str, secrets: dict[str, str]) -> None:
        self.stack = example(folder, name, stack, secrets, APP)
        self.secrets = [*secrets.values(), *APP.values()]
        self.resources = 0

    def comes_up(self) -> None:
        run = self.stack.up()
        self.resources = run.counts["create"]
        assert run and run.counts == {"create": self.resources}, run.stdout

    def has_nothing_to_do(self) -> None:
        assert self.stack.up().counts == {"same": self.resources}
        refreshed = self.stack.refresh()
        assert refreshed and not refreshed.found

    def exports_no_plain_secret_and_no_large_provider(self) -> None:
        text = self.stack.command("stack", "export", "--stack", self.stack.name)
        assert not [secret for secret in self.secrets if secret in text]
        dynamic = [one for one in json.loads(text)["deployment"]["resources"] if "__provider" in one.get("inputs", {})]
        for one in dynamic:
            assert max(len(one[bag]["__provider"]) for bag in ("inputs", "outputs")) <= PROVIDER_LIMIT

    def is_destroyed(self) -> None:
        assert self.stack.destroy().counts == {"delete": self.resources}


def held(bitbucket: Emulator) -> dict[str, Any]:
    """All that stacks have put into Bitbucket; a fresh emulator holds nothing of the kind."""
    found: dict[str, Any] = {}
    for slug, workspace in bitbucket.world.workspaces.items():
        found |= {f"{slug}/{one}": bitbucket.repository_permissions(slug, one) for one in workspace.repositories}
        found[slug] = bitbucket.workspace_variables(slug)
        for name, repository in workspace.repositories.items():
            found[f"{slug}/{name} variables"] = bitbucket.variables(f"{slug}/{name}")
            for one in repository.environments.values():
                found[f"{slug}/{name}/{one.name}"] = bitbucket.variables(f"{slug}/{name}/{one.name}")
        for place in (*workspace.repositories, *workspace.projects):
            keys = bitbucket.place(slug, place).deploy_keys.values()
            found[f"{slug}/{place} deploy keys"] = [key.label for key in keys]
    found["variables"] = bitbucket.user_variables("Ada Lovelace")
    found["SSH keys"] = [key.label for key in bitbucket.ssh_keys("Ada Lovelace")]
    found["GPG keys"] = [key.name for key in bitbucket.person("Ada Lovelace").gpg_keys.values()]
    found["properties"] = bitbucket.properties("Ada Lovelace")
    return {place: what for place, what in found.items() if what}


def test_team_access_holds_dev_and_prod_side_by_side(folder: Path, bitbucket: Emulator) -> None:
    dev, prod = (Life(folder, case.example, case.stack, case.secrets) for case in (DEV, PROD))
    dev.comes_up()
    prod.comes_up()
    assert held(bitbucket) == DEV.held | PROD.held
    for life in (dev, prod):
        life.has_nothing_to_do()
        life.exports_no_plain_secret_and_no_large_provider()
    assert held(bitbucket) == DEV.held | PROD.held

    dev.is_destroyed()
    assert held(bitbucket) == PROD.held
    prod.has_nothing_to_do()
    prod.is_destroyed()
    assert held(bitbucket) == {}


WITH_TESTS_OF_THEIR_OWN = {"team-access", "native-python", "repository-access-sets", "rollout", "testing"}
PROGRAMS = {program.parent.name for program in EXAMPLES.glob("*/__main__.py")}


@pytest.mark.parametrize("name", sorted(PROGRAMS - WITH_TESTS_OF_THEIR_OWN))
def test_an_example_comes_up_once_and_leaves_nothing(name: str, folder: Path, bitbucket: Emulator) -> None:
    before = world(bitbucket)
    life = Life(folder, name, "dev", secrets_of(name))
    with_plugin(life.stack)
    life.comes_up()
    assert world(bitbucket) != before
    assert held(bitbucket) == HELD.get(name, held(bitbucket))
    life.has_nothing_to_do()
    life.exports_no_plain_secret_and_no_large_provider()
    life.is_destroyed()
    assert world(bitbucket) == before


def secrets_of(name: str) -> dict[str, str]:
    """What an example's user sets as secrets: tokens, and whatever Pulumi.yaml declares as one."""
    declared = yaml.safe_load((EXAMPLES / name / "Pulumi.yaml").read_text()).get("config", {})
    found = {key: f"plain-{key}-of-dev" for key, one in declared.items() if one.get("secret")}
    for key in yaml.safe_load((EXAMPLES / name / "Pulumi.dev.yaml").read_text())["config"]:
        found |= CREDENTIALS.get(key, {})
    return found


REMEMBERED = ("credentials", "deleted_ssh_keys", "deploy_keys_made")


def world(bitbucket: Emulator) -> dict[str, Any]:
    """All that Bitbucket holds, but tokens that were minted and what it remembers of deleted keys."""
    found = store.to_json(bitbucket.world)
    return {name: value for name, value in found.items() if name not in REMEMBERED}


def test_dev_cannot_write_to_prods_workspace_even_with_a_token_that_could(folder: Path, bitbucket: Emulator) -> None:
    stack = example(folder, "team-access", "dev", PROD.secrets)
    stack.automation.set_config("workspace", auto.ConfigValue("acme"))
    run = stack.up()
    assert run.failed
    assert run.errors and all("'acme' is not one of allowedWorkspaces: acme-dev" in one for one in run.errors.values())
    assert {one.method for one in bitbucket.requests} <= {"GET"}
    assert held(bitbucket) == {}


def test_an_address_that_no_member_has_stops_the_program_before_anything_is_granted(
    folder: Path, bitbucket: Emulator
) -> None:
    stack = example(folder, "team-access", "dev", DEV.secrets)
    people = json.dumps({"grace@acme.example": {"api": "read"}, "eve@outside.example": {"api": "admin"}})
    stack.automation.set_config("people", auto.ConfigValue(people))
    run = stack.up()
    assert run.failed
    assert "error: No member of acme-dev has the address eve@outside.example" in run.stdout
    assert "Traceback" not in run.stdout
    assert bitbucket.repository_permissions("acme-dev", "api") == {}


@pytest.mark.parametrize(
    "file", sorted(EXAMPLES.glob("*/Pulumi.*.yaml")), ids=lambda file: str(file.relative_to(EXAMPLES))
)
def test_committed_stack_files_hold_no_secret(file: Path) -> None:
    settings = yaml.safe_load(file.read_text())
    assert set(settings) == {"config"}
    assert not any(word in key.lower() for key in settings["config"] for word in ("token", "secret", "password"))
