"""examples/rollout without engine and Bitbucket: its rows, from events made by hand, and what its driver says."""

from __future__ import annotations

import importlib
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from pulumi.automation import OpType

from tests.stacks import EXAMPLES

EXAMPLE = EXAMPLES / "rollout"
MODULES = ("changes", "tables", "stacks", "rollout", "comment", "drift")
PLACE = {"workspace": "acme", "repoSlug": "api"}
NOT_KNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """Its modules, which nobody else sees."""
    monkeypatch.syspath_prepend(EXAMPLE)
    for name in MODULES:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
    for name in MODULES:
        sys.modules.pop(name, None)


def step(op: OpType, kind: str, old: dict[str, Any] | None = None, new: dict[str, Any] | None = None) -> Any:
    states = [values if values is None else SimpleNamespace(inputs=values, outputs=values) for values in (old, new)]
    type = kind if ":" in kind else f"bitbucket-user:index:{kind}"
    return SimpleNamespace(op=op, type=type, urn=f"urn:pulumi:dev::rollout::{type}::it", old=states[0], new=states[1])


def planned(example: SimpleNamespace, *steps: Any) -> list[str]:
    events = [
        SimpleNamespace(resource_pre_event=SimpleNamespace(metadata=one), res_outputs_event=None) for one in steps
    ]
    return [str(one) for one in example.changes.planned(events)]


def by_hand(example: SimpleNamespace, *steps: Any) -> list[str]:
    events = [
        SimpleNamespace(resource_pre_event=None, res_outputs_event=SimpleNamespace(metadata=one)) for one in steps
    ]
    return [str(one) for one in example.changes.by_hand(events)]


