"""`discover --from`: what comes over from the state of an older tool, and what is said of the rest."""

from __future__ import annotations

import io
import json
import os
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import CheckedEmulator
from tests.unit.cli import run

GRACE = "{1b40039d-5534-55bc-9a9e-fbb76f157b55}"
BOB = "557058:358ae451-b0e5-5e66-896a-d3367277500f"
DRFAUST = 'provider["registry.terraform.io/drfaust92/bitbucket"]'


def grant(name: str, who: str, level: str, index: str | None = None, **more: Any) -> dict[str, Any]:
    attributes = {"id": f"acme:api:{who}", "workspace": "acme", "repo_slug": "api", "user_id": who, "permission": level}
    return resource("bitbucket_repository_user_permission", name, attributes | more, index)


def resource(type: str, name: str, attributes: dict[str, Any], index: str | None = None) -> dict[str, Any]:
    instance = {"schema_version": 0, "attributes": attributes} | ({"index_key": index} if index else {})
    return {"mode": "managed", "type": type, "name": name, "provider": DRFAUST, "instances": [instance]}


def terraform(*resources: dict[str, Any], version: int = 4) -> dict[str, Any]:
    return {"version": version, "terraform_version": "1.9.0", "serial": 3, "resources": [*resources]}


def come_over(tmp_path: Path, state: Any, *more: str) -> tuple[int, str, Any]:
    source = tmp_path / "old.json"
    source.write_text(state if isinstance(state, str) else json.dumps(state))
    ended = run(None, "discover", *more, "--from", source, "--out", tmp_path / "out", environ={})
    written = tmp_path / "out" / "access.yaml"
    return ended.code, ended.out + ended.err, yaml.safe_load(written.read_text()) if written.exists() else None


def test_a_state_of_terraform_comes_over_without_a_call(tmp_path: Path) -> None:
    variable = {"id": "acme/{5a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d}", "uuid": "{5a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d}"}
    code, told, data = come_over(
        tmp_path,
        terraform(
            grant("grace", GRACE, "write"),
            grant("team", BOB, "read", index="bob"),
            resource(
                "bitbucket_project_user_permission",
                "core",
                {"workspace": "acme", "project_key": "CORE", "user_id": BOB, "permission": "create-repo"},
            ),
            resource(
                "bitbucket_workspace_variable",
                "token",
                {**variable, "workspace": "acme", "key": "TOKEN", "value": "plain-secret", "secured": True},
            ),
        ),
    )
    assert code == 0, told
    assert data["repositories"]["api"]["people"] == {GRACE.strip("{}"): "write", BOB: "read"}
    assert data["projects"]["CORE"]["people"] == {BOB: "create-repo"}
    assert data["variables"] == {"TOKEN": {"secured": True}}
    assert "plain-secret" not in "".join(file.read_text() for file in (tmp_path / "out").iterdir())
    script = (tmp_path / "out" / "forget.sh").read_text()
    assert "terraform state rm bitbucket_repository_user_permission.grace\n" in script
    assert "terraform state rm 'bitbucket_repository_user_permission.team[\"bob\"]'\n" in script
    assert script.count("terraform state rm") == 4


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_state_comes_over_as_powershell_writes_it(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "old.tfstate").write_text(json.dumps(terraform(grant("grace", GRACE, "write"))), encoding=encoding)
    ended = run(None, "discover", "--from", tmp_path / "old.tfstate", "--out", tmp_path / "out", environ={})
    assert ended.code == 0, ended.err


def test_windows_too_gets_a_script_that_a_shell_can_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(io, "open", import_module("_pyio").open)  # the one that asks os for the end of a line
    monkeypatch.setattr(os, "linesep", "\r\n")
    code, told, _ = come_over(tmp_path, terraform(grant("grace", GRACE, "write")))
    assert code == 0, told
    assert not [file.name for file in (tmp_path / "out").iterdir() if b"\r" in file.read_bytes()]


