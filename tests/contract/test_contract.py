"""The emulator against the published specification: what it offers, and what it answers to anything at all."""

from __future__ import annotations

import base64
import dataclasses
import functools
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import contract
from tests.contract import corrections, specification
from tests.emulator import OPERATIONS, Emulator, Exchange

pytestmark = pytest.mark.skipif(not specification.present(), reason="the published specification is not at hand")

SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKqP3Cr632C2dNhhgKVcon4ldUSAeKiku2yP9O9/bDtY ada@host"
OTHER_SSH_KEY = SSH_KEY.replace("bDtY", "bDtZ")


def basic(user: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()


AUTHORIZATIONS = {
    "api-token": basic("ada@acme.example", "ada-api-token"),
    "access-token": "Bearer acme-access-token",
    "jwt": "JWT acme-connect-jwt",
}


@functools.cache
def schema() -> Any:
    import schemathesis  # late: it takes long, and is of no use without the specification

    return schemathesis.openapi.from_dict(specification.corrected(request=True))


JUNK = ["%", "a b", "é", "a/b", "?x", "{", "{}", "'", "x" * 300]


def sensible(method: str, route: str, case: Any) -> tuple[Any, Any]:
    """A query and a body that mean something, where what is generated would hardly ever."""
    if method in ("POST", "PUT") and route.endswith("/ssh-keys"):
        return {"expires_on": "2099-12-31"}, {"key": OTHER_SSH_KEY, "label": "laptop"}
    if method in ("POST", "PUT") and "/variables" in route:
        return case.query, {"key": "FRESH", "value": "1", "secured": True}
    if route.endswith("/search/code"):
        return {"search_query": "hello", "pagelen": "1"}, case.body
    if route.endswith("/repositories"):
        return {"q": 'permission>"read"', "sort": "-repository.name", "pagelen": "1"}, case.body
    if route.endswith("/members"):
        return {"q": 'user.email IN ("grace@acme.example")', "fields": "+values.user.email"}, case.body
    return {}, case.body


def furnish(bitbucket: Emulator, of_user: bool) -> dict[str, list[str]]:
    """Something of each kind, and path parameters that name it, or name something else."""
    ada, grace = bitbucket.person("Ada"), bitbucket.person("Grace")
    acme = bitbucket.world.workspaces["acme"]
    acmes = bitbucket.set_variable("acme", "OPEN", "to see")
    hers = bitbucket.set_variable("Ada", "HIDDEN", "not to see", secured=True)
    key = bitbucket.add_ssh_key("Ada", SSH_KEY)
    bitbucket.grant("acme", "api", "Grace", "write")
    bitbucket.grant("acme", "CORE", "Grace", "create-repo")
    bitbucket.set_property("Ada", "acme-app/theme", {"dark": True, "_attributes": ["public"]})
    people = [ada.uuid, grace.account_id, bitbucket.person("Olga").uuid, bitbucket.person("Eve").account_id, "grace"]
    return {
        "workspace": ["acme", acme.uuid, "acme-dev", "nowhere"],
        "repo_slug": ["api", acme.repositories["web"].uuid, "nothing"],
        "project_key": ["CORE", "OPS", "core"],
        "group_slug": ["developers", "administrators", "nobody"],
        "selected_user": people,
        "selected_user_id": people,
        "member": people,
        "email": [email.address for email in ada.emails] + ["nobody@nowhere.example"],
        "variable_uuid": [hers.uuid if of_user else acmes.uuid, ada.uuid, ada.uuid[1:-1]],
        "key_id": [key.uuid, key.uuid[1:-1], ada.uuid],
        "app_key": ["acme-app", "other-app"],
        "property_name": ["theme", "a name"],
    }


def test_every_operation_of_the_specification_is_there_with_its_scopes_and_kinds() -> None:
    offered = {(one.method, one.route): one for one in OPERATIONS}
    assert set(offered) == {(method, route) for method, route, _ in specification.operations()}
    for method, route, documented in specification.operations():
        operation = offered[method, route]
        oauth = [scope for one in documented["security"] for scope in one.get("oauth2", [])]
        token = [scope for one in documented.get("x-atlassian-oauth2-scopes", []) for scope in one["scopes"]]
        assert (sorted(operation.oauth), sorted(operation.token)) == (sorted(oauth), sorted(token)), route
        assert ("api-token" in operation.kinds) == ("api-token" in documented.get("x-atlassian-auth-types", [])), route


def test_every_correction_corrects_something() -> None:
    plain, mended = specification.raw(), specification.corrected(request=True)
    for patch in corrections.PATCHES + corrections.REQUEST_PATCHES:
        path = [part.replace("~1", "/") for part in patch.pointer.split("/")[1:]]
        assert _at(plain, path) != patch.value, patch.pointer
        assert _at(mended, path) is not None, patch.pointer
    names = [f"{method} {route}" for method, route, _ in specification.operations()]
    for rule in [*corrections.STATUSES, *corrections.QUERIES]:
        assert any(specification.allows([rule], *name.split(" ", 1)) for name in names), rule


def _at(document: Any, path: list[str]) -> Any:
    for part in path:
        if isinstance(document, list):
            document = document[int(part)]
        else:
            document = (document or {}).get(part)
    return document


@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize("name", [f"{one.method} {one.route}" for one in OPERATIONS])
def test_whatever_is_asked_the_answer_is_a_documented_one(name: str, mode: str) -> None:
    from schemathesis import GenerationMode

    method, route = name.split(" ", 1)
    tested = schema()[route][method]
    kinds = next(one.kinds for one in OPERATIONS if (one.method, one.route) == (method, route))
    with Emulator() as bitbucket, requests.Session() as session:
        known = furnish(bitbucket, route.startswith("/users/"))
        for removed in list(bitbucket.world.switches.gone):
            del bitbucket.world.switches.gone[removed]
        granted = [AUTHORIZATIONS[kind] for kind in ("api-token", "access-token", "jwt") if kind in kinds]
        parameters = {
            name: st.sampled_from([*known[name][:1] * 8, *known[name], *JUNK])
            for name in specification.parameters(method, route, "path")
        }
        generation = GenerationMode.NEGATIVE if mode == "negative" else GenerationMode.POSITIVE

        @settings(
            max_examples=12, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
        )
        @given(data=st.data())
        def ask(data: st.DataObject) -> None:
            path = data.draw(st.fixed_dictionaries(parameters))
            case = data.draw(tested.as_strategy(generation, path_parameters=path, headers={}, cookies={}))
            header = data.draw(st.sampled_from([*granted * 6, "Bearer unknown"]))
            case.headers = {"Authorization": header}
            if mode == "positive" and data.draw(st.sampled_from([True, True, False])):
                case.query, case.body = sensible(method, route, case)
            answer = case.call(base_url=bitbucket.url, session=session)
            assert answer.status_code < 500, answer.text

        ask()
        here = [one for one in bitbucket.requests if one.route == route]
        assert contract.problems(here, requests=False) == []
        assert mode == "negative" or any(one.status < 300 for one in here), "the run never met a success"


def exchange(**changes: Any) -> Exchange:
    """A sound exchange, but for the changes."""
    with Emulator() as bitbucket:
        grace = bitbucket.person("Grace").account_id
        requests.put(
            f"{bitbucket.url}/repositories/acme/api/permissions-config/users/{grace}",
            json={"permission": "read"},
            headers={"Authorization": AUTHORIZATIONS["api-token"]},
        ).raise_for_status()
        return dataclasses.replace(bitbucket.requests[0], **changes)


ANSWER = {"type": "repository_user_permission", "permission": "read"}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, None),
        ({"request_body": None}, "a request body is required"),
        ({"request_body": {"permission": "own"}}, '"own" is not one of'),
        ({"request_body": {"permission": "read", "type": "x"}}, "'type' was unexpected"),
        ({"request_headers": {"Content-Type": "text/plain"}}, "sent as text/plain"),
        ({"query": {"force": "1"}}, "unknown query parameter force"),
        ({"raw_path": "/2.0/repositories/acme/api/permissions-config/users/{x"}, "{ is not percent-encoded"),
        ({"route": "", "path": "/elsewhere"}, "no such operation"),
        ({"status": 418}, "the status is not documented"),
        ({"response_body": {**ANSWER, "permission": "own"}}, '"own" is not one of'),
        ({"response_body": {**ANSWER, "grade": 1}}, "'grade' was unexpected"),
        ({"response_body": {"permission": "read"}}, '"type" is a required property'),
        ({"response_body": {"grade": 1}, "fault": True}, None),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else value,
)
def test_an_exchange_that_breaks_the_contract_is_named(changes: dict[str, Any], problem: str | None) -> None:
    found = contract.problems([exchange(**changes)])
    assert [problem in one for one in found] == [True] if problem else found == []