def a_set(people: dict[str, str], groups: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    return PLACE | {"permissions": people} | ({"groups": groups} if groups is not None else {}) | more


def one(person: str, permission: str) -> dict[str, Any]:
    return PLACE | {"userId": person, "permission": permission}


def test_a_set_is_told_by_person_and_group_losses_first(example: SimpleNamespace) -> None:
    grants = [{"userUuid": "1", "accountId": "alan", "displayName": "Alan Turing", "managed": False}]
    old = a_set({"alan": "admin", "bob": "write", "grace": "read"}, {"dev": "write"}, grants=grants)
    new = a_set({"bob": "read", "grace": "admin", "eve": "read"}, {"ops": "read"})
    assert planned(example, step(OpType.UPDATE, "RepositoryUserPermissions", old, new)) == [
        "− acme/api: Alan Turing loses admin",
        "− acme/api: group dev loses write",
        "↓ acme/api: bob write → read",
        "↑ acme/api: grace read → admin",
        "+ acme/api: eve gains read",
        "+ acme/api: group ops gains read",
    ]


def test_names_are_taken_from_the_stacks_outputs_whenever_they_come(example: SimpleNamespace) -> None:
    people = step(OpType.CREATE, "pulumi:pulumi:Stack", None, {"people": {"grace": "Grace Hopper"}})
    found = example.changes.planned(
        [
            SimpleNamespace(
                resource_pre_event=SimpleNamespace(
                    metadata=step(OpType.CREATE, "RepositoryUserPermissions", None, a_set({"grace": "read"}))
                ),
                res_outputs_event=None,
            ),
            SimpleNamespace(resource_pre_event=None, res_outputs_event=SimpleNamespace(metadata=people)),
        ]
    )
    assert [str(change) for change in found] == ["+ acme/api: Grace Hopper gains read"]


def test_singles_that_become_a_set_take_nothing_away(example: SimpleNamespace) -> None:
    steps = [
        step(OpType.CREATE, "RepositoryUserPermissions", None, a_set({"bob": "write"})),
        step(OpType.DELETE, "RepositoryUserPermission", one("bob", "write")),
        step(OpType.DELETE, "RepositoryUserPermission", one("eve", "read")),
    ]
    assert planned(example, *steps) == ["− acme/api: eve loses read"]


def test_a_set_that_is_deleted_takes_only_what_it_manages(example: SimpleNamespace) -> None:
    grants = [
        {"userUuid": "1", "accountId": "bob", "permission": "write", "managed": True},
        {"userUuid": "2", "accountId": "ada", "permission": "admin", "managed": False},
    ]
    groups = [{"groupSlug": "dev", "permission": "read", "managed": True}]
    old = a_set({"bob": "write", "ada": "admin"}, {"dev": "read"}, grants=grants, groupGrants=groups)
    found = planned(example, step(OpType.DELETE, "RepositoryUserPermissions", old))
    assert found == ["− acme/api: bob loses write", "− acme/api: group dev loses read"]


def test_a_replacement_names_the_old_place_and_the_new(example: SimpleNamespace) -> None:
    old, new = one("bob", "read"), one("bob", "read") | {"repoSlug": "web"}
    steps = [
        step(OpType.CREATE_REPLACEMENT, "RepositoryUserPermission", old, new),
        step(OpType.REPLACE, "RepositoryUserPermission", old, new),
        step(OpType.DELETE_REPLACED, "RepositoryUserPermission", old),
    ]
    assert planned(example, *steps) == ["− acme/api: bob loses read", "+ acme/web: bob gains read"]


def test_a_group_grant_and_a_project_are_named(example: SimpleNamespace) -> None:
    new = {"workspace": "acme", "projectKey": "OPS", "groupSlug": "dev", "permission": "create-repo"}
    found = planned(example, step(OpType.CREATE, "ProjectGroupPermission", None, new))
    assert found == ["+ acme project OPS: group dev gains create-repo"]


def test_dynamic_resources_are_told_as_well(example: SimpleNamespace) -> None:
    kind = "pulumi-python:dynamic/bitbucket-user:RepositoryUserPermission"
    assert planned(example, step(OpType.DELETE, kind, one("bob", "read"))) == ["− acme/api: bob loses read"]


@pytest.mark.parametrize("people", [NOT_KNOWN, {"bob": NOT_KNOWN}])
def test_what_is_not_known_yet_is_said(example: SimpleNamespace, people: Any) -> None:
    [found] = planned(example, step(OpType.CREATE, "RepositoryUserPermissions", None, a_set(people)))
    assert found.endswith("not known before the update") and NOT_KNOWN not in found


def test_a_variable_is_named_without_its_value(example: SimpleNamespace) -> None:
    new = {"workspace": "acme", "key": "TOKEN", "value": "plain-secret", "secured": True}
    found = planned(example, step(OpType.CREATE, "WorkspacePipelineVariable", None, new))
    assert found == ["~ acme: WorkspacePipelineVariable it is made"]


@pytest.mark.parametrize("op", [OpType.SAME, OpType.READ, OpType.REFRESH])
def test_what_does_nothing_is_no_row(example: SimpleNamespace, op: OpType) -> None:
    assert planned(example, step(op, "RepositoryUserPermission", one("bob", "read"), one("bob", "admin"))) == []


def test_changes_by_hand_are_told_as_past(example: SimpleNamespace) -> None:
    old = a_set({"bob": "write", "eve": "read"}, {"dev": "read"})
    new = a_set({"eve": "admin", "alan": "admin"}, {"dev": "read"})
    steps = [
        step(OpType.UPDATE, "RepositoryUserPermissions", old, new),
        step(OpType.DELETE, "RepositoryUserPermission", one("ada", "read") | {"repoSlug": "web"}),
    ]
    assert by_hand(example, *steps) == [
        "− acme/api: bob lost write",
        "− acme/web: ada lost read",
        "↑ acme/api: eve read → admin",
        "+ acme/api: alan was given admin",
    ]


@pytest.mark.parametrize(("exclusive", "said"), [(True, ["+ acme/api: ada was given admin"]), (False, [])])
def test_a_grant_by_hand_is_told_where_a_set_owns_the_place(
    example: SimpleNamespace, exclusive: bool, said: list[str]
) -> None:
    ada = {"userUuid": "2", "accountId": "ada", "permission": "admin", "managed": False}
    old, new = (a_set({}, {}, grants=held, groupGrants=[], exclusive=exclusive) for held in ([], [ada]))
    assert by_hand(example, step(OpType.UPDATE, "RepositoryUserPermissions", old, new)) == said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, ["− acme/api: eve loses write"]),
        ({"keepCaller": False}, ["− acme/api: ada loses admin", "− acme/api: eve loses write"]),
        ({"exclusive": False}, []),
    ],
)
def test_whom_a_set_left_alone_until_now_is_told_when_it_takes_them(
    example: SimpleNamespace, options: dict[str, bool], said: list[str]
) -> None:
    """The maps stay as they are."""
    held = [
        {"userUuid": "1", "accountId": "eve", "permission": "write", "managed": False},
        {"userUuid": "2", "accountId": "ada", "permission": "admin", "managed": False},
        {"userUuid": "3", "accountId": "olga", "permission": "admin", "managed": False},
    ]
    old = a_set({}, {}, grants=held, exclusive=False, __caller="2", __refused=["3"])
    assert planned(example, step(OpType.UPDATE, "RepositoryUserPermissions", old, a_set({}, {}, **options))) == said


