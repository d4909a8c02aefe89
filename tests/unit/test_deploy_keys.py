"""Deploy keys of repositories and projects: their text, their label, and what stands there already."""

from __future__ import annotations

from typing import Any

import pytest
from bitbucket_user_provider.errors import ApiError, ConfigurationError, Exists, InvalidInput, OddAnswer
from bitbucket_user_provider.models.model import UNKNOWN
from bitbucket_user_provider.models.public_key import fingerprint
from bitbucket_user_provider.rest.answer import Answer
from bitbucket_user_provider.run.kinds import REPOSITORY_DEPLOY_KEYS

from tests.acceptance.lives import ed25519
from tests.conftest import CheckedEmulator, Clock
from tests.unit.core import CONSUMER, connect
from tests.unit.stack import Refused, Stack, urn_of

KINDS = ("RepositoryDeployKey", "ProjectDeployKey")
FIXED = "ProjectDeployKey"
UPDATED = "RepositoryDeployKey"
CI, CD = ed25519("ci"), ed25519("cd")
WITH_SLASH = next(key for key in map(ed25519, "abcdefghijklmnop") if "/" in fingerprint(key))


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def named(kind: str) -> str:
    return "api" if kind == "RepositoryDeployKey" else "CORE"


def key(kind: str, text: Any = CI, label: Any = "ci", **more: Any) -> tuple[str, dict[str, Any]]:
    place = {"repoSlug": "api"} if kind == "RepositoryDeployKey" else {"projectKey": "CORE"}
    return kind, {"workspace": "acme", **place, "key": text, "label": label, **more}


def sent(bitbucket: CheckedEmulator) -> list[str]:
    """The methods since the last look, LIST for a page of a list."""
    calls = ["LIST" if one.method == "GET" and one.route.endswith("keys") else one.method for one in bitbucket.requests]
    bitbucket.clear()
    return calls


def held(bitbucket: CheckedEmulator, kind: str) -> dict[str, str]:
    """Key → label."""
    return {one.key: one.label for one in bitbucket.place("acme", named(kind)).deploy_keys.values()}


def test_a_key_costs_one_call_to_create_and_delete(bitbucket: CheckedEmulator, kind: str) -> None:
    stack = Stack(bitbucket)
    stack.preview({"ci": key(kind, f"{CI} ci@build")})
    stack.up({"ci": key(kind, f"{CI} ci@build")})
    assert sent(bitbucket) == ["POST"]
    [number] = bitbucket.place("acme", named(kind)).deploy_keys
    state = stack.state[kind, "ci"]
    assert state.id == f"acme/{named(kind)}/{number}"
    assert state.outputs == key(kind, f"{CI} ci@build")[1] | {"keyId": number, "comment": "ci@build"}
    stack.up({"ci": key(kind, f" {CI}  another comment")})
    assert not stack.diffs["ci"] and sent(bitbucket) == []
    stack.destroy()
    assert (sent(bitbucket), held(bitbucket, kind)) == (["DELETE"], {})


def test_a_label_of_a_repositorys_key_is_changed_with_the_same_key(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"ci": key(UPDATED, f"{CI} old comment")})
    sent(bitbucket)
    stack.up({"ci": key(UPDATED, f"{CI} new comment", "build")})
    assert (sent(bitbucket), held(bitbucket, UPDATED)) == (["PUT"], {CI: "build"})
    assert stack.outputs("ci")["comment"] == "new comment"


def test_a_new_key_is_there_before_the_old_one_goes(bitbucket: CheckedEmulator, kind: str) -> None:
    stack = Stack(bitbucket)
    stack.up({"ci": key(kind)})
    sent(bitbucket)
    stack.up({"ci": key(kind, CD)})
    assert stack.diffs["ci"].replaces == ["key"] and not stack.diffs["ci"].delete_first
    assert (sent(bitbucket), held(bitbucket, kind)) == (["POST", "DELETE"], {CD: "ci"})


def test_twenty_keys_are_refreshed_with_one_call(bitbucket: CheckedEmulator, kind: str) -> None:
    stack = Stack(bitbucket)
    stack.up({letter: key(kind, ed25519(letter), letter) for letter in "abcdefghijklmnopqrst"})
    sent(bitbucket)
    stack.refresh()
    assert sent(bitbucket) == ["LIST"]


@pytest.mark.parametrize(
    ("entry", "odd"),
    [({"id": 7, "key": "ssh-ed25519 broken"}, "`key` is a text"), ({"key": CI}, "`id` is missing")],
    ids=["no key", "no number"],
)
def test_an_entry_that_is_no_key_is_said_to_be_odd(bitbucket: CheckedEmulator, entry: dict[str, Any], odd: str) -> None:
    with pytest.raises(OddAnswer) as refusal:
        REPOSITORY_DEPLOY_KEYS.names(connect(bitbucket), Answer("GET /keys", entry))
    assert str(refusal.value) == f"GET /keys has an answer of another form than documented: {odd}."


