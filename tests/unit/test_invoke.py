"""Calls of functions by name: arguments, sharing, errors."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from bitbucket_user_emulator import Emulator
from bitbucket_user_provider.config import load
from bitbucket_user_provider.errors import BitbucketError, ConfigurationError, InvalidInput, OddAnswer
from bitbucket_user_provider.functions import FUNCTIONS
from bitbucket_user_provider.invoke import Invoker, check
from bitbucket_user_provider.models.model import UNKNOWN
from bitbucket_user_provider.run.api import Api
from bitbucket_user_provider.schema import schema

from tests.unit.function_calls import api_of, ask, emulator

CONTRACT = {
    "getCurrentUser": "→ uuid accountId? displayName? nickname? accountStatus? createdOn? type",
    "getUser": "userId → uuid accountId? displayName? nickname? accountStatus? createdOn? type",
    "getCurrentUserEmails": "→ emails primaryEmail",
    "getCurrentUserEmail": "email → email isPrimary isConfirmed",
    "getCurrentUserWorkspaces": "administrator? → workspaces",
    "getCurrentUserWorkspacePermission": "workspace → permission addedOn? lastAccessed?",
    "getCurrentUserRepositoryPermissions": "workspace? query? sort? → permissions",
    "getWorkspaceMembers": "workspace emails? allowMissing? → members byEmail missing",
    "getWorkspaceMember": "workspace userId? email? → userUuid accountId displayName nickname? email?",
    "getRepositoryUserPermissions": "workspace repoSlug → permissions",
    "getProjectUserPermissions": "workspace projectKey → permissions",
    "getRepositoryUserPermission": "workspace repoSlug userId → userUuid? accountId? displayName? permission",
    "getProjectUserPermission": "workspace projectKey userId → userUuid? accountId? displayName? permission",
    "getRepositoryGroupPermissions": "workspace repoSlug → permissions",
    "getProjectGroupPermissions": "workspace projectKey → permissions",
    "getEffectiveRepositoryPermissions": "workspace repoSlug → permissions",
    "getWorkspacePipelineVariables": "workspace → variables",
    "getUserPipelineVariables": "userId → variables",
    "getUserPipelineVariable": "userId uuid → uuid key secured",
    "getUserApplicationProperty": "userId appKey propertyName → value",
    "getUserSshKeys": "userId → keys",
    "getUserSshKey": "userId uuid → uuid label key fingerprint? comment createdOn lastUsed? expiresOn?",
    "searchCode": "userId query limit? → results size",
}
"""What users' programs rely on: arguments and results, `?` for what may be absent."""

TYPES = {
    "EmailAddress": "email isPrimary isConfirmed",
    "CurrentUserWorkspace": "slug uuid administrator? permission?",
    "CurrentUserRepositoryPermission": "repoFullName repoUuid? permission",
    "WorkspaceMember": "userUuid accountId displayName nickname? email?",
    "UserPermission": "userUuid accountId displayName permission",
    "GroupPermission": "groupSlug groupName permission",
    "PipelineVariable": "uuid key secured",
    "SshKey": "uuid label key fingerprint? comment createdOn lastUsed? expiresOn?",
    "CodeSearchResult": "path matchCount lines",
    "CodeSearchLine": "line text",
}


@pytest.fixture
def bitbucket() -> Iterator[Emulator]:
    yield from emulator()


def shape(spec: dict[str, Any]) -> set[str]:
    return {name if name in spec["required"] else f"{name}?" for name in spec["properties"]}


def test_every_function_of_the_contract_is_there_with_its_arguments_and_results() -> None:
    functions = schema()["functions"]
    for name, line in CONTRACT.items():
        found = functions[f"bitbucket-user:index:{name}"]
        args, _, result = line.partition("→")
        assert (shape(found["inputs"]), shape(found["outputs"])) == ({*args.split()}, {*result.split()}), name
    assert {token.rpartition(":")[2] for token in functions} == {*FUNCTIONS}


@pytest.mark.parametrize("name", TYPES)
def test_what_a_list_holds_has_the_fields_of_the_contract(name: str) -> None:
    assert shape(schema()["types"][f"bitbucket-user:index:{name}"]) == {*TYPES[name].split()}


