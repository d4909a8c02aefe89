"""Pipeline variables of workspaces, repositories and deployment environments, and the deprecated ones of users: the
same verbs over four memories."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from . import errors, pages
from .operations import Answer, Call, operation
from .world import Repository, Variable, as_kept, new_uuid

WORKSPACE = "/workspaces/{workspace}/pipelines-config/variables"
REPOSITORY = "/repositories/{workspace}/{repo_slug}/pipelines_config/variables"
DEPLOYMENT = "/repositories/{workspace}/{repo_slug}/deployments_config/environments/{environment_uuid}/variables"
USER = "/users/{selected_user}/pipelines_config/variables"
KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
TYPES = {"key": str, "value": str, "secured": bool}


def shown(variable: Variable) -> dict[str, Any]:
    """A secured value never leaves."""
    answer: dict[str, Any] = {"type": "pipeline_variable", "uuid": variable.uuid, "key": variable.key}
    if not variable.secured:
        answer["value"] = variable.value
    return answer | {"secured": variable.secured}


def bad_request(detail: str) -> errors.Refusal:
    return errors.pipelines(400, "Bad request", detail, "bad-request")


def given(call: Call) -> dict[str, Any]:
    """The fields of a body that a caller may set; the rest of the schema is the server's."""
    try:
        body = call.json_object()
    except errors.Refusal:
        raise bad_request("The request body is no JSON object.") from None
    fields = {name: value for name, value in body.items() if name in TYPES and value is not None}
    for name, value in fields.items():
        if not isinstance(value, TYPES[name]):
            raise bad_request(f"{name} must be a {'boolean' if name == 'secured' else 'string'}.")
    if "key" in fields and not KEY.fullmatch(fields["key"]):
        raise bad_request("A variable key holds letters, digits and underscores and does not begin with a digit.")
    return fields


def check_unique(held: dict[str, Variable], key: str, but: Variable | None = None) -> None:
    if any(one.key == key and one is not but for one in list(held.values())):
        detail = f"A variable with the key '{key}' already exists."
        raise errors.pipelines(409, "Conflict", detail, "variable-service.variable.conflict")


def find(held: dict[str, Variable], call: Call) -> Variable:
    variable = held.get(as_kept(call.parameters["variable_uuid"]))
    if variable is None:
        raise errors.pipelines(404, "Not found", "The variable was not found.", "variable-service.variable.not-found")
    return variable


def held_in(call: Call, write: bool = False) -> dict[str, Variable]:
    """The variables of whatever the path names; those of a place are changed by its administrators alone."""
    if "selected_user" in call.parameters:
        return of_user(call)
    if "repo_slug" not in call.parameters:
        return of_workspace(call, write)
    _, repository = call.repository(administrators_only=write)
    return of_environment(call, repository) if "environment_uuid" in call.parameters else repository.variables


def of_workspace(call: Call, write: bool) -> dict[str, Variable]:
    workspace = call.workspace()
    if write and not call.administers(workspace):
        raise errors.error(403, "You need admin permission for this workspace to access this resource.")
    return workspace.variables


def of_user(call: Call) -> dict[str, Variable]:
    """A person's own variables, and for apps those of the members of their workspace."""
    person = call.account()
    reachable = [one for one in list(call.world.workspaces.values()) if call.role(one) == "administrator"]
    if person is call.actor or (call.actor.kind == "app_user" and any(person.uuid in one.members for one in reachable)):
        return person.variables
    raise errors.pipelines(404, "Not found", "The account was not found.", "account-service.account.not-found")


def of_environment(call: Call, repository: Repository) -> dict[str, Variable]:
    environment = repository.environments.get(as_kept(call.parameters["environment_uuid"]))
    if environment is None:
        key = "deployment-service.environment.not-found"
        raise errors.pipelines(404, "Not found", "The environment was not found.", key)
    return environment.variables


@operation("GET", WORKSPACE)
@operation("GET", REPOSITORY)
@operation("GET", DEPLOYMENT)
@operation("GET", USER, refusal=errors.WRONG_TOKEN)
def list_variables(call: Call) -> Answer:
    return pages.page(call, held_in(call).values(), shown)


@operation("POST", WORKSPACE)
@operation("POST", REPOSITORY)
@operation("POST", DEPLOYMENT)
@operation("POST", USER, refusal=errors.WRONG_TOKEN)
def create_variable(call: Call) -> Answer:
    held, fields = held_in(call, write=True), given(call)
    if "key" not in fields or "value" not in fields:
        raise bad_request("key and value are required.")
    check_unique(held, fields["key"])
    variable = Variable(new_uuid(), **fields)
    held[variable.uuid] = variable
    return Answer(shown(variable), 201, {"Location": f"{call.here({})}/{quote(variable.uuid)}"})


@operation("GET", f"{WORKSPACE}/{{variable_uuid}}")
@operation("GET", f"{REPOSITORY}/{{variable_uuid}}")
@operation("GET", f"{USER}/{{variable_uuid}}", refusal=errors.WRONG_TOKEN)
def get_variable(call: Call) -> Answer:
    return Answer(shown(find(held_in(call), call)))


@operation("PUT", f"{WORKSPACE}/{{variable_uuid}}")
@operation("PUT", f"{REPOSITORY}/{{variable_uuid}}")
@operation("PUT", f"{DEPLOYMENT}/{{variable_uuid}}")
@operation("PUT", f"{USER}/{{variable_uuid}}", refusal=errors.WRONG_TOKEN)
def update_variable(call: Call) -> Answer:
    held = held_in(call, write=True)
    variable, fields = find(held, call), given(call)
    check_unique(held, fields.get("key", variable.key), but=variable)
    if variable.secured and fields.get("secured") is False and "value" not in fields:
        variable.value = ""  # what was secret does not become readable
    for name, value in fields.items():
        setattr(variable, name, value)
    return Answer(shown(variable))


@operation("DELETE", f"{WORKSPACE}/{{variable_uuid}}")
@operation("DELETE", f"{REPOSITORY}/{{variable_uuid}}")
@operation("DELETE", f"{DEPLOYMENT}/{{variable_uuid}}")
@operation("DELETE", f"{USER}/{{variable_uuid}}", refusal=errors.WRONG_TOKEN)
def delete_variable(call: Call) -> Answer:
    held = held_in(call, write=True)
    del held[find(held, call).uuid]
    return Answer(status=204)
