"""Things beside grants that several pages of the API are about: where they are listed, how one is asked for, and what
an entry answers to."""

from ..models.person import bare
from ..models.public_key import fingerprint, identity
from ..rest.answer import Answer
from ..rest.client import Path
from ..rest.credentials import Kind
from .api import Api
from .place import CALLER, READ_PEOPLE, READS, ROLE, USER, WORKSPACE, PlaceKind
from .things import ThingKind

WORKSPACE_KINDS = (Kind.API_TOKEN, Kind.ACCESS_TOKEN, Kind.OAUTH)
USER_KINDS = (Kind.OAUTH, Kind.ACCESS_TOKEN)


def _variable_names(api: Api, entry: Answer) -> list[str]:
    del api
    return [bare(entry.text("uuid")), entry.text("key")]


def _key_names(api: Api, entry: Answer) -> list[str]:
    del api
    key = entry.text("key")
    try:
        return [bare(entry.text("uuid")), identity(key), fingerprint(key)]
    except (ValueError, IndexError):
        raise entry.odd("key", key) from None


def _variables(family: str, where: PlaceKind, path: str, kinds: tuple[Kind, ...]) -> ThingKind:
    return ThingKind(family, where, Path(path, kinds), Path(f"{path}/{{uuid}}", kinds), _variable_names)


WORKSPACE_VARIABLES = _variables(
    "workspace-variables", WORKSPACE, "/workspaces/{workspace}/pipelines-config/variables", WORKSPACE_KINDS
)
USER_VARIABLES = _variables("user-variables", USER, "/users/{user_id}/pipelines_config/variables", USER_KINDS)
USER_SSH_KEYS = ThingKind(
    "user-ssh-keys",
    USER,
    Path("/users/{user_id}/ssh-keys", READS),
    Path("/users/{user_id}/ssh-keys/{uuid}", READS),
    _key_names,
    unique_everywhere=True,
)
USER_APPLICATION_PROPERTIES = ThingKind(
    "user-application-properties",
    USER,
    None,
    Path(
        "/users/{user_id}/properties/{app_key}/{property_name}",
        reads=(Kind.JWT, Kind.API_TOKEN, Kind.OAUTH, Kind.ACCESS_TOKEN),
        writes=(Kind.JWT,),
    ),
)
CALLERS_WORKSPACES = ThingKind(
    "workspaces",
    CALLER,
    Path("/user/workspaces", READ_PEOPLE),
    ROLE,
    lambda api, entry: [entry.text("workspace.slug")],
)
