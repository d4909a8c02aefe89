"""Pipeline variables of repositories and of their deployment environments, and the list of the environments."""

from __future__ import annotations

import re
from typing import Any

from . import errors, pages, variables
from .operations import Answer, Call, operation
from .world import Environment, Variable, braced

REPOSITORY = "/repositories/{workspace}/{repo_slug}/pipelines_config/variables"
ENVIRONMENTS = "/repositories/{workspace}/{repo_slug}/environments"
DEPLOYMENT = "/repositories/{workspace}/{repo_slug}/deployments_config/environments/{environment_uuid}/variables"


def of_repository(call: Call, write: bool = False) -> dict[str, Variable]:
    return call.repository(administrators_only=write)[1].variables


def of_environment(call: Call, write: bool = False) -> dict[str, Variable]:
    _, repository = call.repository(administrators_only=write)
    identifier = call.parameters["environment_uuid"]
    environment = repository.environments.get(braced(identifier) or braced(f"{{{identifier}}}") or identifier)
    if environment is None:
        key = "deployment-service.environment.not-found"
        raise errors.pipelines(404, "Not found", "The environment was not found.", key)
    return environment.variables


@operation("GET", REPOSITORY)
def list_repository(call: Call) -> Answer:
    return variables.collect(of_repository(call), call)


@operation("POST", REPOSITORY)
def create_repository(call: Call) -> Answer:
    return variables.create(of_repository(call, write=True), call)


@operation("GET", f"{REPOSITORY}/{{variable_uuid}}")
def get_repository(call: Call) -> Answer:
    return Answer(variables.shown(variables.find(of_repository(call), call)))


@operation("PUT", f"{REPOSITORY}/{{variable_uuid}}")
def update_repository(call: Call) -> Answer:
    return variables.update(of_repository(call, write=True), call)


@operation("DELETE", f"{REPOSITORY}/{{variable_uuid}}")
def delete_repository(call: Call) -> Answer:
    return variables.delete(of_repository(call, write=True), call)


def shown(call: Call, environment: Environment) -> dict[str, Any]:
    answer = {"type": "deployment_environment", "uuid": environment.uuid, "name": environment.name}
    if not call.switches.environment_details:
        return answer
    slug = re.sub(r"[^a-z0-9]+", "-", environment.name.lower())
    return answer | {
        "slug": slug,
        "environment_type": {"type": "deployment_environment_type", "name": environment.kind},
    }


@operation("GET", ENVIRONMENTS)
def list_environments(call: Call) -> Answer:
    _, repository = call.repository(administrators_only=False)
    return pages.page(call, repository.environments.values(), lambda one: shown(call, one))


@operation("GET", DEPLOYMENT)
def list_deployment(call: Call) -> Answer:
    return variables.collect(of_environment(call), call)


@operation("POST", DEPLOYMENT)
def create_deployment(call: Call) -> Answer:
    return variables.create(of_environment(call, write=True), call)


@operation("PUT", f"{DEPLOYMENT}/{{variable_uuid}}")
def update_deployment(call: Call) -> Answer:
    return variables.update(of_environment(call, write=True), call)


@operation("DELETE", f"{DEPLOYMENT}/{{variable_uuid}}")
def delete_deployment(call: Call) -> Answer:
    return variables.delete(of_environment(call, write=True), call)