def test_what_cannot_come_over_is_listed_and_not_guessed(tmp_path: Path) -> None:
    code, told, data = come_over(
        tmp_path,
        terraform(
            grant("grace", GRACE, "write"),
            grant("byname", "bob", "read"),
            grant("nothing", BOB, "none"),
            resource("bitbucket_repository", "api", {"workspace": "acme", "slug": "api"}),
        ),
    )
    assert code == 1
    assert {one["place"].rpartition(".")[2] for one in data["skipped"]} == {"byname", "nothing", "api"}
    assert "'bob'" in told and "'none'" in told
    assert data["repositories"]["api"]["people"] == {GRACE.strip("{}"): "write"}
    assert "byname" not in (tmp_path / "out" / "forget.sh").read_text()


def test_groups_and_variables_of_repositories_and_deployments_come_over_as_far_as_there_are_resources(
    tmp_path: Path,
) -> None:
    uuid = "{5a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d}"
    variable = {"uuid": uuid, "key": "TOKEN", "value": "plain-secret", "secured": True}
    group = {"workspace": "acme", "group_slug": "developers"}
    code, told, data = come_over(
        tmp_path,
        terraform(
            resource("bitbucket_repository_group_permission", "a", group | {"repo_slug": "api", "permission": "write"}),
            resource("bitbucket_project_group_permission", "b", group | {"project_key": "CORE", "permission": "read"}),
            resource("bitbucket_project_group_permission", "c", group | {"project_key": "CORE", "permission": "none"}),
            resource("bitbucket_repository_variable", "d", variable | {"repository": "acme/api"}),
            resource("bitbucket_deployment_variable", "e", variable | {"deployment": f"acme/api:{uuid}"}),
            resource(
                "bitbucket_deploy_key",
                "f",
                {"workspace": "acme", "repository": "api", "key": "ssh-ed25519 AAAA", "label": "ci", "key_id": "7"},
            ),
        ),
    )
    assert code == 1 and "'none'" in told
    assert data["repositories"]["api"]["groups"] == {"developers": "write"}
    assert data["projects"]["CORE"]["groups"] == {"developers": "read"}
    entries = {one["name"]: one for one in json.loads((tmp_path / "out/import.json").read_text())["resources"]}
    assert entries["api/groups/developers"]["id"] == "acme/api/developers"
    assert entries["api/variables/TOKEN"]["id"] == f"acme/api/{uuid.strip('{}')}"
    assert data["repositories"]["api"]["deployments"] == {uuid.strip("{}"): {"TOKEN": {"secured": True}}}
    assert entries["api/deploy-keys/ci"]["id"] == "acme/api/7"


def test_the_export_of_a_bridged_stack_comes_over(tmp_path: Path) -> None:
    urn = "urn:pulumi:dev::old::bitbucket:index/repositoryUserPermission:RepositoryUserPermission::grace"
    bag = {"workspace": "acme", "repoSlug": "api", "userId": GRACE, "permission": "write"}
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}
    key = {
        "workspace": "acme",
        "key": "TOKEN",
        "value": secret,
        "secured": True,
        "uuid": "{5a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d}",
    }
    resources = [
        {"urn": urn, "type": "bitbucket:index/repositoryUserPermission:RepositoryUserPermission", "outputs": bag},
        {
            "urn": "urn:pulumi:dev::old::x::t",
            "type": "bitbucket:index/workspaceVariable:WorkspaceVariable",
            "outputs": key,
        },
        {"urn": "urn:pulumi:dev::old::y::p", "type": "pulumi:providers:bitbucket"},
    ]
    code, told, data = come_over(tmp_path, {"version": 3, "deployment": {"resources": resources}})
    assert code == 0, told
    assert data["repositories"]["api"]["people"] == {GRACE.strip("{}"): "write"}
    assert data["variables"] == {"TOKEN": {"secured": True}}
    script = (tmp_path / "out" / "forget.sh").read_text()
    assert f"pulumi state delete --yes {urn}\n" in script
    assert "ciphertext" not in "".join(file.read_text() for file in (tmp_path / "out").iterdir())


def test_what_a_replacement_has_left_to_delete_does_not_come_over_a_second_time(tmp_path: Path) -> None:
    left = grant("grace", GRACE, "write")
    left["instances"].append(left["instances"][0] | {"deposed": "c0ffee12"})
    code, told, _ = come_over(tmp_path, terraform(left))
    assert code == 0, told
    assert (tmp_path / "out" / "forget.sh").read_text().count("terraform state rm") == 1
    assert len(json.loads((tmp_path / "out" / "import.json").read_text())["resources"]) == 1