@pytest.mark.parametrize("by", ["number", "fingerprint", "label"])
def test_import_goes_by_number_by_fingerprint_and_by_label(bitbucket: CheckedEmulator, kind: str, by: str) -> None:
    made = bitbucket.add_deploy_key("acme", named(kind), f"{WITH_SLASH} x@y", "build/test #1")
    bitbucket.add_deploy_key("acme", named(kind), CD, "other")
    part = {"number": str(made.id), "fingerprint": fingerprint(WITH_SLASH), "label": "build/test #1"}[by]
    stack = Stack(bitbucket)
    inputs = stack.bring_in(kind, "ci", f"acme/{named(kind)}/{part}")
    assert inputs == key(kind, WITH_SLASH, "build/test #1")[1]
    assert stack.state[kind, "ci"].id == f"acme/{named(kind)}/{made.id}"
    stack.preview({"ci": (kind, inputs)})
    assert not stack.diffs["ci"]


def test_an_import_by_a_label_that_two_keys_have_names_their_numbers(bitbucket: CheckedEmulator, kind: str) -> None:
    numbers = [str(bitbucket.add_deploy_key("acme", named(kind), text, "ci").id) for text in (CI, CD)]
    with pytest.raises(InvalidInput, match=f"2 in acme/{named(kind)} have the label 'ci': name one of .*") as refusal:
        Stack(bitbucket).bring_in(kind, "ci", f"acme/{named(kind)}/ci")
    assert ", ".join(numbers) in str(refusal.value)
    assert Stack(bitbucket).provider.read(kind, f"acme/{named(kind)}/nothing") is None


def test_a_key_that_is_gone_is_not_taken_for_one_that_is_labelled_with_its_number(
    bitbucket: CheckedEmulator, kind: str
) -> None:
    stack = Stack(bitbucket)
    stack.up({"ci": key(kind)})
    number = int(stack.outputs("ci")["keyId"])
    bitbucket.delete_deploy_key("acme", named(kind), number)
    bitbucket.add_deploy_key("acme", named(kind), CD, str(number))
    assert Stack(bitbucket).bring_in(kind, "labelled", f"acme/{named(kind)}/{number}")["key"] == CD
    stack.refresh()
    assert stack.state == {}


@pytest.mark.parametrize("adopt", [True, False])
def test_the_same_key_under_the_same_label_is_taken_over(bitbucket: CheckedEmulator, kind: str, adopt: bool) -> None:
    standing = bitbucket.add_deploy_key("acme", named(kind), CI, "ci")
    stack = Stack(bitbucket, adoptExisting=adopt)
    stack.up({"ci": key(kind)})
    assert sent(bitbucket) == ["POST", "LIST"]
    assert stack.state[kind, "ci"].id == f"acme/{named(kind)}/{standing.id}"
    assert stack.said == ["was there already, as 'ci': another stack may hold it too"]


def test_one_key_may_open_several_places(bitbucket: CheckedEmulator, kind: str) -> None:
    _, inputs = key(kind)
    other = {"repoSlug": "web"} if kind == "RepositoryDeployKey" else {"projectKey": "OPS"}
    stack = Stack(bitbucket)
    stack.up({"one": (kind, inputs), "two": (kind, inputs | other)})
    assert bitbucket.count("POST") == 2
    stack.up({"two": (kind, inputs | other)})
    assert held(bitbucket, kind) == {} and list(stack.state) == [(kind, "two")]
    with pytest.raises(Refused, match="manages this key too"):
        stack.preview({"one": (kind, inputs), "two": (kind, inputs | {"key": f"{CI} comment"})})


def test_a_renamed_resource_keeps_its_key(bitbucket: CheckedEmulator, kind: str) -> None:
    stack = Stack(bitbucket)
    stack.up({"before": key(kind)})
    stack.up({"after": key(kind)})
    assert stack.said[1:] == [f"kept in Bitbucket: {urn_of(kind, 'after')} wants it"]
    assert (bitbucket.count("DELETE"), held(bitbucket, kind)) == (0, {CI: "ci"})


def test_a_place_that_is_written_by_its_uuid_keeps_its_key(bitbucket: CheckedEmulator, kind: str) -> None:
    stack = Stack(bitbucket)
    stack.up({"ci": key(kind)})
    number = stack.outputs("ci")["keyId"]
    stack.up({"ci": key(kind, workspace=bitbucket.world.workspaces["acme"].uuid)})
    assert stack.diffs["ci"].replaces == ["workspace"]
    assert held(bitbucket, kind) == {CI: "ci"} and bitbucket.count("DELETE") == 0
    assert stack.outputs("ci")["keyId"] == number
    stack.destroy()
    assert held(bitbucket, kind) == {}


