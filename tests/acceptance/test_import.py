"""Imports by id of what exists in Bitbucket; a preview of the code that the engine writes shows no difference."""

from __future__ import annotations

import json

import pulumi
import pulumi_bitbucket_user as bitbucket_user
import pytest
from pulumi.automation import CommandError

from tests.acceptance.conftest import EVERY_CREDENTIAL, PLUGIN, Stacks
from tests.acceptance.lives import ADA, BOB, GRACE, LAPTOP, PHONE, gpg
from tests.conftest import CheckedEmulator

PACKAGE = "bitbucket-user:index:"
PROJECT = "name: acceptance\nruntime: yaml\n"


def stock(bitbucket: CheckedEmulator) -> dict[str, tuple[str, str]]:
    """Makes something of every kind by hand. Name → its kind, and its id as a person may write it."""
    for place, person, permission in (
        ("api", "Grace", "write"),
        ("web", "Bob", "read"),
        ("web", "Ada", "admin"),
        ("CORE", "Grace", "create-repo"),
        ("OPS", "Bob", "read"),
    ):
        bitbucket.grant("acme", place, person, permission)
    bitbucket.set_variable("acme", "DEPLOY_TOKEN", "plain-secret", secured=True)
    bitbucket.set_variable("acme/api", "REGISTRY", "eu")
    bitbucket.set_variable("acme/api/Production", "DEPLOY_TOKEN", "plain-secret", secured=True)
    bitbucket.set_variable("Grace", "EDITOR", "vim")
    bitbucket.set_property("Grace", "acme-app/look", {"theme": "dark", "ratio": 1.5, "_attributes": ["public"]})
    key = bitbucket.add_ssh_key("Ada", f"{LAPTOP} ada@laptop", "laptop")
    bitbucket.add_deploy_key("acme", "api", f"{PHONE} ci@build", "build and test")
    machine = bitbucket.add_deploy_key("acme", "CORE", f"{PHONE} ci@build", "scanner")
    signing = bitbucket.add_gpg_key("Ada", gpg("signing"), "signing")
    return {
        "grant": ("RepositoryUserPermission", f"acme/api/{GRACE.account_id}"),
        "project-grant": ("ProjectUserPermission", f"acme/CORE/{GRACE.uuid}"),
        "set": ("RepositoryUserPermissions", "acme/web"),
        "project-set": ("ProjectUserPermissions", "acme/OPS"),
        "variable": ("WorkspacePipelineVariable", "acme/DEPLOY_TOKEN"),
        "repository-variable": ("RepositoryPipelineVariable", "acme/api/REGISTRY"),
        "deployment-variable": ("DeploymentPipelineVariable", "acme/api/production/DEPLOY_TOKEN"),
        "deploy-key": ("RepositoryDeployKey", "acme/api/build and test"),
        "project-key": ("ProjectDeployKey", f"acme/CORE/{machine.id}"),
        "gpg-key": ("UserGpgKey", f"{ADA.uuid}/{signing.fingerprint.upper()}"),
        "user-variable": ("UserPipelineVariable", f"{GRACE.uuid}/EDITOR"),
        "property": ("UserApplicationProperty", f"{GRACE.uuid}/acme-app/look"),
        "key": ("UserSshKey", f"{ADA.uuid}/SHA256:{key.fingerprint}"),
    }


