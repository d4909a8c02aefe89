"""A pipeline variable of a deployment environment, seen by the pipelines that deploy there.

Bitbucket answers about all variables of an environment, and not about one alone.

Scopes: reads read:pipeline, writes admin:pipeline (OAuth: pipeline, pipeline:variable).
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-repositories-workspace-repo-slug-deployments-config-environments-environment-uuid-variables-post
"""

from typing import Any

from ..errors import InvalidInput, NoEnvironment
from ..models.environment import EnvironmentName
from ..models.model import Replaces
from ..models.person import bare
from ..run.api import Api
from ..run.environment import Environment
from ..run.evidence import Absent
from ..run.kinds import DEPLOYMENT_VARIABLES
from ..run.place import fields_of
from ..run.things import Things
from .variable import Variable, VariableArgs, VariableState
from .where import InRepository


class EnvironmentArgs(InRepository):
    environment: Replaces[EnvironmentName]
    """The deployment environment: its name, its slug or its UUID. `getDeploymentEnvironments` lists them."""


class Args(VariableArgs, EnvironmentArgs):
    pass


class State(Args, VariableState):
    environment_uuid: str
    """UUID of the environment, without braces."""


class DeploymentPipelineVariable(Variable):
    """A pipeline variable of a deployment environment, seen by the steps that deploy there. It takes the place of one
    of the repository or workspace with the same key. The environment may be made in the same program."""

    KIND = DEPLOYMENT_VARIABLES
    ARGS = Args
    STATE = State
    ID = ("workspace", "repo_slug", "environment", "uuid")
    EXAMPLES = (
        "acme/api/{7d8e9f0a-1b2c-4d3e-8f4a-5b6c7d8e9f0a}/{5a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d}",
        "acme/api/Production/DEPLOY_KEY",
    )

    def id(self, state: State) -> str:
        return f"{state.workspace}/{state.repo_slug}/{bare(state.environment_uuid)}/{bare(state.uuid)}"

    def read(self, api: Api, state: State) -> State | Absent:
        try:
            found: State | Absent = super().read(api, state)
        except NoEnvironment as unknown:  # of an import: what there is to import, the error says
            raise InvalidInput(str(unknown)) from None
        return found

    def _at(self, args: Args, state: State) -> dict[str, Any]:
        return {**fields_of(self.KIND.where, args), "environment_uuid": state.environment_uuid}

    def _of_place(self, things: Things) -> dict[str, Any]:
        return {"environmentUuid": things.place.uuid} if isinstance(things.place, Environment) else {}