def test_two_people_of_one_name_are_two(example: SimpleNamespace) -> None:
    one, other = (example.changes.Change("−", "acme/api", "Alex Smith", "loses write", id) for id in ("1", "2"))
    assert example.changes.beyond([one], [one, other]) == [other]


def test_a_name_cannot_break_the_table(example: SimpleNamespace) -> None:
    change = example.changes.Change("+", "acme/api", "Eve | *x* `y`\n[z](//e)", "gains read")
    lines = example.tables.markdown({"dev": [change]}).splitlines()
    assert lines[2] == r"| dev | acme/api | Eve \| \*x\* \`y\` \[z\](//e) | gains read |" and len(lines) == 3


def test_what_takes_access_away_stands_out_in_a_comment(example: SimpleNamespace) -> None:
    marks = [("−", "loses read"), ("↓", "admin → read"), ("↑", "read → admin"), ("+", "gains read")]
    changes = [example.changes.Change(mark, "acme/api", "Eve", what) for mark, what in marks]
    shown = [line.split(" | ")[-1] for line in example.tables.markdown({"dev": changes}).splitlines()[2:]]
    assert shown == ["**loses read** |", "**admin → read** |", "read → admin |", "gains read |"]


def test_a_comment_holds_only_so_many_lines_a_stack(example: SimpleNamespace) -> None:
    many = [example.changes.Change("+", "acme/api", f"Person {number}", "gains read") for number in range(150)]
    said = example.comment.text({"dev": many, "prod": []}, {}, "0123456789")
    assert len(said.splitlines()) < 115
    assert "| dev | 50 more: see the log of the pipeline |  |  |" in said and "150 gain access" in said
    assert said.endswith(f"\n\n{example.comment.MARKER}")
    assert len(example.tables.columns({"dev": many}).splitlines()) == 151


def test_an_error_of_the_engine_is_told_once_and_without_the_way_there(example: SimpleNamespace) -> None:
    messages = [
        ("info", "looking"),
        ("error", "<{%fg 1%}>no seat left<{%reset%}>\n"),
        ("error", "python inline source runtime error: no member\nTraceback (most recent call last):\n  File x"),
        ("error", "an unhandled error occurred: python inline source runtime error: no member"),
        ("error", "Resource monitor has terminated, shutting down"),
    ]
    events = [
        SimpleNamespace(diagnostic_event=SimpleNamespace(severity=severity, message=message))
        for severity, message in messages
    ]
    assert example.stacks.said(ValueError("code: 255"), events) == "no seat left\nno member"
    assert example.stacks.said(ValueError("all of it\nthe last line\n"), []) == "the last line"


class Stacks:
    """Stands in for the engine: what each stack's preview says, and which one's update fails."""

    def __init__(self, example: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, **people: list[str]) -> None:
        self.example, self.people, self.failing, self.up = example, people, "", list[str]()
        monkeypatch.setattr(example.rollout, "opened", lambda name: name)
        monkeypatch.setattr(example.rollout, "preview", self.preview)
        monkeypatch.setattr(example.rollout, "bring_up", self.bring_up)

    def preview(self, name: str) -> Any:
        changes = [self.example.changes.Change("−", "acme/api", who, "loses read") for who in self.people[name]]
        return self.example.stacks.Preview(name, changes, not changes)

    def bring_up(self, one: Any) -> None:
        if one.stack == self.failing:
            raise self.example.stacks.Failed("no seat left", touched=True)
        self.up.append(one.stack)
        self.people[one.stack] = []