def test_the_code_of_an_import_of_everything_previews_clean(stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    things = stock(bitbucket)
    stack = stacks(lambda: None, EVERY_CREDENTIAL)
    project = stack.folder / "Pulumi.yaml"
    project.write_text(PROJECT)
    resources = [{"type": PACKAGE + kind, "name": name, "id": id} for name, (kind, id) in things.items()]
    (stack.folder / "things.json").write_text(json.dumps({"resources": resources}))
    bitbucket.clear()
    stack.command("import", "--file", "things.json", "--out", "code.yaml", "--protect=false", "--yes")
    assert bitbucket.count("PUT") == bitbucket.count("DELETE") == 0
    assert set(stack.state) == set(things)
    assert "plain-secret" not in stack.state_text
    for bag in ("inputs", "outputs"):
        assert "ciphertext" in stack.state["user-variable"][bag]["value"]

    project.write_text(PROJECT + (stack.folder / "code.yaml").read_text())
    bitbucket.clear()
    stack.command("preview", "--expect-no-changes")
    assert not bitbucket.requests
    stack.command("up", "--refresh", "--yes", "--skip-preview", "--expect-no-changes")
    permissions = stack.state["set"]["inputs"]["permissions"]
    assert permissions == {BOB.account_id: "read"}  # the caller keeps the own grant without being named

    stack.command("destroy", "--yes", "--skip-preview")
    assert bitbucket.repository_permissions("acme", "web") == {"Ada Lovelace": "admin"}
    assert bitbucket.workspace_variables("acme") == bitbucket.user_variables("Grace") == {}
    assert bitbucket.variables("acme/api") == bitbucket.variables("acme/api/Production") == {}


def test_the_import_option_imports_and_then_changes_what_differs(stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    bitbucket.grant("acme", "api", "Grace", "read")
    variable = bitbucket.set_variable("acme", "DEPLOY_TOKEN", "by hand", secured=True)

    def program() -> None:
        bitbucket_user.RepositoryUserPermission(
            "grant",
            workspace="acme",
            repo_slug="api",
            user_id=GRACE.uuid,
            permission=bitbucket_user.RepositoryPermission.READ,
            opts=pulumi.ResourceOptions(import_=f"acme/api/{GRACE.uuid}"),
        )
        bitbucket_user.WorkspacePipelineVariable(
            "variable",
            workspace="acme",
            key="DEPLOY_TOKEN",
            value="wanted",
            secured=True,
            opts=pulumi.ResourceOptions(import_=f"acme/{variable.uuid}"),
        )

    stack = stacks(program)
    assert stack.up()
    assert bitbucket.workspace_variables("acme") == {"DEPLOY_TOKEN": {"value": "wanted", "secured": True}}
    assert bitbucket.count("POST") == 0
    run = stack.up(refresh=True)
    assert run and not run.changes and not run.found


WRONG = {
    "acme-api": ("RepositoryUserPermission", "is no id of a RepositoryUserPermission"),
    f"acme/api/{ADA.account_id}": ("RepositoryUserPermission", "There is no RepositoryUserPermission"),
    "acme/NOWHERE": ("WorkspacePipelineVariable", "There is no WorkspacePipelineVariable"),
}


@pytest.mark.parametrize("id", WRONG)
def test_a_malformed_id_and_an_id_of_nothing_are_refused_with_two_examples(
    id: str, stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    kind, words = WRONG[id]
    stack = stacks(lambda: None)
    (stack.folder / "Pulumi.yaml").write_text(PROJECT)
    with pytest.raises(CommandError) as failed:
        stack.command("import", PACKAGE + kind, "it", id, "--yes", "--skip-preview")
    message = next(line for line in str(failed.value).splitlines() if words in line)
    assert message.count("'") == 6, message
    assert "Traceback" not in str(failed.value)
    assert stack.state == {}


def test_the_command_line_lists_what_there_is(stacks: Stacks, bitbucket: CheckedEmulator) -> None:
    stock(bitbucket)
    stack = stacks(lambda: None, EVERY_CREDENTIAL)

    def listed(kind: str, *query: str) -> dict[str, str]:
        answer = stack.command("do", "--package", str(PLUGIN), PACKAGE + kind, "list", *query)
        return {one["name"]: one["id"] for one in json.loads(answer)}

    assert listed("RepositoryUserPermission", "--workspace", "acme", "--repo-slug", "web") == {
        "Bob Kahn": f"acme/web/{BOB.uuid.strip('{}')}",
        "Ada Lovelace": f"acme/web/{ADA.uuid.strip('{}')}",
    }
    assert list(listed("WorkspacePipelineVariable", "--workspace", "acme")) == ["DEPLOY_TOKEN"]
    assert list(listed("UserSshKey", "--user-id", ADA.account_id)) == ["laptop"]
    place = ("--workspace", "acme", "--repo-slug", "api")
    assert list(listed("DeploymentPipelineVariable", *place, "--environment", "Production")) == ["DEPLOY_TOKEN"]
    assert list(listed("RepositoryDeployKey", *place)) == ["build and test"]
