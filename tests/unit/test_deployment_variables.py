"""Variables of deployment environments: which environment is meant, and what it costs to find out."""

from __future__ import annotations

from typing import Any

import pytest
from bitbucket_user_provider.errors import BitbucketError, InvalidInput, NoEnvironment, NotFound, NotKnown
from bitbucket_user_provider.invoke import Invoker
from bitbucket_user_provider.models.model import UNKNOWN
from bitbucket_user_provider.models.person import bare
from bitbucket_user_provider.rest import client
from bitbucket_user_provider.run.environment import ENVIRONMENT, Environment

from tests.conftest import CheckedEmulator, Clock
from tests.unit.core import connect
from tests.unit.stack import Refused, Stack, urn_of

KIND = "DeploymentPipelineVariable"
SECRET = "hunter2-hunter2"
ENVIRONMENTS = "/repositories/{workspace}/{repo_slug}/environments"
VARIABLES = "/repositories/{workspace}/{repo_slug}/deployments_config/environments/{environment_uuid}/variables"


def variable(environment: Any = "Production", key: str = "TOKEN", **more: Any) -> tuple[str, dict[str, Any]]:
    place = {"workspace": "acme", "repoSlug": "api", "environment": environment}
    return KIND, {**place, "key": key, "value": SECRET, "secured": True, **more}


def environment(bitbucket: CheckedEmulator, name: str = "Production") -> Any:
    held = bitbucket.world.workspaces["acme"].repositories["api"].environments.values()
    return next(one for one in held if one.name == name)


def uuid_of(bitbucket: CheckedEmulator, name: str = "Production") -> str:
    return str(environment(bitbucket, name).uuid)


def sent(bitbucket: CheckedEmulator) -> list[str]:
    """The methods since the last look; WHERE for a list of environments, LIST for one of variables."""
    lists = {ENVIRONMENTS: "WHERE", VARIABLES: "LIST"}
    calls = [lists.get(one.route, one.method) if one.method == "GET" else one.method for one in bitbucket.requests]
    bitbucket.clear()
    return calls


@pytest.mark.parametrize("spelling", ["Production", "production", "PRODUCTION", "{uuid}", "{{{uuid}}}"])
def test_an_environment_is_named_by_name_slug_or_uuid(bitbucket: CheckedEmulator, spelling: str) -> None:
    uuid = uuid_of(bitbucket)
    stack = Stack(bitbucket)
    stack.up({"token": variable(spelling.format(uuid=bare(uuid)))})
    assert bitbucket.variables("acme/api/Production") == {"TOKEN": {"value": SECRET, "secured": True}}
    state = stack.state[KIND, "token"]
    assert state.outputs["environmentUuid"] == bare(uuid)
    assert state.id == f"acme/api/{bare(uuid)}/{state.outputs['uuid']}"
    for same in (spelling.format(uuid=bare(uuid)), uuid, bare(uuid).upper()):
        stack.preview({"token": variable(same)})
        assert not stack.diffs["token"]
    stack.preview({"token": variable("Staging")})
    assert stack.diffs["token"].replaces == ["environment"]


@pytest.mark.parametrize("details", [True, False])
def test_a_name_of_several_words_may_be_written_as_its_slug(bitbucket: CheckedEmulator, details: bool) -> None:
    bitbucket.switches.environment_details = details
    bitbucket.add_environment("acme", "api", "EU West (blue)", "Production")
    Stack(bitbucket).up({"slug": variable("eu-west-blue"), "name": variable("EU West (blue)", "OTHER")})
    assert [*bitbucket.variables("acme/api/EU West (blue)")] == ["TOKEN", "OTHER"]


def test_of_two_environments_that_a_slug_may_mean_none_is_taken(bitbucket: CheckedEmulator) -> None:
    bitbucket.switches.environment_details = False
    for name in ("QA 1", "QA-1"):
        bitbucket.add_environment("acme", "api", name)
    with pytest.raises(InvalidInput, match=r"'qa_1' may mean each of these .*QA 1 \(.*\), QA-1 \(.*\). Give the UUID"):
        Stack(bitbucket).up({"token": variable("qa_1")})
    Stack(bitbucket).up({"token": variable("QA-1")})
    assert [*bitbucket.variables("acme/api/QA-1")] == ["TOKEN"] and bitbucket.variables("acme/api/QA 1") == {}


def test_a_slug_that_bitbucket_has_made_in_another_way_names_its_environment(bitbucket: CheckedEmulator) -> None:
    slugs = {"QA 1": "qa-1", "QA-1": "qa-1-second"}
    shown = [{"uuid": bitbucket.add_environment("acme", "api", name).uuid, "name": name} for name in slugs]
    answer = [one | {"type": "deployment_environment", "slug": slugs[one["name"]]} for one in shown]
    bitbucket.fault(ENVIRONMENTS, "GET", patch={"values": answer, "size": 2}, times=None)
    Stack(bitbucket).up({"slug": variable("qa-1", "ONE"), "other": variable("QA_1_SECOND", "TWO")})
    assert [*bitbucket.variables("acme/api/QA 1")] == ["ONE"] and [*bitbucket.variables("acme/api/QA-1")] == ["TWO"]


