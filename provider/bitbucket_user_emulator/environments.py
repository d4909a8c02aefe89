"""The deployment environments of a repository."""

from __future__ import annotations

import re
from typing import Any

from . import pages
from .operations import Answer, Call, operation
from .world import Environment


def shown(call: Call, environment: Environment) -> dict[str, Any]:
    answer = {"type": "deployment_environment", "uuid": environment.uuid, "name": environment.name}
    if not call.switches.environment_details:
        return answer
    slug = re.sub(r"[^a-z0-9]+", "-", environment.name.lower())
    return answer | {
        "slug": slug,
        "environment_type": {"type": "deployment_environment_type", "name": environment.kind},
    }


@operation("GET", "/repositories/{workspace}/{repo_slug}/environments")
def list_environments(call: Call) -> Answer:
    _, repository = call.repository(administrators_only=False)
    return pages.page(call, repository.environments.values(), lambda one: shown(call, one))
