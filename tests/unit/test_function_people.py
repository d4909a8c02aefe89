"""Functions about accounts, e-mail addresses and members, against the emulator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bitbucket_user_emulator import Emulator
from bitbucket_user_emulator.world import Email
from bitbucket_user_provider.errors import BitbucketError
from bitbucket_user_provider.invoke import Invoker

from tests.unit.function_calls import api_of, ask, emulator

USER = "GET /user"
MEMBERS = "GET /workspaces/{workspace}/members"


@pytest.fixture
def bitbucket() -> Iterator[Emulator]:
    yield from emulator()


def bare(uuid: str) -> str:
    return uuid.strip("{}")


def test_the_current_user_is_who_the_credential_belongs_to(bitbucket: Emulator) -> None:
    ada = bitbucket.person("Ada")
    assert ask(bitbucket, "getCurrentUser") == {
        "uuid": bare(ada.uuid),
        "accountId": ada.account_id,
        "displayName": "Ada Lovelace",
        "nickname": "Ada Lovelace",
        "accountStatus": "active",
        "createdOn": ada.created_on,
        "type": "user",
    }


def test_who_the_caller_is_costs_one_call_for_functions_and_sets_together(bitbucket: Emulator) -> None:
    api = api_of(bitbucket)
    assert api.is_caller(Invoker(api).call("getCurrentUser", {})["uuid"])
    assert bitbucket.calls() == {USER: 1}


@pytest.mark.parametrize("who", ["oauth", "access token"])
def test_consumers_and_access_tokens_are_app_users_of_their_own(bitbucket: Emulator, who: str) -> None:
    me = ask(bitbucket, "getCurrentUser", who)
    actor = bitbucket.world.people[f"{{{me['uuid']}}}"]
    assert (actor.kind, me["displayName"], me["type"]) == ("app_user", actor.display_name, "app_user")
    assert "createdOn" not in me


def test_a_user_is_found_by_every_spelling_of_the_id(bitbucket: Emulator) -> None:
    bob = bitbucket.person("Bob")
    for spelling in (bob.account_id, bob.uuid, bare(bob.uuid), bob.uuid.upper()):
        assert ask(bitbucket, "getUser", userId=spelling)["displayName"] == "Bob Kahn"


def test_what_a_private_profile_withholds_is_absent_and_not_null(bitbucket: Emulator) -> None:
    bitbucket.person("Bob").private_profile = True
    assert "createdOn" not in ask(bitbucket, "getUser", userId=bitbucket.person("Bob").uuid)


def test_a_user_who_does_not_exist_is_an_error(bitbucket: Emulator) -> None:
    with pytest.raises(BitbucketError, match="answered 404"):
        ask(bitbucket, "getUser", userId="712020:nobody-at-all-1")


def test_emails_of_all_pages_come_in_alphabetical_order_with_the_primary_one(bitbucket: Emulator) -> None:
    bitbucket.person("Ada").emails += [Email(f"alias-{n:03}@acme.example", is_primary=False) for n in range(150)]
    answer = ask(bitbucket, "getCurrentUserEmails")
    addresses = [one["email"] for one in answer["emails"]]
    assert len(addresses) == 152
    assert addresses == sorted(addresses)
    assert answer["primaryEmail"] == "ada@acme.example"
    assert {"email": "ada.lovelace@home.example", "isPrimary": False, "isConfirmed": False} in answer["emails"]
    assert bitbucket.calls() == {"GET /user/emails": 2}


def test_an_app_has_no_primary_email(bitbucket: Emulator) -> None:
    assert ask(bitbucket, "getCurrentUserEmails", "oauth") == {"emails": [], "primaryEmail": ""}


def test_one_email_is_told_in_one_call(bitbucket: Emulator) -> None:
    bitbucket.person("Ada").emails.append(Email("ada+ci/cd@acme.example", is_primary=False))
    answer = ask(bitbucket, "getCurrentUserEmail", email="ada+ci/cd@acme.example")
    assert answer == {"email": "ada+ci/cd@acme.example", "isPrimary": False, "isConfirmed": True}
    assert bitbucket.calls() == {"GET /user/emails/{email}": 1}


def test_somebody_elses_email_is_refused_with_a_word_on_whose_it_must_be(bitbucket: Emulator) -> None:
    with pytest.raises(BitbucketError, match="It has to be an address of the account that the credential belongs to"):
        ask(bitbucket, "getCurrentUserEmail", email="grace@acme.example")


@pytest.mark.parametrize("name", ["getCurrentUserEmails", "getCurrentUserEmail"])
def test_a_missing_email_scope_breaks_the_email_functions_alone(bitbucket: Emulator, name: str) -> None:
    bitbucket.world.consumers["acme-consumer"].scopes.remove("email")
    args = {"email": "ada@acme.example"} if name == "getCurrentUserEmail" else {}
    with pytest.raises(BitbucketError, match=r"required: email.* an OAuth consumer with the scope email") as refusal:
        ask(bitbucket, name, "oauth", **args)
    assert "Nothing else depends on it" in str(refusal.value)
    assert ask(bitbucket, "getCurrentUser", "oauth")["type"] == "app_user"
    assert len(ask(bitbucket, "getWorkspaceMembers", "oauth", workspace="acme")["members"]) == 7


def test_an_access_token_is_told_that_emails_need_another_credential(bitbucket: Emulator) -> None:
    with pytest.raises(BitbucketError, match="Bitbucket accepts only an API token .* or an OAuth consumer"):
        ask(bitbucket, "getCurrentUserEmails", "access token")


def test_every_member_of_a_workspace_is_listed_by_name_without_addresses(bitbucket: Emulator) -> None:
    bitbucket.populate(people=250)
    answer = ask(bitbucket, "getWorkspaceMembers", workspace="acme")
    names = [one["displayName"] for one in answer["members"]]
    assert len(names) == 257
    assert names == sorted(names)
    grace = bitbucket.person("Grace")
    assert {
        "userUuid": bare(grace.uuid),
        "accountId": grace.account_id,
        "displayName": "Grace Hopper",
        "nickname": "Grace Hopper",
    } in answer["members"]
    assert (answer["byEmail"], answer["missing"]) == ({}, [])
    assert bitbucket.calls() == {MEMBERS: 3}


@pytest.mark.parametrize("who", ["ada", "oauth", "access token"])
def test_members_are_found_by_email_whoever_may_look(bitbucket: Emulator, who: str) -> None:
    answer = ask(bitbucket, "getWorkspaceMembers", who, workspace="acme", emails=["grace@acme.example"])
    assert answer["byEmail"] == {"grace@acme.example": bitbucket.person("Grace").account_id}
    assert [one["email"] for one in answer["members"]] == ["grace@acme.example"]
    assert answer["missing"] == []


def test_an_address_may_be_written_in_any_case_and_stays_the_key_as_written(bitbucket: Emulator) -> None:
    emails = ["Grace@ACME.example", "grace@acme.example", "BOB@acme.example"]
    answer = ask(bitbucket, "getWorkspaceMembers", workspace="acme", emails=emails)
    grace, bob = bitbucket.person("Grace").account_id, bitbucket.person("Bob").account_id
    assert answer["byEmail"] == {emails[0]: grace, emails[1]: grace, emails[2]: bob}
    assert [one["displayName"] for one in answer["members"]] == ["Bob Kahn", "Grace Hopper"]


def test_an_address_may_be_answered_in_any_case(bitbucket: Emulator) -> None:
    bitbucket.person("Bob").emails = [Email("Bob.Kahn@Acme.example")]
    emails = ["bob.kahn@acme.example"]
    answer = ask(bitbucket, "getWorkspaceMembers", workspace="acme", emails=emails)
    assert list(answer["byEmail"]) == emails
    assert ask(bitbucket, "getWorkspaceMember", workspace="acme", email=emails[0])["displayName"] == "Bob Kahn"


def test_two_addresses_of_one_person_find_one_member(bitbucket: Emulator) -> None:
    bitbucket.person("Bob").emails.append(Email("kahn@acme.example", is_primary=False))
    emails = ["bob@acme.example", "kahn@acme.example"]
    answer = ask(bitbucket, "getWorkspaceMembers", workspace="acme", emails=emails)
    assert len(answer["members"]) == 1
    assert set(answer["byEmail"]) == set(emails)


def test_ninety_addresses_are_asked_at_a_time(bitbucket: Emulator) -> None:
    bitbucket.populate(people=200)
    emails = [f"person-{n:04}@acme.example" for n in range(1, 182)]
    answer = ask(bitbucket, "getWorkspaceMembers", workspace="acme", emails=[*emails, emails[0].upper()])
    assert len(answer["members"]) == 181
    assert len(answer["byEmail"]) == 182
    asked = [request.query["q"].count("@") for request in bitbucket.requests]
    assert asked == [90, 90, 1]
    assert {request.query["fields"] for request in bitbucket.requests} == {"+values.user.email"}


def test_no_addresses_are_nobody_and_no_call(bitbucket: Emulator) -> None:
    answer = ask(bitbucket, "getWorkspaceMembers", workspace="acme", emails=[])
    assert answer == {"members": [], "byEmail": {}, "missing": []}
    assert bitbucket.requests == []


def test_addresses_that_match_nobody_are_all_named(bitbucket: Emulator) -> None:
    emails = ["eve@outside.example", "grace@acme.example", "Nobody@acme.example"]
    with pytest.raises(BitbucketError, match="No member of acme has the address eve@outside.example, Nobody@acme.exam"):
        ask(bitbucket, "getWorkspaceMembers", workspace="acme", emails=emails)


def test_addresses_that_match_nobody_are_listed_when_they_are_allowed(bitbucket: Emulator) -> None:
    emails = ["eve@outside.example", "grace@acme.example", "ada.lovelace@home.example"]
    answer = ask(bitbucket, "getWorkspaceMembers", workspace="acme", emails=emails, allowMissing=True)
    assert answer["missing"] == ["eve@outside.example", "ada.lovelace@home.example"]
    assert set(answer["byEmail"]) == {"grace@acme.example"}


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("getWorkspaceMembers", {"emails": ["bob@acme.example"]}),
        ("getWorkspaceMember", {"email": "bob@acme.example"}),
    ],
)
def test_who_may_not_look_by_email_is_told_what_it_takes(bitbucket: Emulator, name: str, args: dict[str, str]) -> None:
    with pytest.raises(BitbucketError, match="403.* of a workspace administrator, or a workspace access token"):
        ask(bitbucket, name, "grace", workspace="acme", **args)
    assert len(ask(bitbucket, "getWorkspaceMembers", "grace", workspace="acme")["members"]) == 7


def test_members_without_the_addresses_that_were_asked_for_are_an_error(bitbucket: Emulator) -> None:
    bob = {"type": "user", "uuid": bitbucket.person("Bob").uuid, "account_id": "557058:b0b"}
    membership = {"type": "workspace_membership", "user": bob}
    bitbucket.fault("/workspaces/{workspace}/members", body={"values": [membership]})
    with pytest.raises(BitbucketError, match="withholds their addresses"):
        ask(bitbucket, "getWorkspaceMembers", workspace="acme", emails=["bob@acme.example"])


def test_one_member_is_found_by_every_spelling_of_the_id(bitbucket: Emulator) -> None:
    bob = bitbucket.person("Bob")
    for spelling in (bob.account_id, bob.uuid, bare(bob.uuid).upper()):
        found = ask(bitbucket, "getWorkspaceMember", workspace="acme", userId=spelling)
        assert (found["accountId"], found["userUuid"]) == (bob.account_id, bare(bob.uuid))
        assert "email" not in found
    assert bitbucket.calls() == {MEMBERS + "/{member}": 3}


def test_one_member_is_found_by_email(bitbucket: Emulator) -> None:
    found = ask(bitbucket, "getWorkspaceMember", workspace="acme", email="BOB@acme.example")
    assert (found["displayName"], found["email"]) == ("Bob Kahn", "bob@acme.example")
    assert bitbucket.calls() == {MEMBERS: 1}


def test_who_is_no_member_is_an_error_that_asks_so(bitbucket: Emulator) -> None:
    eve = bitbucket.person("Eve").account_id
    with pytest.raises(BitbucketError, match=f"404.* Is {eve} a member of acme"):
        ask(bitbucket, "getWorkspaceMember", workspace="acme", userId=eve)
    with pytest.raises(BitbucketError, match="No member of acme has the address eve@outside.example"):
        ask(bitbucket, "getWorkspaceMember", workspace="acme", email="eve@outside.example")
