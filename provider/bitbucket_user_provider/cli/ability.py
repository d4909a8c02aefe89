"""What a credential can be used for: every function is called and every resource's list read; nothing is written."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from ..errors import ApiError, BitbucketError, ConfigurationError, EndpointGone, RateLimited, Unauthorized
from ..functions import FUNCTIONS
from ..functions.get_repositories import REPOSITORIES
from ..resources import RESOURCES
from ..resources.resource import Resource
from ..rest import scopes
from ..rest.client import Path
from ..rest.credentials import Kind
from ..run.api import Api
from ..run.place import CALLER, READ_PEOPLE
from .reading import check_workspace
from .session import Session

WORKSPACES = Path("/user/workspaces", READ_PEOPLE)
USABLE, READS, NOT_TRIED = "yes", "reads", "not tried"
SCOPES, KIND, REFUSED, ENDED = "missing scopes", "wrong kind of credential", "refused", "ended"
APP = "for Connect apps"
ENDS = "Bitbucket has ended it or will"
MISSING = frozenset({SCOPES, KIND, REFUSED})
ONE = {"pagelen": "1"}


@dataclass
class Ability:
    name: str
    kind: str
    """resource or function."""
    state: str
    detail: str = ""
    how: str = ""
    scopes: list[str] = field(default_factory=list)
    """Those that are missing, or in question."""


def abilities(session: Session, workspace: str | None) -> list[Ability]:
    """Raises BitbucketError when the credential is not accepted at all."""
    if workspace:
        check_workspace(workspace)
    trial = _Trial(session.api, workspace)
    functions = [trial.function(name) for name in FUNCTIONS]
    reads = {name: trial.read(resource) for name, resource in RESOURCES.items()}
    return [trial.resource(name, resource, reads[name]) for name, resource in RESOURCES.items()] + functions


class _Trial:
    def __init__(self, api: Api, workspace: str | None) -> None:
        self.api = api
        self.granted: dict[str, tuple[frozenset[str], str]] = {}
        """What Bitbucket says a kind of credential has, and the call that it has refused with these words."""
        self.known = {name: value for name, value in self._places(workspace) if value}

    def _places(self, workspace: str | None) -> Iterator[tuple[str, str]]:
        """What there is to ask about: the caller, a workspace, a repository of it with its project."""
        yield from self._first(lambda: self.api.get(CALLER.itself, {}), {"user_id": "uuid"})
        if workspace:
            yield "workspace", workspace
        else:
            found = dict(self._first(lambda: self.api.get(WORKSPACES, {}, ONE), {"workspace": "workspace.slug"}))
            yield from found.items()
            workspace = found.get("workspace")
        if workspace:
            names = {"repo_slug": "slug", "project_key": "project.key"}
            yield from self._first(lambda: self.api.get(REPOSITORIES, {"workspace": workspace}, ONE), names)

    def _first(self, ask: Callable[[], Any], names: dict[str, str]) -> Iterator[tuple[str, str]]:
        try:
            answer = ask()
            one = next(answer.each("values"), None) if answer.has("values") else answer
        except (Unauthorized, RateLimited):
            raise
        except ApiError as refusal:
            self._learn(refusal)
            return
        for name, path in names.items():
            if one is not None:
                yield name, one.maybe(path) or ""

    def function(self, name: str) -> Ability:
        function = FUNCTIONS[name]
        needed = [key for key, info in function.ARGS.model_fields.items() if info.is_required()]
        lacking = [key for key in needed if key not in self.known]
        if function.DEPRECATED:
            return Ability(name, "function", NOT_TRIED, ENDS)
        if lacking:
            return Ability(name, "function", NOT_TRIED, f"it asks for one {lacking[0].replace('_', ' ')}")
        known = {key: self.known[key] for key in function.ARGS.model_fields if key in self.known}
        try:
            args = function.ARGS.model_validate(known)
        except ValidationError:  # it asks for one thing or another, and neither is known
            return Ability(name, "function", NOT_TRIED, "too little is known to ask about")
        return self._tried(name, "function", lambda: function.call(self.api, args))

    def read(self, resource: Resource[Any, Any]) -> Ability:
        """Whether the list of such things can be read."""
        name, kind = type(resource).__name__, resource.KIND
        if resource.DEPRECATED:
            return Ability(name, "resource", NOT_TRIED, ENDS)
        if kind.list_path is None:
            return Ability(name, "resource", NOT_TRIED, "Bitbucket has no list of these")
        lacking = [key for key in kind.list_path.names() if key not in self.known]
        if lacking:
            return Ability(name, "resource", NOT_TRIED, f"there is no {lacking[0].replace('_', ' ')} to ask about")
        path = kind.list_path
        return self._tried(name, "resource", lambda: self.api.get(path, self.known, ONE))

    def resource(self, name: str, resource: Resource[Any, Any], read: Ability) -> Ability:
        """The same with what is known of writing, which is not tried."""
        if read.state in (*MISSING, ENDED) or resource.DEPRECATED:
            return read
        path = resource.KIND.path
        kinds = path.writes or path.reads
        configured = [kind for kind in kinds if kind in self.api.credentials]
        if not configured:
            wanted = " or ".join(kind.value for kind in kinds)
            state = APP if kinds == (Kind.JWT,) else KIND
            return Ability(name, "resource", state, f"writing takes {wanted}", "what is configured")
        needed = sorted({scope for one in self._writes(resource) for scope in scopes.needed(*one, configured[0])})
        granted, how = self.granted.get(configured[0].value, (None, ""))
        if granted is not None:
            missing = [scope for scope in needed if scope not in granted]
            state = SCOPES if missing else USABLE
            return Ability(
                name, "resource", state, ", ".join(missing), f"what is granted by the answer to {how}", missing
            )
        detail = f"writing was not tried; it needs {', '.join(needed)}" if needed else "writing was not tried"
        return Ability(name, "resource", read.state, "; ".join(filter(None, (read.detail, detail))), read.how, needed)

    @staticmethod
    def _writes(resource: Resource[Any, Any]) -> list[tuple[str, str]]:
        """Method and path of each write that Bitbucket has for such things."""
        paths = [one.template for one in (resource.KIND.path, resource.KIND.list_path) if one]
        every = [(method, path) for method in ("POST", "PUT", "DELETE") for path in paths]
        return [one for one in every if scopes.key(*one) in scopes.SCOPES]

    def _tried(self, name: str, kind: str, call: Callable[[], object]) -> Ability:
        done = READS if kind == "resource" else USABLE
        try:
            call()
        except (Unauthorized, RateLimited):
            raise
        except EndpointGone as gone:
            return Ability(name, kind, ENDED, gone.told, "410")
        except ConfigurationError as wrong:
            return Ability(name, kind, KIND, str(wrong), "what is configured")
        except ApiError as refusal:
            return self._refused(name, kind, refusal)
        except BitbucketError as error:
            return Ability(name, kind, REFUSED, str(error), "a call that reads")
        return Ability(name, kind, done, "", "a call that reads")

    def _refused(self, name: str, kind: str, refusal: ApiError) -> Ability:
        how = str(refusal).partition(" answered ")[0]
        required = self._learn(refusal)
        if required:
            missing = [scope for scope in required if scope not in refusal.scopes.get("granted", ())]
            return Ability(name, kind, SCOPES, ", ".join(missing), f"the answer to {how}", missing)
        if refusal.status == 403 and re.search(r"authenticat|token|mechanism", refusal.told, re.IGNORECASE):
            return Ability(name, kind, KIND, refusal.told, f"the answer to {how}")
        return Ability(name, kind, REFUSED, refusal.told or str(refusal.status), f"the answer to {how}")

    def _learn(self, refusal: ApiError) -> list[str]:
        """The scopes that Bitbucket says it requires; notes those that it says are granted."""
        required = [*refusal.scopes.get("required", ())]
        if required and "granted" in refusal.scopes and refusal.credential not in self.granted:
            how = str(refusal).partition(" answered ")[0]
            self.granted[refusal.credential] = frozenset(refusal.scopes["granted"]), how
        return required
