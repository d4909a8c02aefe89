"""Functions about variables, properties, SSH keys and code search, against the emulator."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
from bitbucket_user_emulator import Emulator
from bitbucket_user_provider.errors import BitbucketError
from bitbucket_user_provider.invoke import Invoker
from bitbucket_user_provider.lifecycle import Lifecycle

from tests.unit.function_calls import api_of, ask, emulator

WORKSPACE_VARIABLES = "/workspaces/{workspace}/pipelines-config/variables"
USER_VARIABLES = "/users/{selected_user}/pipelines_config/variables"
KEYS = "/users/{selected_user}/ssh-keys"
SEARCH = "/users/{selected_user}/search/code"


@pytest.fixture
def bitbucket() -> Iterator[Emulator]:
    yield from emulator()


def public_key(number: int) -> str:
    fields = (b"ssh-ed25519", number.to_bytes(32, "big"))
    blob = b"".join(len(field).to_bytes(4, "big") + field for field in fields)
    return f"ssh-ed25519 {base64.b64encode(blob).decode()} key {number}"


def test_workspace_variables_of_all_pages_are_listed_by_key_without_values(bitbucket: Emulator) -> None:
    for number in range(130, 0, -1):
        bitbucket.set_variable("acme", f"KEY_{number:03}", "not to be seen", secured=number == 1)
    answer = ask(bitbucket, "getWorkspacePipelineVariables", workspace="acme")
    assert [one["key"] for one in answer["variables"]] == [f"KEY_{n:03}" for n in range(1, 131)]
    assert [one["secured"] for one in answer["variables"][:2]] == [True, False]
    assert set(answer["variables"][1]) == {"uuid", "key", "secured"}
    assert "not to be seen" not in str(answer)
    assert bitbucket.calls() == {f"GET {WORKSPACE_VARIABLES}": 2}


@pytest.mark.parametrize("who", ["oauth", "access token"])
def test_workspace_variables_are_seen_by_every_kind_of_credential(bitbucket: Emulator, who: str) -> None:
    bitbucket.set_variable("acme", "OPEN", "1")
    assert len(ask(bitbucket, "getWorkspacePipelineVariables", who, workspace="acme")["variables"]) == 1


def test_variables_that_a_resource_has_listed_are_not_listed_again(bitbucket: Emulator) -> None:
    bitbucket.set_variable("acme", "OPEN", "1")
    api = api_of(bitbucket)
    found = Lifecycle(api).read("WorkspacePipelineVariable", "acme/OPEN")
    assert found is not None
    (one,) = Invoker(api).call("getWorkspacePipelineVariables", {"workspace": "acme"})["variables"]
    assert one["uuid"] == found.outputs["uuid"]
    assert bitbucket.calls() == {f"GET {WORKSPACE_VARIABLES}": 1}


def test_user_variables_of_all_pages_are_listed_without_values(bitbucket: Emulator) -> None:
    for number in range(130):
        bitbucket.set_variable("Ada", f"KEY_{number:03}", "not to be seen", secured=True)
    ada = bitbucket.person("Ada").account_id
    answer = ask(bitbucket, "getUserPipelineVariables", "ada", "oauth", userId=ada)
    assert len(answer["variables"]) == 130
    assert bitbucket.count("GET", USER_VARIABLES) == 2
    assert bitbucket.requests[-1].credential == "oauth"


def test_one_user_variable_is_found_with_and_without_braces(bitbucket: Emulator) -> None:
    variable = bitbucket.set_variable("Ada", "TOKEN", "not to be seen")
    ada = bitbucket.person("Ada").uuid
    for uuid in (variable.uuid, variable.uuid[1:-1].upper()):
        found = ask(bitbucket, "getUserPipelineVariable", "oauth", userId=ada, uuid=uuid)
        assert found == {"uuid": variable.uuid[1:-1], "key": "TOKEN", "secured": False}


def test_one_of_very_many_user_variables_costs_two_calls(bitbucket: Emulator) -> None:
    made = [bitbucket.set_variable("Ada", f"KEY_{number:03}", "") for number in range(350)]
    ada = bitbucket.person("Ada").uuid
    found = ask(bitbucket, "getUserPipelineVariable", "oauth", userId=ada, uuid=made[-1].uuid)
    assert found["key"] == "KEY_349"
    assert bitbucket.count("GET", USER_VARIABLES) == 2


def test_a_user_variable_that_is_not_there_is_an_error(bitbucket: Emulator) -> None:
    ada = bitbucket.person("Ada").uuid
    with pytest.raises(BitbucketError, match="has no pipeline variable"):
        ask(bitbucket, "getUserPipelineVariable", "oauth", userId=ada, uuid=ada)


@pytest.mark.parametrize("name", ["getUserPipelineVariables", "getUserPipelineVariable"])
def test_an_api_token_is_told_that_user_variables_need_another_credential(bitbucket: Emulator, name: str) -> None:
    ada = bitbucket.person("Ada").uuid
    args = {"userId": ada, "uuid": ada} if name.endswith("Variable") else {"userId": ada}
    with pytest.raises(BitbucketError, match="403.* Bitbucket accepts only an OAuth consumer .* or an access token"):
        ask(bitbucket, name, **args)


def test_a_public_property_is_read_with_an_api_token(bitbucket: Emulator) -> None:
    value = {"dark": True, "inner": {"size": 3, "none": None}, "_attributes": ["public"]}
    bitbucket.set_property("Ada", "acme-app/theme", value)
    args = {"userId": bitbucket.person("Ada").account_id, "appKey": "acme-app", "propertyName": "theme"}
    assert ask(bitbucket, "getUserApplicationProperty", **args) == {"value": value}


def test_a_property_that_is_not_public_is_read_by_its_app_alone(bitbucket: Emulator) -> None:
    bitbucket.set_property("Ada", "acme-app/theme", {"dark": True})
    args = {"userId": bitbucket.person("Ada").account_id, "appKey": "acme-app", "propertyName": "theme"}
    with pytest.raises(BitbucketError, match="404.* shown to its own app alone"):
        ask(bitbucket, "getUserApplicationProperty", **args)
    app = api_of(bitbucket, environ={"BITBUCKET_JWT": "acme-connect-jwt"})
    assert Invoker(app).call("getUserApplicationProperty", args) == {"value": {"dark": True}}


def test_ssh_keys_of_all_pages_are_listed_oldest_first(bitbucket: Emulator) -> None:
    made = [bitbucket.add_ssh_key("Ada", public_key(number), f"key {number}") for number in range(120)]
    keys = ask(bitbucket, "getUserSshKeys", userId=bitbucket.person("Ada").account_id)["keys"]
    assert [one["label"] for one in keys] == [f"key {number}" for number in range(120)]
    assert keys[7] == {
        "uuid": made[7].uuid[1:-1],
        "label": "key 7",
        "key": made[7].key,
        "fingerprint": f"SHA256:{made[7].fingerprint}",
        "comment": "key 7",
        "createdOn": made[7].created_on,
    }
    assert bitbucket.calls() == {f"GET {KEYS}": 2}


def test_one_ssh_key_is_found_with_and_without_braces(bitbucket: Emulator) -> None:
    bitbucket.world.switches.expires_on_answered = True
    key = bitbucket.add_ssh_key("Ada", public_key(1), "laptop")
    key.expires_on = "2030-01-01T00:00:00+00:00"
    for uuid in (key.uuid, key.uuid[1:-1].upper()):
        found = ask(bitbucket, "getUserSshKey", userId=bitbucket.person("Ada").uuid, uuid=uuid)
        assert (found["label"], found["expiresOn"]) == ("laptop", "2030-01-01T00:00:00+00:00")
        assert "lastUsed" not in found


def test_one_of_very_many_ssh_keys_costs_two_calls(bitbucket: Emulator) -> None:
    made = [bitbucket.add_ssh_key("Ada", public_key(number)) for number in range(350)]
    found = ask(bitbucket, "getUserSshKey", userId=bitbucket.person("Ada").uuid, uuid=made[-1].uuid)
    assert found["key"] == made[-1].key
    assert bitbucket.calls() == {f"GET {KEYS}": 1, f"GET {KEYS}/{{key_id}}": 1}


def test_an_ssh_key_that_is_not_there_is_an_error(bitbucket: Emulator) -> None:
    ada = bitbucket.person("Ada").uuid
    with pytest.raises(BitbucketError, match="has no SSH key"):
        ask(bitbucket, "getUserSshKey", userId=ada, uuid=ada)


def test_somebody_elses_ssh_keys_are_refused(bitbucket: Emulator) -> None:
    with pytest.raises(BitbucketError, match="403: You do not have permission to access this user's SSH keys"):
        ask(bitbucket, "getUserSshKeys", userId=bitbucket.person("Grace").uuid)


def test_an_access_token_is_told_that_ssh_keys_need_another_credential(bitbucket: Emulator) -> None:
    with pytest.raises(BitbucketError, match="Bitbucket accepts only an API token .* or an OAuth consumer"):
        ask(bitbucket, "getUserSshKeys", "access token", userId=bitbucket.person("Ada").uuid)


def test_code_is_found_with_whole_lines_around_each_match(bitbucket: Emulator) -> None:
    ada = bitbucket.person("Ada").account_id
    answer = ask(bitbucket, "searchCode", userId=ada, query="hello repo:api ext:py")
    greeting = {
        "path": "src/greeting.py",
        "matchCount": 2,
        "lines": [
            {"line": 1, "text": "def greet(name):"},
            {"line": 2, "text": '    """Say hello."""'},
            {"line": 3, "text": '    print(f"hello, {name}")'},
            {"line": 4, "text": ""},
        ],
    }
    assert answer == {"results": [greeting, greeting], "size": 2}


def test_code_search_stops_at_the_limit_and_tells_how_much_there_is(bitbucket: Emulator) -> None:
    files = {f"many/file-{number:03}.txt": "a needle" for number in range(260)}
    bitbucket.world.workspaces["acme"].repositories["web"].files.update(files)
    ada = bitbucket.person("Ada").account_id
    for limit, calls in ((5, 1), (100, 1), (150, 2), (1000, 3)):
        bitbucket.clear()
        answer = ask(bitbucket, "searchCode", userId=ada, query="needle", limit=limit)
        assert (len(answer["results"]), answer["size"]) == (min(limit, 260), 260)
        assert bitbucket.calls() == {f"GET {SEARCH}": calls}
    assert len(ask(bitbucket, "searchCode", userId=ada, query="needle")["results"]) == 100


def test_a_search_whose_size_bitbucket_does_not_tell_counts_what_was_found(bitbucket: Emulator) -> None:
    bitbucket.world.switches.sizes = False
    assert ask(bitbucket, "searchCode", userId=bitbucket.person("Ada").uuid, query="hello")["size"] == 4


def test_a_match_in_the_path_alone_is_found_without_lines(bitbucket: Emulator) -> None:
    result = {"type": "code_search_result", "content_match_count": 0, "content_matches": []}
    segments = [{"text": "docs/"}, {"text": "needle", "match": True}, {"text": ".md"}]
    bitbucket.fault(SEARCH, body={"values": [result | {"path_matches": segments}]})
    answer = ask(bitbucket, "searchCode", userId=bitbucket.person("Ada").uuid, query="needle")
    assert answer["results"] == [{"path": "docs/needle.md", "matchCount": 0, "lines": []}]


def test_search_that_is_not_enabled_says_where_to_enable_it(bitbucket: Emulator) -> None:
    with pytest.raises(BitbucketError, match="404.* Is search enabled .*https://bitbucket.org/search"):
        ask(bitbucket, "searchCode", userId=bitbucket.person("Grace").uuid, query="hello")