def test_what_bitbucket_has_deprecated_says_what_to_use_instead() -> None:
    deprecated = {name: one.DEPRECATED for name, one in FUNCTIONS.items() if one.DEPRECATED}
    assert set(deprecated) == {"getUserPipelineVariables", "getUserPipelineVariable", "searchCode"}
    assert "use getWorkspacePipelineVariables" in deprecated["getUserPipelineVariables"]
    assert "nothing replaces it" in deprecated["searchCode"]


@pytest.mark.parametrize(
    ("name", "args", "failures"),
    [
        (
            "getRepositoryUserPermission",
            {"repoSlug": "a/b", "userId": "ada@acme.example"},
            {
                "workspace": "is required",
                "repoSlug": "must hold none of",
                "userId": "is an e-mail address.* getWorkspaceMembers finds it",
            },
        ),
        ("getProjectUserPermissions", {"workspace": "acme", "projectKey": "core"}, {"projectKey": "write 'CORE'"}),
        ("getUser", {"userId": {"a": 1}}, {"userId": "this is a map; quote it"}),
        ("getUser", {"userid": "557058:b0b"}, {"userid": "did you mean 'userId'", "userId": "is required"}),
        ("getUserSshKey", {"userId": "557058:b0b", "uuid": "laptop"}, {"uuid": "must be a UUID"}),
        ("getWorkspaceMembers", {"workspace": "acme", "emails": "a@b.c"}, {"emails": "list"}),
        (
            "getWorkspaceMembers",
            {"workspace": "acme", "emails": ["a@b.c", "bob"]},
            {"": r"emails\[1\]: 'bob' is no e-"},
        ),
        ("getWorkspaceMembers", {"workspace": "acme", "emails": ['"@b.c']}, {"": "is no e-mail address"}),
        ("getWorkspaceMembers", {"workspace": "acme", "allowMissing": "yes"}, {"allowMissing": "true or false"}),
        ("getWorkspaceMember", {"workspace": "acme"}, {"": "give either userId or email"}),
        (
            "getWorkspaceMember",
            {"workspace": "acme", "userId": "557058:b0b", "email": "bob@acme.example"},
            {"": "give either userId or email"},
        ),
        ("getCurrentUserEmail", {"email": 7}, {"email": "must be a string"}),
        ("getUserApplicationProperty", {"userId": "557058:b0b", "appKey": "a b"}, {"appKey": "", "propertyName": ""}),
        ("searchCode", {"userId": "557058:b0b", "query": "", "limit": 0}, {"query": "at least 1", "limit": "or equal"}),
        ("searchCode", {"userId": UNKNOWN, "query": UNKNOWN}, {"userId": "not known yet", "query": "not known yet"}),
        ("getWorkspaceMembers", {"workspace": "acme", "emails": [UNKNOWN]}, {"emails": "is not known yet"}),
    ],
)
def test_each_wrong_argument_is_one_failure(name: str, args: dict[str, Any], failures: dict[str, str]) -> None:
    found = {failure.property: failure.reason for failure in check(name, args)}
    assert set(found) == set(failures)
    for argument, reason in failures.items():
        assert re.search(reason, found[argument]), found[argument]


def test_an_argument_of_null_is_none() -> None:
    assert check("getWorkspaceMember", {"workspace": "acme", "userId": "557058:b0b", "email": None}) == []


def test_a_number_may_come_as_the_engine_writes_it(bitbucket: Emulator) -> None:
    ada = bitbucket.person("Ada").account_id
    assert len(ask(bitbucket, "searchCode", userId=ada, query="hello", limit=1.0)["results"]) == 1


def test_wrong_arguments_are_refused_in_one_line_before_anything_is_sent(bitbucket: Emulator) -> None:
    with pytest.raises(InvalidInput, match="^getUserSshKey: userId: is required · uuid: must be a UUID, .*"):
        ask(bitbucket, "getUserSshKey", uuid="laptop")
    assert bitbucket.requests == []