@pytest.mark.parametrize("blocked", ["deleted", "of an account"])
def test_a_key_that_bitbucket_blocks_is_explained(bitbucket: CheckedEmulator, kind: str, blocked: str) -> None:
    made = bitbucket.add_ssh_key("Grace", CI)
    if blocked == "deleted":
        bitbucket.delete_ssh_key("Grace", made.uuid)
    with pytest.raises(ApiError, match="not among those of acme/.* an account, .*deleted lately.*use another key"):
        Stack(bitbucket).up({"ci": key(kind)})


def test_a_label_that_is_taken_is_told_from_a_key_that_is(bitbucket: CheckedEmulator, kind: str) -> None:
    other = bitbucket.add_deploy_key("acme", named(kind), CD, "ci")
    stack = Stack(bitbucket)
    stack.up({"ci": key(kind)})
    stack.destroy()
    bitbucket.switches.unique_labels = True
    with pytest.raises(ApiError, match=rf"Another one there \({other.id}\) is called 'ci': .* choose another label"):
        stack.up({"ci": key(kind)})


def test_a_key_is_made_with_an_api_token_only(bitbucket: CheckedEmulator, kind: str) -> None:
    with pytest.raises(ConfigurationError, match="an OAuth consumer has made dies with the consumer"):
        Stack(bitbucket, CONSUMER).up({"ci": key(kind)})
    assert bitbucket.requests == []
    stack = Stack(bitbucket)
    stack.up({"ci": key(kind)})
    stack.config = CONSUMER
    bitbucket.clear()
    if kind == UPDATED:
        with pytest.raises(ConfigurationError, match="has to be made with an API token"):
            stack.up({"ci": key(kind, label="build")})
    assert bitbucket.requests == []
    stack.refresh()
    assert [name for _, name in stack.state] == ["ci"], "what is only read may be read by a consumer"


@pytest.mark.parametrize("drop", ["before", "after", "during"])
def test_a_post_whose_answer_is_lost_makes_one_key(
    bitbucket: CheckedEmulator, clock: Clock, kind: str, drop: str
) -> None:
    bitbucket.fault("deploy-keys", method="POST", drop=drop)
    stack = Stack(bitbucket)
    stack.up({"ci": key(kind)})
    [number] = bitbucket.place("acme", named(kind)).deploy_keys
    assert stack.outputs("ci")["keyId"] == number


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"text": "-----BEGIN OPENSSH PRIVATE KEY-----\nhush\n"}, "key: this is a private key; give the public one"),
        ({"text": "ssh-ed25519 AAAA"}, "key: what follows ssh-ed25519 is not the base64 of a whole key"),
        ({"label": ""}, "label: must be one line that is not empty"),
        ({"label": "two\nlines"}, "label: must be one line"),
        ({"label": 7}, "label: must be a string"),
    ],
)
def test_what_is_no_key_or_label_is_refused_at_check(
    bitbucket: CheckedEmulator, kind: str, wrong: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Refused, match=reason) as refusal:
        Stack(bitbucket).preview({"ci": key(kind, **wrong)})
    assert "hush" not in str(refusal.value)


# A project's key has no update


def test_another_label_of_the_same_key_is_refused_in_the_preview(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"ci": key(FIXED)})
    reason = "label: Bitbucket cannot change what a key is called, and .* use another key; or leave it 'ci'"
    with pytest.raises(Refused, match=reason):
        stack.preview({"ci": key(FIXED, f"{CI} comment", "build")})
    stack.preview({"ci": key(FIXED, CD, "build")})
    stack.preview({"ci": key(FIXED, label="build", projectKey="OPS")})
    stack.preview({"ci": key(FIXED, label=UNKNOWN)})
    bitbucket.clear()
    with pytest.raises(InvalidInput, match="cannot change what a key is called.*nothing was changed"):
        known = stack.state[FIXED, "ci"]  # a preview did not know the label
        with stack.on(FIXED, "ci"):
            stack.provider.update(FIXED, known.id, known.outputs, key(FIXED, label="build")[1])
    assert bitbucket.requests == []


@pytest.mark.parametrize("adopt", [True, False])
def test_a_key_that_is_there_under_another_label_is_not_taken_over(bitbucket: CheckedEmulator, adopt: bool) -> None:
    standing = bitbucket.add_deploy_key("acme", "CORE", CI, "theirs")
    with pytest.raises(
        Exists, match="in acme/CORE already, as 'theirs'; .*cannot change the label.*: write"
    ) as refusal:
        Stack(bitbucket, adoptExisting=adopt).up({"ci": key(FIXED)})
    assert refusal.value.import_id == f"acme/CORE/{standing.id}"
    assert held(bitbucket, FIXED) == {CI: "theirs"}