def test_environments_are_listed_once_a_repository_and_run_and_by_uuid_never(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    program = {
        f"{name}{number}": variable(name, f"KEY_{number}") for name in ("Staging", "Production") for number in range(4)
    }
    stack.up(program)
    assert sorted(sent(bitbucket)) == [*["LIST"] * 2, *["POST"] * 8, "WHERE"]
    stack.up({name: (kind, inputs | {"value": "new"}) for name, (kind, inputs) in program.items()})
    assert sent(bitbucket) == ["PUT"] * 8
    stack.refresh()
    assert sent(bitbucket) == ["LIST"] * 2
    stack.destroy()
    assert sent(bitbucket) == ["DELETE"] * 8
    stack.up({"token": variable(uuid_of(bitbucket))})
    assert sent(bitbucket) == ["LIST", "POST"]


def test_an_unknown_environment_is_refused_with_those_that_exist(bitbucket: CheckedEmulator, clock: Clock) -> None:
    with pytest.raises(NoEnvironment) as refusal:
        Stack(bitbucket).up({"token": variable("prodction")})
    assert str(refusal.value) == (
        "GET /repositories/acme/api/environments shows no environment 'prodction'; there are: Test, Staging, "
        "Production. Give one of these, by name, slug or UUID, or make it first."
    )
    assert refusal.value.status == 404
    assert set(sent(bitbucket)) == {"WHERE"}
    with pytest.raises(BitbucketError, match="there are: Test, Staging, Production"):
        Invoker(connect(bitbucket)).call(
            "getDeploymentPipelineVariables", {"workspace": "acme", "repoSlug": "api", "environment": "prod"}
        )
    for name in ("Test", "Staging", "Production"):
        bitbucket.delete_environment("acme", "api", name)
    with pytest.raises(NoEnvironment, match="there are: none. Give"):
        Stack(bitbucket).up({"token": variable("Test")})


def test_an_environment_of_the_same_program_is_waited_for(
    bitbucket: CheckedEmulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = Stack(bitbucket)
    assert stack.preview({"token": variable(UNKNOWN)})["token"]["environmentUuid"] is UNKNOWN
    wait, asked = clock.wait, list[int]()

    def appears(seconds: float) -> None:
        wait(seconds)
        asked.append(bitbucket.count("GET", "environments"))
        if len(asked) == 2:
            bitbucket.add_environment("acme", "api", "Canary")

    monkeypatch.setattr(clock, "wait", appears)
    stack.up({"token": variable("Canary"), "other": variable("Canary", "OTHER")})
    assert [*bitbucket.variables("acme/api/Canary")] == ["TOKEN", "OTHER"]
    assert asked == [1, 2]


def test_an_environment_that_was_made_anew_gets_its_variables_again(bitbucket: CheckedEmulator, clock: Clock) -> None:
    stack = Stack(bitbucket)
    stack.up({"token": variable()})
    bitbucket.delete_environment("acme", "api", "Production")
    bitbucket.add_environment("acme", "api", "Production")
    known = stack.state.pop((KIND, "token"))
    stack.start()
    with stack.on(KIND, "token"):  # `up --refresh` is one process, which has read the old UUID in the state
        assert stack.provider.read(KIND, known.id, known.outputs, known.inputs) is None
        _, outputs = stack.provider.create(KIND, known.inputs)
    assert [*bitbucket.variables("acme/api/Production")] == ["TOKEN"]
    assert outputs["environmentUuid"] == bare(uuid_of(bitbucket))
    assert clock.waits == [], "the read has shown that the UUID is no longer true"


def test_a_new_variable_finds_the_environment_that_was_made_anew(bitbucket: CheckedEmulator, clock: Clock) -> None:
    stack = Stack(bitbucket)
    stack.up({"token": variable()})
    bitbucket.delete_environment("acme", "api", "Production")
    bitbucket.add_environment("acme", "api", "Production")
    stack.up({"token": variable(), "other": variable(key="OTHER")})
    assert [*bitbucket.variables("acme/api/Production")] == ["OTHER"]


def test_where_an_environment_was_made_anew_each_variable_is_looked_for_in_its_own(
    bitbucket: CheckedEmulator, clock: Clock
) -> None:
    """One of the old environment, which is gone, and one of the new one, under the same name."""

    def made() -> Stack:
        stack = Stack(bitbucket)
        stack.up({"old": variable(key="OLD")})
        bitbucket.delete_environment("acme", "api", "Production")
        bitbucket.add_environment("acme", "api", "Production")
        stack.up({"old": variable(key="OLD"), "new": variable(key="NEW")})
        return stack

    stack = made()
    stack.refresh()
    assert [name for _, name in stack.state] == ["new"] and [*bitbucket.variables("acme/api/Production")] == ["NEW"]
    stack.up({"new": variable(key="NEW", value="another-secret")})
    assert bitbucket.variables("acme/api/Production")["NEW"]["value"] == "another-secret"
    bitbucket.delete_variable("acme/api/Production", "NEW")
    stack = made()
    stack.destroy()
    assert (stack.state, bitbucket.variables("acme/api/Production")) == ({}, {})


@pytest.mark.parametrize("refreshed", [True, False])
def test_what_is_new_goes_to_the_environment_that_has_the_name_and_what_is_there_stays(
    bitbucket: CheckedEmulator, refreshed: bool
) -> None:
    stack = Stack(bitbucket)
    stack.up({"token": variable()})
    environment(bitbucket).name = "Sandbox"
    bitbucket.add_environment("acme", "api", "Production")
    if refreshed:
        stack.refresh()
    stack.up({"token": variable(value="another-secret"), "other": variable(key="OTHER")})
    assert [*bitbucket.variables("acme/api/Production")] == ["OTHER"]
    assert bitbucket.variables("acme/api/Sandbox")["TOKEN"]["value"] == "another-secret"
    stack.up({"other": variable(key="OTHER")})
    assert bitbucket.variables("acme/api/Sandbox") == {} and [*bitbucket.variables("acme/api/Production")] == ["OTHER"]


@pytest.mark.parametrize(
    "names", [("Prod \N{GREEK SMALL LETTER ALPHA}", "Prod \N{GREEK SMALL LETTER BETA}"), ("QA 1", "QA-1")]
)
def test_two_environments_whose_names_are_alike_are_two(bitbucket: CheckedEmulator, names: tuple[str, str]) -> None:
    one, two = names
    for name in names:
        bitbucket.add_environment("acme", "api", name)
    stack = Stack(bitbucket)
    stack.up({"one": variable(one, "ONE"), "two": variable(two, "TWO")})
    assert [[*bitbucket.variables(f"acme/api/{name}")] for name in names] == [["ONE"], ["TWO"]]
    stack.up({"one": variable(two, "ONE"), "two": variable(two, "TWO")})
    assert [sorted(bitbucket.variables(f"acme/api/{name}")) for name in names] == [[], ["ONE", "TWO"]]


def test_a_name_beyond_ascii_means_no_environment_that_is_only_like_it(
    bitbucket: CheckedEmulator, clock: Clock
) -> None:
    bitbucket.add_environment("acme", "api", "Prod \N{GREEK SMALL LETTER ALPHA}")
    with pytest.raises(NoEnvironment):
        Stack(bitbucket).up({"token": variable("Prod \N{GREEK SMALL LETTER BETA}")})


def test_what_is_missing_from_a_long_list_is_gone_when_it_is_missing_again(
    bitbucket: CheckedEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PAGE_LENGTH", 2)
    stack = Stack(bitbucket)
    stack.up({f"v{number}": variable(key=f"KEY_{number}") for number in range(6)})
    bitbucket.delete_variable("acme/api/Production", "KEY_1")
    sent(bitbucket)
    stack.refresh()
    assert [name for _, name in stack.state] == ["v0", "v2", "v3", "v4", "v5"]
    assert sent(bitbucket) == ["LIST"] * 6, "three pages, twice: nobody can ask for one alone"
    bitbucket.switches.no_next = True
    bitbucket.delete_variable("acme/api/Production", "KEY_2")
    with pytest.raises(NotKnown, match="cannot be trusted"):
        stack.refresh()


@pytest.mark.parametrize("environment", ["Production", "production", "{uuid}", "{{{uuid}}}"])
@pytest.mark.parametrize("by", ["key", "uuid"])
def test_import_goes_by_name_and_key_and_by_uuid(bitbucket: CheckedEmulator, environment: str, by: str) -> None:
    made = bitbucket.set_variable("acme/api/Production", "REGION", "eu")
    uuid = uuid_of(bitbucket)
    stack = Stack(bitbucket)
    part = environment.format(uuid=bare(uuid))
    inputs = stack.bring_in(KIND, "region", f"acme/api/{part}/{'REGION' if by == 'key' else made.uuid}")
    assert inputs == {"workspace": "acme", "repoSlug": "api", "environment": part, "key": "REGION", "value": "eu"}
    assert stack.state[KIND, "region"].id == f"acme/api/{bare(uuid)}/{bare(made.uuid)}"
    stack.preview({"region": (KIND, inputs)})
    assert not stack.diffs["region"]


def test_an_import_from_an_unknown_environment_names_those_that_exist(bitbucket: CheckedEmulator) -> None:
    with pytest.raises(InvalidInput, match="there are: Test, Staging, Production"):
        Stack(bitbucket).bring_in(KIND, "token", "acme/api/Live/TOKEN")


def test_the_same_variable_under_two_names_of_its_environment_is_refused(bitbucket: CheckedEmulator) -> None:
    with pytest.raises(Refused, match="manages this variable too"):
        Stack(bitbucket).preview({"one": variable("Production"), "two": variable("production")})
    Stack(bitbucket).preview({"one": variable("Production"), "two": variable("Staging")})


@pytest.mark.parametrize("spelling", ["uuid", "name"])
def test_a_renamed_resource_keeps_its_variable_however_it_writes_the_environment(
    bitbucket: CheckedEmulator, spelling: str
) -> None:
    uuid = uuid_of(bitbucket)
    stack = Stack(bitbucket, adoptExisting=True)
    stack.up({"before": variable("Production" if spelling == "uuid" else uuid)})
    stack.up({"after": variable(uuid if spelling == "uuid" else "Production")})
    assert [name for _, name in stack.state] == ["after"]
    assert bitbucket.count("DELETE") == 0 and stack.said[-1:] == [
        f"kept in Bitbucket: {urn_of(KIND, 'after')} wants it"
    ]
    assert bitbucket.variables("acme/api/Production") == {"TOKEN": {"value": SECRET, "secured": True}}


def test_a_variable_is_deleted_though_another_environment_that_is_given_by_uuid_keeps_one_of_its_key(
    bitbucket: CheckedEmulator,
) -> None:
    stack = Stack(bitbucket)
    other = {"other": variable(uuid_of(bitbucket, "Staging"))}
    stack.up({"token": variable("Production"), **other})
    stack.up(other)
    assert bitbucket.variables("acme/api/Production") == {}
    assert [*bitbucket.variables("acme/api/Staging")] == ["TOKEN"]


def test_a_resource_that_is_renamed_with_its_repository_keeps_its_variable(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket, adoptExisting=True)
    stack.up({"before": variable()})
    bitbucket.rename_repository("acme", "api", "service")
    stack.up({"after": variable(repoSlug="service")})
    assert bitbucket.count("DELETE") == 0 and [*bitbucket.variables("acme/service/Production")] == ["TOKEN"]


def test_a_renamed_repository_is_written_under_its_new_name(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"token": variable()})
    bitbucket.rename_repository("acme", "api", "service")
    stack.up({"token": variable(value="new-secret-value")})
    assert bitbucket.variables("acme/service/Production")["TOKEN"]["value"] == "new-secret-value"
    assert stack.warned == ["acme/api is called acme/service in Bitbucket now: write that name."]


def test_a_404_to_a_delete_of_what_the_list_still_shows_is_an_error(bitbucket: CheckedEmulator) -> None:
    """One variable cannot be asked for alone."""
    stack = Stack(bitbucket)
    stack.up({"token": variable()})
    bitbucket.fault("deployments_config", "DELETE", status=404)
    with pytest.raises(NotFound):
        stack.destroy()
    assert len(stack.state) == 1 and list(bitbucket.variables("acme/api/Production")) == ["TOKEN"]


@pytest.mark.parametrize(
    ("wrong", "reason"), [("", "must not be empty"), ("a/b", "give the name of .*its UUID"), (7, "")]
)
def test_what_no_environment_is_called_is_refused_at_check(bitbucket: CheckedEmulator, wrong: Any, reason: str) -> None:
    with pytest.raises(Refused, match=f"environment: .*{reason}"):
        Stack(bitbucket).preview({"token": variable(wrong)})


def test_an_environment_that_was_deleted_lets_its_variables_leave_with_one_warning(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"token": variable(), "other": variable(key="OTHER"), "staging": variable("Staging")})
    bitbucket.delete_environment("acme", "api", "Production")
    stack.refresh()
    assert [name for _, name in stack.state] == ["staging"]
    assert stack.warned == [
        "acme/api/Production answers 404: deleted, or this credential no longer sees it; what this stack holds there "
        "leaves the state."
    ]


def test_an_environment_that_another_thread_forgets_is_still_the_one_that_was_found(bitbucket: CheckedEmulator) -> None:
    class Forgotten(Environment):
        """Forgotten after each time that it is looked at."""

        def __getattribute__(self, name: str) -> Any:
            found = super().__getattribute__(name)
            if name == "_uuid":
                self._uuid = None
            return found

    place = Forgotten(connect(bitbucket), ENVIRONMENT, {"workspace": "acme", "repo_slug": "api", "environment": "Test"})
    place._uuid = "a-uuid"
    assert place.uuid == "a-uuid"
    assert place.uuid == bare(uuid_of(bitbucket, "Test"))