def test_a_function_that_does_not_exist_is_refused_with_the_names_of_those_that_do(bitbucket: Emulator) -> None:
    for attempt in (lambda: ask(bitbucket, "getNothing"), lambda: check("getNothing", {})):
        with pytest.raises(InvalidInput, match="no function 'getNothing'; there are getCurrentUser, getUser, "):
            attempt()


def test_without_a_credential_the_error_says_how_to_set_one(bitbucket: Emulator) -> None:
    with pytest.raises(ConfigurationError, match="bitbucket-user:apiToken"):
        Invoker(Api(load({"baseUrl": bitbucket.url}), {})).call("getCurrentUser", {})


def test_the_same_question_is_asked_once_and_answered_with_bags_of_their_own(bitbucket: Emulator) -> None:
    invoker = Invoker(api_of(bitbucket))
    first = invoker.call("getWorkspaceMembers", {"workspace": "acme", "allowMissing": False})
    first["members"].clear()
    assert len(invoker.call("getWorkspaceMembers", {"allowMissing": None, "workspace": "acme"})["members"]) == 7
    assert len(bitbucket.requests) == 1
    invoker.call("getWorkspaceMembers", {"workspace": "acme-dev"})
    assert len(bitbucket.requests) == 2


def test_threads_that_ask_the_same_at_once_share_one_call(bitbucket: Emulator) -> None:
    invoker, together = Invoker(api_of(bitbucket)), threading.Barrier(8)

    def call() -> dict[str, Any]:
        together.wait()
        return invoker.call("getEffectiveRepositoryPermissions", {"workspace": "acme", "repoSlug": "api"})

    with ThreadPoolExecutor(8) as threads:
        answers = [one.result() for one in [threads.submit(call) for _ in range(8)]]
    assert all(answer == answers[0] for answer in answers)
    assert len(bitbucket.requests) == 1


@pytest.mark.parametrize(
    ("name", "args", "route"),
    [
        ("getCurrentUser", {}, "/user"),
        ("getUser", {"userId": "557058:b0b"}, "/users/{selected_user}"),
        ("getRepositoryUserPermissions", {"workspace": "acme", "repoSlug": "api"}, "permissions-config/users"),
    ],
)
def test_an_error_is_not_kept(bitbucket: Emulator, name: str, args: dict[str, str], route: str) -> None:
    args = {key: bitbucket.person("Bob").account_id if key == "userId" else value for key, value in args.items()}
    invoker = Invoker(api_of(bitbucket))
    bitbucket.fault(route, status=403)
    with pytest.raises(BitbucketError, match="answered 403"):
        invoker.call(name, args)
    assert invoker.call(name, args)
    assert len(bitbucket.requests) == 2


def test_a_listing_whose_connection_was_lost_for_good_can_be_asked_again(
    bitbucket: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitbucket_user_provider.rest.retries.BACKOFF_SECONDS", (0,))
    invoker, args = Invoker(api_of(bitbucket)), {"workspace": "acme", "repoSlug": "api"}
    bitbucket.fault("permissions-config/users", drop="before", times=2)
    with pytest.raises(BitbucketError, match="connection was lost"):
        invoker.call("getRepositoryUserPermissions", args)
    assert invoker.call("getRepositoryUserPermissions", args) == {"permissions": []}


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ([], "answered with a list where an object is documented"),
        ({"type": "user"}, "has an answer of another form than documented: `uuid` is missing"),
        ({"uuid": 7}, "has an answer of another form than documented: `uuid` is a number"),
    ],
)
def test_an_answer_of_another_form_is_an_error_that_names_call_and_field(
    bitbucket: Emulator, body: object, what: str
) -> None:
    bitbucket.fault("/users/{selected_user}", body=body)
    with pytest.raises(OddAnswer, match=f"^GET /users/.* {what}.$"):
        ask(bitbucket, "getUser", userId=bitbucket.person("Bob").account_id)


def test_a_next_page_on_another_host_is_not_followed(bitbucket: Emulator) -> None:
    bitbucket.fault("/user/emails", body={"values": [], "next": "https://elsewhere.example/2.0/user/emails?page=2"})
    with pytest.raises(BitbucketError, match="leads from .* to elsewhere.example; it was not followed"):
        ask(bitbucket, "getCurrentUserEmails")
