"""Things beside grants that several pages of the API are about: where they are listed, how one is asked for, and what
an entry answers to."""

from ..models.gpg_key import normal
from ..models.person import bare
from ..models.public_key import fingerprint, identity
from ..rest.answer import Answer
from ..rest.client import Path
from ..rest.credentials import Kind
from .api import Api
from .environment import ENVIRONMENT
from .place import CALLER, PIPELINES, PROJECT, READ_PEOPLE, READS, REPOSITORY, ROLE, USER, WORKSPACE, PlaceKind
from .things import ThingKind

USER_KINDS = (Kind.OAUTH, Kind.ACCESS_TOKEN)


def _variable_names(api: Api, entry: Answer) -> list[str]:
    del api
    return [bare(entry.text("uuid")), entry.text("key")]


def _key_names(api: Api, entry: Answer) -> list[str]:
    del api
    return [bare(entry.text("uuid")), *_text_names(entry)]


def _text_names(entry: Answer) -> list[str]:
    key = entry.text("key")
    try:
        return [identity(key), fingerprint(key)]
    except (ValueError, IndexError):
        raise entry.odd("key", key) from None


def number(entry: Answer) -> str:
    """What Bitbucket calls a deploy key. Raises OddAnswer."""
    found = entry.count("id")
    if found is None:
        raise entry.odd("id", None)
    return str(found)


def _deploy_key_names(api: Api, entry: Answer) -> list[str]:
    return [number(entry), *_text_names(entry)]


def _deploy_keys(family: str, where: PlaceKind, path: str) -> ThingKind:
    return ThingKind(
        family, where, Path(path, READS), Path(f"{path}/{{key_id}}", READS), _deploy_key_names, handle="id"
    )


def _variables(
    family: str, where: PlaceKind, path: str, kinds: tuple[Kind, ...], can_be_asked: bool = True
) -> ThingKind:
    one = Path(f"{path}/{{uuid}}", kinds)
    return ThingKind(
        family, where, Path(path, kinds), one, _variable_names, can_be_asked=can_be_asked, says=("key", "secured")
    )


WORKSPACE_VARIABLES = _variables(
    "workspace-variables", WORKSPACE, "/workspaces/{workspace}/pipelines-config/variables", PIPELINES
)
REPOSITORY_VARIABLES = _variables(
    "repository-variables", REPOSITORY, "/repositories/{workspace}/{repo_slug}/pipelines_config/variables", PIPELINES
)
DEPLOYMENT_VARIABLES = _variables(
    "deployment-variables",
    ENVIRONMENT,
    "/repositories/{workspace}/{repo_slug}/deployments_config/environments/{environment}/variables",
    PIPELINES,
    can_be_asked=False,
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
USER_GPG_KEYS = ThingKind(
    "user-gpg-keys",
    USER,
    Path("/users/{user_id}/gpg-keys", READS),
    Path("/users/{user_id}/gpg-keys/{fingerprint}", READS),
    lambda api, entry: [normal(entry.text("fingerprint"))],
    unique_everywhere=True,
    handle="fingerprint",
    asked_for=("key",),
)
REPOSITORY_DEPLOY_KEYS = _deploy_keys(
    "repository-deploy-keys", REPOSITORY, "/repositories/{workspace}/{repo_slug}/deploy-keys"
)
PROJECT_DEPLOY_KEYS = _deploy_keys(
    "project-deploy-keys", PROJECT, "/workspaces/{workspace}/projects/{project_key}/deploy-keys"
)
USER_APPLICATION_PROPERTIES = ThingKind(
    "user-application-properties",
    USER,
    None,
    Path(
        "/users/{user_id}/properties/{app_key}/{property_name}",
        reads=(Kind.JWT, Kind.API_TOKEN, Kind.OAUTH, Kind.ACCESS_TOKEN),
        writes=(Kind.JWT,),
        answers_nothing=("PUT", "DELETE"),
    ),
)
CALLERS_WORKSPACES = ThingKind(
    "workspaces",
    CALLER,
    Path("/user/workspaces", READ_PEOPLE),
    ROLE,
    lambda api, entry: [entry.text("workspace.slug")],
)