def test_what_a_replacement_of_a_bridged_stack_has_left_to_delete_does_not_come_over(tmp_path: Path) -> None:
    urn = "urn:pulumi:dev::old::bitbucket:index/repositoryUserPermission:RepositoryUserPermission::grace"
    type = "bitbucket:index/repositoryUserPermission:RepositoryUserPermission"
    bag = {"workspace": "acme", "repoSlug": "api", "userId": GRACE, "permission": "write"}
    new, old = {"urn": urn, "type": type, "outputs": bag}, {"urn": urn, "type": type, "outputs": bag, "delete": True}
    code, told, _ = come_over(tmp_path, {"version": 3, "deployment": {"resources": [new, old]}})
    assert code == 0, told
    assert (tmp_path / "out" / "forget.sh").read_text().count("pulumi state delete") == 1


def test_a_workspace_is_the_same_in_any_case(tmp_path: Path) -> None:
    state = terraform(grant("one", GRACE, "write"), grant("two", BOB, "read", workspace="Acme"))
    code, told, data = come_over(tmp_path, state)
    assert code == 0, told
    assert data["repositories"]["api"]["people"] == {GRACE.strip("{}"): "write", BOB: "read"}


def test_a_state_of_several_workspaces_asks_for_one(tmp_path: Path) -> None:
    state = terraform(grant("one", GRACE, "write"), grant("two", GRACE, "read", workspace="other"))
    code, told, _ = come_over(tmp_path, state)
    assert code == 2 and "acme, other" in told
    code, _, data = come_over(tmp_path, state, "other")
    assert code == 0 and data["workspace"] == "other" and data["repositories"]["api"]["people"]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("no json", "is no JSON"),
        ("[]", "holds no JSON object"),
        ({"version": 3}, "is no export of a Pulumi stack"),
        (terraform(grant("one", GRACE, "write"), version=3), "is no state of version 4"),
        (terraform(grant("one", GRACE, "write") | {"provider": 'provider["x/zahiar/bitbucket"]'}), "another provider"),
        ({"format_version": "1.0", "terraform_version": "1.9.0", "values": {}}, "terraform state pull"),
        ({"checkpoint": [1]}, "is no export of a Pulumi stack"),
        (terraform(None), "is damaged"),  # type: ignore[arg-type]
        (terraform() | {"resources": {"a": 1}}, "is damaged"),
        (terraform() | {"resources": 1}, "is damaged"),
        (terraform(grant("one", GRACE, "write") | {"instances": [{"attributes": [1]}]}), "is damaged"),
        (terraform(grant("one", GRACE, "write") | {"instances": [None]}), "is damaged"),
        ({"deployment": {"resources": [{"type": "bitbucket:index/a:A", "outputs": [1]}]}}, "is damaged"),
        (terraform(), "of these workspaces: none"),
        (terraform(grant("nothing", GRACE, "none")), "holds nothing of workspace acme"),
    ],
)
def test_a_file_that_is_none_is_said_and_nothing_is_written(state: Any, words: str, tmp_path: Path) -> None:
    code, told, data = come_over(tmp_path, state)
    assert code == 2 and words in told and data is None


def test_keys_come_over_and_what_has_no_text_does_not(tmp_path: Path, bitbucket: CheckedEmulator) -> None:
    key = {"user": GRACE, "label": "laptop", "uuid": "{b15b6026-9c02-4626-b4ad-b905f99f763a}"}
    _, _, data = come_over(
        tmp_path,
        terraform(
            resource("bitbucket_ssh_key", "one", {**key, "key": "ssh-ed25519 AAAA one"}),
            resource("bitbucket_ssh_key", "two", {**key, "key": ""}),
            resource("bitbucket_gpg_key", "three", {"user": GRACE, "key": "-----BEGIN PGP", "fingerprint": "c959"}),
        ),
        "acme",
    )
    assert data["ssh_keys"] == {"laptop": {"key": "ssh-ed25519 AAAA one", "label": "laptop"}}
    assert data["gpg_keys"] == {"c959": {"key": "-----BEGIN PGP"}}
    imports = json.loads((tmp_path / "out/import.json").read_text())["resources"]
    assert f"{GRACE.strip('{}')}/c959" in {one["id"] for one in imports}
    assert len(data["skipped"]) == 1 and not bitbucket.requests
