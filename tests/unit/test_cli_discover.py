"""`discover`: what it asks, what it writes, what it refuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from bitbucket_user_provider.cli import journal
from bitbucket_user_provider.rest import exchange

from tests.acceptance.lives import ed25519
from tests.conftest import CheckedEmulator, Clock
from tests.unit.cli import ADA, GRACE, Ended, run


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def data(out: Path) -> Any:
    return yaml.safe_load((out / "access.yaml").read_text())


def test_a_second_run_writes_the_same_files(bitbucket: CheckedEmulator, tmp_path: Path, cache: Path) -> None:
    bitbucket.grant("acme", "api", "Grace", "write")
    bitbucket.grant("acme", "api", "Ada", "admin")
    for out in ("one", "two"):
        assert run(bitbucket, "discover", "acme", "--out", tmp_path / out, cache=cache).code == 0
    for file in (tmp_path / "one").iterdir():
        assert file.read_text() == (tmp_path / "two" / file.name).read_text()
    found = data(tmp_path / "one")
    assert found["repositories"]["api"] == {"people": {"Ada Lovelace": "admin", "Grace Hopper": "write"}}
    assert list(found["people"]) == ["Ada Lovelace", "Grace Hopper"]


def test_it_asks_once_a_place_and_once_for_each_hundred(
    bitbucket: CheckedEmulator, tmp_path: Path, cache: Path
) -> None:
    bitbucket.populate(repositories=197, people=95)
    bitbucket.clear()
    ended = run(bitbucket, "discover", "acme", "--out", tmp_path / "out", cache=cache)
    assert ended.code == 0
    asked = Counter(exchange.route for exchange in bitbucket.requests)
    assert asked == {
        "/user": 1,
        "/repositories/{workspace}": 2,
        "/workspaces/{workspace}/projects": 1,
        "/workspaces/{workspace}/members": 2,
        "/workspaces/{workspace}/projects/{project_key}/permissions-config/users": 2,
        "/repositories/{workspace}/{repo_slug}/permissions-config/users": 200,
    }
    assert "About 202 calls" in ended.err
    assert "200 repositories" in ended.out


def test_globs_leave_places_out(bitbucket: CheckedEmulator, tmp_path: Path, cache: Path) -> None:
    run(bitbucket, "discover", "acme", "--repository", "A*", "--out", tmp_path / "one", cache=cache)
    assert "projects" not in data(tmp_path / "one")
    assert list(data(tmp_path / "one")["repositories"]) == ["api"]
    run(bitbucket, "discover", "acme", "--project", "ops", "--out", tmp_path / "two", cache=cache)
    assert list(data(tmp_path / "two")["projects"]) == ["OPS"]
    assert list(data(tmp_path / "two")["repositories"]) == ["infra"]


def test_a_place_that_refuses_is_listed_with_the_scope(bitbucket: CheckedEmulator, tmp_path: Path, cache: Path) -> None:
    credential = bitbucket.world.credentials["ada-api-token"]
    credential.scopes = [scope for scope in credential.scopes if scope != "read:project:bitbucket"]
    ended = run(bitbucket, "discover", "acme", "--out", tmp_path / "out", cache=cache)
    assert ended.code == 1
    (skipped,) = data(tmp_path / "out")["skipped"]
    assert skipped["scopes"] == ["read:project:bitbucket"]
    assert "read:project:bitbucket" in ended.out
    assert "infra" in data(tmp_path / "out")["repositories"]


def test_somebody_who_administers_one_repository_gets_that_one(
    bitbucket: CheckedEmulator, tmp_path: Path, cache: Path
) -> None:
    bitbucket.grant("acme", "api", "Grace", "admin")
    ended = run(bitbucket, "discover", "acme", "--out", tmp_path / "out", environ=GRACE, cache=cache)
    assert ended.code == 1
    assert list(data(tmp_path / "out")["repositories"]) == ["api"]
    assert {one["place"] for one in data(tmp_path / "out")["skipped"]} >= {"project CORE", "repository web"}


def test_an_interrupted_run_goes_on_where_it_was(
    bitbucket: CheckedEmulator, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "GRACE_SECONDS", 30)  # what Bitbucket has answered is read, however busy this machine
    bitbucket.grant("acme", "api", "Grace", "write")
    bitbucket.fault("/repositories/acme/web/permissions-config/users", "GET", status=401)
    ended = run(bitbucket, "discover", "acme", "--out", tmp_path / "out", cache=cache)
    assert ended.code == 2 and "--resume" in ended.err
    assert not (tmp_path / "out").exists()
    asked = {exchange.path for exchange in bitbucket.requests if exchange.status == 200} - {"/user"}
    (kept,) = (cache / "bitbucket-user").iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    with kept.open("a") as file:
        file.write('["cut in the mi')
    bitbucket.clear()
    assert run(bitbucket, "discover", "acme", "--resume", "--out", tmp_path / "out", cache=cache).code == 0
    assert not asked & {exchange.path for exchange in bitbucket.requests}
    assert data(tmp_path / "out")["repositories"]["api"] == {"people": {"Grace Hopper": "write"}}
    assert not kept.exists()


def test_nobody_goes_on_with_the_answers_of_another_credential(
    bitbucket: CheckedEmulator, tmp_path: Path, cache: Path
) -> None:
    bitbucket.grant("acme", "api", "Grace", "admin")
    bitbucket.fault("/repositories/acme/web/permissions-config/users", "GET", status=401)
    assert run(bitbucket, "discover", "acme", "--out", tmp_path / "out", cache=cache).code == 2
    bitbucket.clear()
    told = run(bitbucket, "discover", "acme", "--resume", "--out", tmp_path / "out", environ=GRACE, cache=cache)
    assert told.code == 1 and "Going on" not in told.err
    assert imported(tmp_path / "out")["api"]["outputs"]["__caller"] == bitbucket.person("Grace").uuid.strip("{}")
    assert bitbucket.count("GET", "/members") == 1


def test_ctrl_c_ends_it_at_once_and_nothing_is_asked_twice(
    bitbucket: CheckedEmulator, tmp_path: Path, cache: Path
) -> None:
    bitbucket.populate(repositories=100)
    bitbucket.fault(
        "/repositories/acme/repo-0050/permissions-config/users", delay_ms=600_000
    )  # it cannot end by itself
    environ = {**os.environ, **ADA, "BITBUCKET_BASE_URL": bitbucket.url, "XDG_CACHE_HOME": str(cache)}
    command = [Path(sys.executable).with_name("bitbucket-user"), "discover", "acme", "--out", tmp_path / "out"]
    with subprocess.Popen([*map(str, command)], env=environ, stderr=subprocess.PIPE, text=True) as process:
        while len(bitbucket.requests) < 20:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate()
    assert process.returncode == 2
    assert "Interrupted" in told and "--resume" in told and "Traceback" not in told
    (kept,) = (cache / "bitbucket-user").iterdir()
    known = [json.loads(line)[1] for line in kept.read_text().splitlines() if line]
    bitbucket.clear()
    bitbucket.clear_faults()
    assert run(bitbucket, "discover", "acme", "--resume", "--out", tmp_path / "out", cache=cache).code == 0
    assert len(known) + len(bitbucket.requests) == 4 + 105


def test_what_was_read_longer_ago_than_a_day_is_asked_anew_however_often_it_was_gone_on_with(
    bitbucket: CheckedEmulator, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resumed_after(hours: int) -> Ended:
        monkeypatch.setattr(journal, "time", SimpleNamespace(time=lambda: hours * 3600.0))
        bitbucket.clear()
        return run(bitbucket, "discover", "acme", "--resume", "--out", tmp_path / "out", cache=cache)

    bitbucket.fault("/workspaces/acme/members", status=401)
    assert resumed_after(hours=0).code == 2
    bitbucket.fault("/workspaces/acme/projects/OPS/permissions-config/users", status=401)
    assert resumed_after(hours=23).code == 2
    ended = resumed_after(hours=46)
    assert ended.code == 0 and "Going on" in ended.err
    assert "/repositories/{workspace}" in {one.route for one in bitbucket.requests}
    assert bitbucket.count("GET", "/members") == 0


def test_files_that_are_there_are_kept_without_force(bitbucket: CheckedEmulator, tmp_path: Path, cache: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "access.yaml").write_text("mine")
    ended = run(bitbucket, "discover", "acme", "--out", tmp_path / "out", cache=cache)
    assert ended.code == 2 and "access.yaml" in ended.err and not bitbucket.requests
    assert (tmp_path / "out" / "access.yaml").read_text() == "mine"
    assert run(bitbucket, "discover", "acme", "--out", tmp_path / "out", "--force", cache=cache).code == 0
    assert data(tmp_path / "out")["workspace"] == "acme"


def test_names_that_yaml_takes_for_something_else_and_names_that_two_people_share(
    bitbucket: CheckedEmulator, tmp_path: Path, cache: Path
) -> None:
    names = {"Grace": "Yes", "Bob": 'Kahn: "Bob", <script>', "Alan": "=1+1", "Margaret": "=1+1", "Katherine": "0123"}
    people = {first: bitbucket.person(first) for first in names}
    for first, name in names.items():
        bitbucket.grant("acme", "api", first, "read")
        people[first].display_name = name
    assert run(bitbucket, "discover", "acme", "--out", tmp_path / "out", cache=cache).code == 0
    found = data(tmp_path / "out")
    assert {"Yes", 'Kahn: "Bob", <script>', "0123"} <= set(found["people"])
    ids = {found["people"][name]["id"] for name in found["repositories"]["api"]["people"]}
    assert ids == {one.account_id for one in people.values()}


def test_nobody_can_choose_a_name_that_stands_for_somebody_else(
    bitbucket: CheckedEmulator, tmp_path: Path, cache: Path
) -> None:
    bob, alan, eve = (bitbucket.person(name) for name in ("Bob", "Alan", "Margaret"))
    alan.display_name = bob.display_name
    eve.display_name = f"{bob.display_name} ({bob.account_id[-6:]})"
    for person in (bob, alan, eve):
        bitbucket.grant("acme", "api", person.uuid, "read")
    assert run(bitbucket, "discover", "acme", "--out", tmp_path / "out", cache=cache).code == 0
    found = data(tmp_path / "out")
    ids = [found["people"][name]["id"] for name in found["repositories"]["api"]["people"]]
    assert sorted(ids) == sorted(one.account_id for one in (bob, alan, eve))


def test_a_workspace_without_a_repository(bitbucket: CheckedEmulator, tmp_path: Path, cache: Path) -> None:
    bitbucket.world.workspaces["acme"].repositories.clear()
    bitbucket.world.workspaces["acme"].projects.clear()
    assert run(bitbucket, "discover", "acme", "--out", tmp_path / "out", cache=cache).code == 0
    assert json.loads((tmp_path / "out" / "import.json").read_text()) == {"resources": []}
    assert data(tmp_path / "out") == {"workspace": "acme", "people": {}}


@pytest.mark.parametrize("workspace", ["nowhere", "../acme", ""])
def test_a_workspace_that_is_none_is_said(
    workspace: str, bitbucket: CheckedEmulator, tmp_path: Path, cache: Path
) -> None:
    ended = run(bitbucket, "discover", workspace, "--out", tmp_path / "out", cache=cache)
    assert ended.code == 2 and ended.err and not (tmp_path / "out").exists()


def test_without_a_credential_it_says_which_variables_to_set(tmp_path: Path, cache: Path) -> None:
    ended = run(None, "discover", "acme", "--out", tmp_path / "out", environ={}, cache=cache)
    assert ended.code == 2 and "BITBUCKET_API_TOKEN" in ended.err


@pytest.fixture
def stocked(bitbucket: CheckedEmulator) -> CheckedEmulator:
    bitbucket.grant("acme", "api", "Grace", "write")
    bitbucket.grant("acme", "CORE", "Bob", "read")
    bitbucket.set_variable("acme", "TOKEN", "plain-secret", secured=True)
    bitbucket.set_variable("acme/api", "API_TOKEN", "plain-secret", secured=True)
    bitbucket.set_variable("acme/api/Production", "PRODUCTION_TOKEN", "plain-secret", secured=True)
    for letter in "ab":
        bitbucket.add_ssh_key("Ada", ed25519(letter), "laptop ${x}")
    for place, letter in (("api", "c"), ("CORE", "d")):
        bitbucket.add_deploy_key("acme", place, ed25519(letter), "ci")
    return bitbucket


def imported(out: Path) -> dict[str, Any]:
    return {one["name"]: one for one in json.loads((out / "import.json").read_text())["resources"]}


EVERYTHING = ("--variables", "--keys", "--groups")


@pytest.mark.parametrize("how", [(), ("--singles",)], ids=["sets", "singles"])
def test_everything_that_has_a_resource_is_in_the_import_and_nothing_secret(
    how: tuple[str, ...], stocked: CheckedEmulator, tmp_path: Path, cache: Path
) -> None:
    out = tmp_path / "out"
    assert run(stocked, "discover", "acme", *EVERYTHING, *how, "--out", out, cache=cache).code == 0
    entries = imported(out)
    singles = {"api/Grace Hopper", "CORE/Bob Kahn", "api/groups/developers"}
    wanted = (
        (singles if how else {"api", "web", "infra", "CORE", "OPS"})
        | {"variables/TOKEN"}
        | {name for name in entries if name.startswith("ssh-keys/laptop")}
        | {"api/variables/API_TOKEN", "api/Production/PRODUCTION_TOKEN", "api/deploy-keys/ci", "CORE/deploy-keys/ci"}
    )
    assert wanted <= entries.keys()
    assert sum(name.startswith("ssh-keys/laptop") for name in entries) == 2
    for name, entry in entries.items():
        is_variable = entry["type"].endswith("Variable")
        assert ("outputs" in entry) is not is_variable and ("inputs" in entry) is not is_variable, name
    assert "plain-secret" not in "".join(file.read_text() for file in out.iterdir())
    assert data(out)["repositories"]["api"]["groups"]["developers"] == "write"


@pytest.mark.parametrize("how", [(), ("--singles",)], ids=["sets", "singles"])
def test_a_program_in_yaml_names_people_beside_their_ids(
    how: tuple[str, ...], stocked: CheckedEmulator, tmp_path: Path, cache: Path
) -> None:
    out = tmp_path / "out"
    run(stocked, "discover", "acme", *EVERYTHING, *how, "--program", "yaml", "--out", out, cache=cache)
    text = (out / "Pulumi.yaml").read_text()
    grace = stocked.person("Grace").account_id
    assert [line.strip() for line in text.splitlines() if grace in line and "# Grace Hopper" in line]
    resources = yaml.safe_load(text)["resources"]
    assert resources.keys() == imported(out).keys()
    assert resources["variables/TOKEN"]["options"] == {"ignoreChanges": ["value"]}
    (label,) = {one["properties"]["label"] for name, one in resources.items() if name.startswith("ssh-keys")}
    assert label == "laptop $${x}"
    assert not (out / "access.yaml").exists()


@pytest.mark.parametrize("sign", ["\u2028", "\x85", "\x07"], ids=ascii)
def test_signs_that_end_a_line_or_no_yaml_may_hold_change_no_name_and_no_label(
    sign: str, bitbucket: CheckedEmulator, tmp_path: Path, cache: Path
) -> None:
    bitbucket.grant("acme", "api", "Grace", "write")
    bitbucket.person("Grace").display_name = f"Grace{sign}Hopper"
    bitbucket.add_ssh_key("Ada", ed25519("a"), f"lap{sign}top")
    out, key = tmp_path / "out", f"ssh-keys/lap{sign}top"
    assert run(bitbucket, "discover", "acme", "--keys", "--out", out, cache=cache).code == 0
    assert [*data(out)["ssh_keys"]] == [f"lap{sign}top"]
    assert (
        run(bitbucket, "discover", "acme", "--keys", "--program", "yaml", "--out", out, "--force", cache=cache).code
        == 0
    )
    text = (out / "Pulumi.yaml").read_text()
    assert not set(text) & {sign} and "# Grace" in text
    assert yaml.safe_load(text)["resources"][key]["properties"]["label"] == f"lap{sign}top"


def test_an_environment_whose_name_no_yaml_may_hold_can_refuse(
    bitbucket: CheckedEmulator, tmp_path: Path, cache: Path
) -> None:
    there = bitbucket.world.workspaces["acme"].repositories["api"].environments
    next(iter(there.values())).name = "Pro\x07duction"
    bitbucket.fault("deployments_config/environments/{environment_uuid}/variables", status=403, times=None)
    out = tmp_path / "out"
    run(bitbucket, "discover", "acme", "--variables", "--program", "yaml", "--out", out, cache=cache)
    text = (out / "Pulumi.yaml").read_text()
    assert yaml.safe_load(text)["runtime"] == "yaml" and "variables of Pro\ufffdduction" in text


def test_a_list_of_variables_that_refuses_is_noted(stocked: CheckedEmulator, tmp_path: Path, cache: Path) -> None:
    stocked.fault("/workspaces/acme/pipelines-config/variables", status=403)
    ended = run(stocked, "discover", "acme", "--variables", "--out", tmp_path / "out", cache=cache)
    assert ended.code == 1
    (skipped,) = data(tmp_path / "out")["skipped"]
    assert (skipped["what"], skipped["scopes"]) == ("variables", ["read:pipeline:bitbucket"])


def test_on_a_terminal_there_is_a_progress_bar(
    stocked: CheckedEmulator, tmp_path: Path, cache: Path, clock: Clock
) -> None:
    stocked.fault("/repositories/acme/web/permissions-config/users", status=429, headers={"Retry-After": "30"})
    terminal = {**ADA, "FORCE_COLOR": "1", "TERM": "xterm"}
    ended = run(stocked, "discover", "acme", "--out", tmp_path / "out", environ=terminal, cache=cache)
    assert ended.code == 0 and "places" in ended.err and "5/5" in ended.err


def test_a_long_wait_is_said_in_a_pipe_too(stocked: CheckedEmulator, tmp_path: Path, cache: Path, clock: Clock) -> None:
    stocked.fault("/repositories/acme/web/permissions-config/users", status=429, headers={"Retry-After": "300"})
    ended = run(stocked, "discover", "acme", "--out", tmp_path / "out", cache=cache)
    assert ended.code == 0 and ended.err.count("rate limit") == 1


def test_what_bitbucket_announces_is_said_once(stocked: CheckedEmulator, tmp_path: Path, cache: Path) -> None:
    stocked.deprecate("/permissions-config/users", 1_767_225_600)
    ended = run(stocked, "discover", "acme", "--repository", "*", "--out", tmp_path / "out", cache=cache)
    assert ended.code == 0 and ended.err.count("Warning: Bitbucket announces") == 1


def test_json_tells_what_was_written(bitbucket: CheckedEmulator, tmp_path: Path, cache: Path) -> None:
    told = json.loads(run(bitbucket, "discover", "acme", "--json", "--out", tmp_path / "out", cache=cache).out)
    assert told["files"] == sorted(file.name for file in (tmp_path / "out").iterdir())
    assert (told["repositories"], told["projects"], told["skipped"]) == (3, 2, [])


def test_typescript_reads_the_same_data_file(bitbucket: CheckedEmulator, tmp_path: Path, cache: Path) -> None:
    run(bitbucket, "discover", "acme", "--variables", "--program", "typescript", "--out", tmp_path / "out", cache=cache)
    names = {one.name for one in (tmp_path / "out").iterdir()}
    assert {"index.ts", "package.json", "tsconfig.json", "access.yaml"} <= names


def test_no_credential_of_the_environment_is_in_any_file(
    bitbucket: CheckedEmulator, tmp_path: Path, cache: Path
) -> None:
    bitbucket.set_variable("acme", "TOKEN", "plain-secret", secured=True)
    bitbucket.set_variable("acme", "REGION", "visible-value")
    bitbucket.fault("/workspaces/acme/pipelines-config/variables", status=401)
    for command in (("--variables", "--keys"), ("--variables", "--resume")):
        run(bitbucket, "discover", "acme", *command, "--out", tmp_path / "out", cache=cache)
    for file in [one for one in tmp_path.rglob("*") if one.is_file()]:
        assert not [one for one in ("plain-secret", "visible-value", *ADA.values()) if one in file.read_text()]