@pytest.fixture
def stacks(example: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Stacks:
    return Stacks(example, monkeypatch, dev=["Alan"], staging=["Bob"], prod=["Eve"])


def test_the_driver_stops_at_the_first_failure_says_what_is_done_and_goes_on_later(
    example: SimpleNamespace, stacks: Stacks, capsys: pytest.CaptureFixture[str]
) -> None:
    stacks.failing = "staging"
    assert example.rollout.main(["--yes"]) == 1
    assert stacks.up == ["dev"]
    assert (
        "staging: failed: no seat left\n\nDone: dev. Not done: staging (in part, perhaps), prod."
        in capsys.readouterr().err
    )
    stacks.failing = ""
    assert example.rollout.main(["--yes"]) == 0
    assert stacks.up == ["dev", "staging", "prod"]
    assert "dev: unchanged" in capsys.readouterr().out
    assert example.rollout.main([]) == 0  # nothing to ask


@pytest.mark.parametrize(("answer", "up"), [("no", []), ("y", []), ("", []), ("yes", ["dev", "staging", "prod"])])
def test_the_driver_waits_for_a_yes(
    example: SimpleNamespace, stacks: Stacks, monkeypatch: pytest.MonkeyPatch, answer: str, up: list[str]
) -> None:
    monkeypatch.setattr("builtins.input", lambda question: answer)
    assert example.rollout.main([]) == (0 if up else 1)
    assert stacks.up == up


def test_the_driver_does_what_was_agreed_and_nothing_else(
    example: SimpleNamespace, stacks: Stacks, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "agreed.json")
    assert example.rollout.main(["prod", "--save", file]) == 0
    assert stacks.up == [] and json.loads(Path(file).read_text())["prod"][0]["who"] == "Eve"
    stacks.people["prod"].append("Grace")
    assert example.rollout.main(["prod", "--agreed", file]) == 1
    assert "prod: − acme/api: Grace loses read" in capsys.readouterr().err and stacks.up == []
    stacks.people["prod"].remove("Grace")
    assert example.rollout.main(["prod", "--agreed", file]) == 0 and stacks.up == ["prod"]


def test_what_an_earlier_run_has_done_of_it_does_not_keep_the_rest_from_being_done(
    example: SimpleNamespace, stacks: Stacks, tmp_path: Path
) -> None:
    file = str(tmp_path / "agreed.json")
    stacks.people["prod"] = ["Eve", "Grace"]
    assert example.rollout.main(["prod", "--save", file]) == 0
    stacks.people["prod"] = ["Grace"]
    assert example.rollout.main(["prod", "--agreed", file]) == 0 and stacks.up == ["prod"]


def test_nobody_there_to_answer_is_no_yes(
    example: SimpleNamespace, stacks: Stacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert example.rollout.main([]) == 1 and stacks.up == []


def test_a_stack_takes_the_credentials_that_are_named_after_it(
    example: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BITBUCKET_API_TOKEN", "of all")
    monkeypatch.setenv("BITBUCKET_API_TOKEN_PROD", "of prod")
    assert example.stacks.credentials("prod") == {"BITBUCKET_API_TOKEN": "of prod"}
    assert example.stacks.credentials("dev") == {}


def test_the_pipeline_runs_what_there_is_and_prod_waits_for_somebody() -> None:
    pipelines = yaml.safe_load((EXAMPLE / "bitbucket-pipelines.yml").read_text())["pipelines"]
    kinds = [kind for kinds in pipelines.values() for kind in kinds.values()]
    steps = [one["step"] for steps in kinds for one in steps]
    for command in [command for step in steps for command in step["script"] if command != "pulumi install"]:
        python, script, *_ = command.split()
        assert python == "venv/bin/python" and (EXAMPLE / script).exists()
    prod = [step for step in steps if step.get("deployment") == "production"]
    assert [step["trigger"] for step in prod] == ["manual"]
    assert pipelines["tags"]["v*"][0]["step"].get("deployment") is None, "the first step of a pipeline cannot wait"
