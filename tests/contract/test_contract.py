"""The emulator against the description of Bitbucket: what it offers, and what it answers to anything at all."""

from __future__ import annotations

import base64
import copy
import dataclasses
import functools
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import requests
import yaml
from bitbucket_user_emulator import OPERATIONS, Emulator, Exchange
from bitbucket_user_emulator.contract import description
from bitbucket_user_provider.rest import scopes
from bitbucket_user_provider.rest.credentials import Kind
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import contract, operations
from tests.contract import openapi, published

SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKqP3Cr632C2dNhhgKVcon4ldUSAeKiku2yP9O9/bDtY ada@host"
OTHER_SSH_KEY = SSH_KEY.replace("bDtY", "bDtZ")
DEPLOY_KEY = SSH_KEY.replace("bDtY", "bDta")
GPG_KEY = """-----BEGIN PGP PUBLIC KEY BLOCK-----

mDIEZVPxABYJKwYBBAHaRw8Ba2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2traw==
-----END PGP PUBLIC KEY BLOCK-----
"""
OTHER_GPG_KEY = GPG_KEY.replace("Ba2tra", "Ba2trb")


def basic(user: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()


AUTHORIZATIONS = {
    "api-token": basic("ada@acme.example", "ada-api-token"),
    "access-token": "Bearer acme-access-token",
    "jwt": "JWT acme-connect-jwt",
}


@functools.cache
def schema() -> Any:
    import schemathesis  # late: it takes long

    return schemathesis.openapi.from_dict(openapi.document())


JUNK = ["%", "a b", "é", "a/b", "?x", "{", "{}", "'", "x" * 300]


def sensible(method: str, route: str, case: Any) -> tuple[Any, Any]:
    """A query and a body that mean something, where what is generated would hardly ever."""
    if method in ("POST", "PUT") and route.endswith("/ssh-keys"):
        return {"expires_on": "2099-12-31"}, {"key": OTHER_SSH_KEY, "label": "laptop"}
    if method in ("POST", "PUT") and "/comments" in route:
        return case.query, {"content": {"raw": "Looks good."}}
    if method in ("POST", "PUT") and "/deploy-keys" in route:
        return case.query, {"key": OTHER_SSH_KEY if method == "POST" else DEPLOY_KEY, "label": "robot"}
    if method == "POST" and route.endswith("/gpg-keys"):
        return case.query, {"key": OTHER_GPG_KEY, "name": "laptop"}
    if route == "/repositories/{workspace}":
        return {"q": 'project.key="CORE"', "sort": "-name", "pagelen": "1"}, case.body
    if method in ("POST", "PUT") and "/variables" in route:
        return case.query, {"key": "FRESH", "value": "1", "secured": True}
    if route.endswith("/search/code"):
        return {"search_query": "hello", "pagelen": "1"}, case.body
    if route.endswith("/repositories"):
        return {"q": 'permission>"read"', "sort": "-repository.name", "pagelen": "1"}, case.body
    if route.endswith("/members"):
        return {"q": 'user.email IN ("grace@acme.example")', "fields": "+values.user.email"}, case.body
    return {}, case.body


def furnish(bitbucket: Emulator, route: str) -> dict[str, list[str]]:
    """Something of each kind, and path parameters that name it, or name something else."""
    ada, grace = bitbucket.person("Ada"), bitbucket.person("Grace")
    acme = bitbucket.world.workspaces["acme"]
    staging = next(one for one in acme.repositories["api"].environments.values() if one.name == "Staging")
    variables = {
        "/users/": bitbucket.set_variable("Ada", "HIDDEN", "not to see", secured=True),
        "/workspaces/": bitbucket.set_variable("acme", "OPEN", "to see"),
        "pipelines_config": bitbucket.set_variable("acme/api", "OPEN", "to see"),
        "deployments_config": bitbucket.set_variable("acme/api/Staging", "OPEN", "to see"),
    }
    key = bitbucket.add_ssh_key("Ada", SSH_KEY)
    keys = {
        "ssh-keys": [key.uuid, key.uuid[1:-1]],
        "repositories": [str(bitbucket.add_deploy_key("acme", "api", DEPLOY_KEY).id)],
        "projects": [str(bitbucket.add_deploy_key("acme", "CORE", DEPLOY_KEY).id)],
    }
    pull_request = bitbucket.open_pull_request("acme", "api")
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
        "variable_uuid": [*(one.uuid for part, one in variables.items() if part in route), ada.uuid[1:-1]],
        "environment_uuid": [staging.uuid, ada.uuid],
        "key_id": [*(name for part, names in keys.items() if part in route for name in names), ada.uuid],
        "fingerprint": [bitbucket.add_gpg_key("Ada", GPG_KEY).fingerprint, "0" * 40],
        "pull_request_id": [str(pull_request), "0"],
        "comment_id": [str(bitbucket.comment("acme", "api", pull_request, "Looks good.", "Ada")), "0"],
        "app_key": ["acme-app", "other-app"],
        "property_name": ["theme", "a name"],
    }


def test_the_emulator_serves_what_is_described() -> None:
    served = [scopes.key(one.method, one.route) for one in OPERATIONS]
    assert sorted(served) == sorted(scopes.SCOPES)


def test_every_described_operation_has_scopes_and_no_other_has() -> None:
    described = {scopes.key(one.method, one.route) for one in description.OPERATIONS.values()}
    assert described == set(scopes.SCOPES)


def test_the_core_takes_the_kinds_of_credential_that_are_described_in_their_order() -> None:
    names = {Kind.API_TOKEN: "api-token", Kind.OAUTH: "oauth", Kind.ACCESS_TOKEN: "access-token", Kind.JWT: "jwt"}
    for one in operations.OPERATIONS + operations.SUCCESSORS:
        preferred = tuple(names[kind] for kind in one.prefers)
        assert preferred == one.described.credentials, one.described.name


def test_every_schema_is_a_kind_and_is_used() -> None:
    document = openapi.document()
    jsonschema_rs.Draft202012Validator({**document["components"]["schemas"], "components": document["components"]})
    used = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(document)))
    assert used == set(description.SCHEMAS) - {"page"}  # written out in every list


@pytest.mark.parametrize("name", ["operations.yaml", "schemas.yaml"])
@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_text("a: [")], ids=["missing", "unreadable"])
def test_without_its_files_nothing_is_checked_and_everything_fails(
    name: str, spoil: Callable[[Path], Any], tmp_path: Path
) -> None:
    folder = shutil.copytree(description.FOLDER, tmp_path / "contract")
    spoil(folder / name)
    with pytest.raises((FileNotFoundError, yaml.YAMLError)):
        description.load(folder)


def test_a_word_that_means_nothing_is_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(description.FOLDER, tmp_path / "contract")
    path = folder / "operations.yaml"
    path.write_text(path.read_text().replace("body: given_label", "boby: given_label"))
    with pytest.raises(ValueError, match="what is boby"):
        description.load(folder)
    with pytest.raises(ValueError, match="no kind strnig"):
        openapi.schema({"key": "strnig"})


KEY = "/users/{selected_user}/ssh-keys/{key_id}"
KEY_SCHEMA = ("components", "schemas", "ssh_account_key")


@pytest.mark.parametrize(
    ("at", "value", "place"),
    [
        (("paths", KEY, "delete"), None, f"DELETE {KEY}"),
        (("paths", KEY, "patch"), None, None),
        (("paths", KEY, "post"), {}, f"POST {KEY}"),
        (("paths", KEY, "put", "requestBody"), None, f"PUT {KEY} body"),
        (("paths", KEY, "get", "responses", "402"), {"description": ""}, f"GET {KEY} 402"),
        (("paths", KEY, "get", "responses", "404"), None, f"GET {KEY} 404"),
        (("paths", KEY, "get", "parameters", 2, "name"), "q", f"GET {KEY} ?q"),
        (("paths", KEY, "get", "parameters", 2, "schema"), {"type": "integer"}, f"GET {KEY} ?fields"),
        (("paths", KEY, "get", "parameters", 0, "name"), "user", f"GET {KEY} path"),
        (("paths", KEY, "get", "security"), [{"oauth2": ["email"]}], f"GET {KEY} OAuth scopes"),
        (("paths", KEY, "get", "x-atlassian-oauth2-scopes"), [], f"GET {KEY} API token scopes"),
        (("paths", KEY, "get", "x-atlassian-auth-types"), [], f"GET {KEY} takes API tokens"),
        ((*KEY_SCHEMA, "properties", "comment"), {"type": "integer"}, "ssh_account_key.comment"),
        ((*KEY_SCHEMA, "properties", "grade"), {"type": "integer"}, "ssh_account_key.grade"),
        ((*KEY_SCHEMA, "properties", "label"), None, "ssh_account_key.label"),
        ((*KEY_SCHEMA, "properties", "links", "properties", "self"), None, "ssh_account_key.links.self"),
        ((*KEY_SCHEMA, "properties", "owner"), {"$ref": "#/components/schemas/account"}, "ssh_account_key.owner"),
        ((*KEY_SCHEMA, "required"), ["type", "key"], "ssh_account_key.key"),
        (("components", "schemas", "link", "properties", "href"), {"type": "string"}, "link.href"),
    ],
    ids=lambda value: "-".join(map(str, value[1:])) if isinstance(value, tuple) else "",
)
def test_a_difference_from_what_is_published_is_named(at: tuple[Any, ...], value: Any, place: str | None) -> None:
    document = copy.deepcopy(openapi.document())
    *path, last = at
    holder: Any = document
    for step in path:
        holder = holder[step]
    if value is not None:
        holder[last] = value
    elif place:
        del holder[last]
    found = published.differences([document])
    assert (place in found) if place else found == {}


SERVED = [description.OPERATIONS[f"{one.method} {one.route}"] for one in OPERATIONS]
ASKED = [(one.name, "positive") for one in SERVED]
ASKED += [(one.name, "negative") for one in SERVED if one.query or one.body]  # else there is nothing to ask badly


@pytest.mark.parametrize(("name", "mode"), ASKED)
def test_whatever_is_asked_the_answer_is_a_described_one(name: str, mode: str) -> None:
    from schemathesis import GenerationMode

    method, route = name.split(" ", 1)
    tested = schema()[route][method]
    kinds = next(one.kinds for one in OPERATIONS if (one.method, one.route) == (method, route))
    with Emulator() as bitbucket, requests.Session() as session:
        known = furnish(bitbucket, route)
        for removed in list(bitbucket.world.switches.gone):
            del bitbucket.world.switches.gone[removed]
        granted = [AUTHORIZATIONS[kind] for kind in ("api-token", "access-token", "jwt") if kind in kinds]
        parameters = {
            name: st.sampled_from([*known[name][:1] * 8, *known[name], *JUNK])
            for name in description.OPERATIONS[name].path_parameters
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
        assert mode == "negative" or any(one.status < 300 for one in here), (
            "the run never met a success: `furnish` puts into the emulator what is asked for, named first in each list"
        )


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
        ({"status": 418}, "the status is not described"),
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
