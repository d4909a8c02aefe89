"""Inputs that must be refused, and the error message for each property."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.acceptance.lives import ADA as CALLER
from tests.acceptance.lives import GRACE, LAPTOP

GRANT = {"workspace": "acme", "repoSlug": "api", "userId": GRACE.uuid, "permission": "read"}
PROJECT_GRANT = {"workspace": "acme", "projectKey": "CORE", "userId": GRACE.uuid, "permission": "read"}
VARIABLE = {"workspace": "acme", "key": "TOKEN", "value": "hush-hush", "secured": True}
DEPLOYMENT = VARIABLE | {"repoSlug": "api", "environment": "Production"}
PROPERTY = {"userId": GRACE.uuid, "appKey": "acme-app", "propertyName": "look", "value": {"theme": "dark"}}
SSH_KEY = {"userId": CALLER.uuid, "key": LAPTOP}
DEPLOY_KEY = {"workspace": "acme", "repoSlug": "api", "key": LAPTOP, "label": "ci"}
GPG_KEY = {"userId": CALLER.uuid, "name": "work"}
SET = {"workspace": "acme", "repoSlug": "web", "permissions": {}}
GROUP_GRANT = {"workspace": "acme", "repoSlug": "api", "groupSlug": "backend", "permission": "read"}


@dataclass
class Bad:
    name: str
    kind: str
    inputs: dict[str, Any]
    messages: dict[str, str]
    """Property → a part of its error message, in the order of the failures."""


BAD = [
    Bad(
        "permission",
        "RepositoryUserPermission",
        GRANT | {"permission": "boss"},
        {"permission": "is not allowed; it is one of read, write, admin"},
    ),
    Bad(
        "username",
        "RepositoryUserPermission",
        GRANT | {"userId": "grace"},
        {"userId": "'grace' is neither an account id nor a UUID"},
    ),
    Bad(
        "email",
        "RepositoryUserPermission",
        GRANT | {"userId": "grace@acme.example"},
        {"userId": "an e-mail address; an account id or a UUID is needed; getWorkspaceMembers finds it"},
    ),
    Bad(
        "map as user",
        "RepositoryUserPermission",
        GRANT | {"userId": {"d301aafa": None}},
        {"userId": "this is a map; quote it: '{…}'"},
    ),
    Bad("no workspace", "RepositoryUserPermission", GRANT | {"workspace": ""}, {"workspace": "must not be empty"}),
    Bad(
        "foreign workspace",
        "RepositoryUserPermission",
        GRANT | {"workspace": "other"},
        {"workspace": "'other' is not one of allowedWorkspaces: acme"},
    ),
    Bad("slash", "RepositoryUserPermission", GRANT | {"repoSlug": "acme/api"}, {"repoSlug": "none of / % ? #"}),
    Bad("long name", "RepositoryUserPermission", GRANT | {"repoSlug": "a" * 63}, {"repoSlug": "than 62 characters"}),
    Bad(
        "unknown property",
        "RepositoryUserPermission",
        GRANT | {"permision": "read"},
        {"permision": "unknown property; did you mean 'permission'?"},
    ),
    Bad(
        "several",
        "RepositoryUserPermission",
        {"workspace": "acme", "userId": "grace", "permission": "boss"},
        {"repoSlug": "is required", "userId": "'grace'", "permission": "'boss'"},
    ),
    Bad(
        "group by name",
        "RepositoryGroupPermission",
        GROUP_GRANT | {"groupSlug": "Back End"},
        {"groupSlug": "'Back End' is no slug of a group: a slug is the name in lower case"},
    ),
    Bad(
        "group by UUID",
        "RepositoryGroupPermission",
        GROUP_GRANT | {"groupSlug": GRACE.uuid},
        {"groupSlug": "is a UUID; a group is named by its slug: getRepositoryGroupPermissions"},
    ),
    Bad(
        "person as group",
        "ProjectGroupPermission",
        {"workspace": "acme", "projectKey": "OPS", "groupSlug": GRACE.account_id, "permission": "read"},
        {"groupSlug": "is a person, and a group belongs here"},
    ),
    Bad(
        "level of a group",
        "RepositoryGroupPermission",
        GROUP_GRANT | {"permission": "create-repo"},
        {"permission": "'create-repo' is not allowed; it is one of read, write, admin"},
    ),
    Bad(
        "person among the groups of a set",
        "RepositoryUserPermissions",
        SET | {"groups": {GRACE.account_id: "read"}},
        {"groups": "is a person, and a group belongs here"},
    ),
    Bad(
        "level of a group in a set",
        "RepositoryUserPermissions",
        SET | {"groups": {"backend": "create-repo"}},
        {'groups["backend"]': "is not allowed; it is one of read, write, admin"},
    ),
    Bad(
        "adoptExisting",
        "RepositoryGroupPermission",
        GROUP_GRANT | {"adoptExisting": "yes"},
        {"adoptExisting": "must be true or false"},
    ),
    Bad("lower-case key", "ProjectUserPermission", PROJECT_GRANT | {"projectKey": "core"}, {"projectKey": "'CORE'"}),
    Bad(
        "project permission",
        "ProjectUserPermission",
        PROJECT_GRANT | {"permission": "owner"},
        {"permission": "it is one of read, write, create-repo, admin"},
    ),
    Bad(
        "key with a space",
        "WorkspacePipelineVariable",
        VARIABLE | {"key": "MY TOKEN"},
        {"key": "'MY TOKEN' is no variable key: letters, digits and _ only"},
    ),
    Bad("key with a digit", "WorkspacePipelineVariable", VARIABLE | {"key": "1TOKEN"}, {"key": "no digit first"}),
    Bad(
        "value-no-text",
        "WorkspacePipelineVariable",
        VARIABLE | {"value": 71077345},
        {"value": "must be a string"},
    ),
    Bad("secured", "WorkspacePipelineVariable", VARIABLE | {"secured": "yes"}, {"secured": "must be true or false"}),
    Bad(
        "variable of a username",
        "UserPipelineVariable",
        {"userId": "grace", "key": "A", "value": "hush-hush"},
        {"userId": "getWorkspaceMembers"},
    ),
    Bad(
        "environment",
        "DeploymentPipelineVariable",
        DEPLOYMENT | {"environment": "EU/West"},
        {"environment": "give the name of the environment, its slug or its UUID"},
    ),
    Bad(
        "repository of a variable",
        "RepositoryPipelineVariable",
        VARIABLE | {"repoSlug": "acme/api"},
        {"repoSlug": "none of / % ? #"},
    ),
    Bad(
        "property value",
        "UserApplicationProperty",
        PROPERTY | {"value": "dark"},
        {"value": "must be a JSON object, as in"},
    ),
    Bad(
        "value's key", "UserApplicationProperty", PROPERTY | {"value": {"a b": 1}}, {"value": "the key 'a b' may hold"}
    ),
    Bad("property name", "UserApplicationProperty", PROPERTY | {"propertyName": "a/b"}, {"propertyName": "none of /"}),
    Bad("no SSH key", "UserSshKey", SSH_KEY | {"key": "hello"}, {"key": "ssh-ed25519"}),
    Bad("cut SSH key", "UserSshKey", SSH_KEY | {"key": LAPTOP[:-9]}, {"key": "is not the base64 of a whole key"}),
    Bad(
        "private deploy key",
        "RepositoryDeployKey",
        DEPLOY_KEY | {"key": "-----BEGIN OPENSSH PRIVATE KEY-----\nhush-hush\n-----END OPENSSH PRIVATE KEY-----"},
        {"key": "this is a private key; give the public one"},
    ),
    Bad(
        "empty label",
        "RepositoryDeployKey",
        DEPLOY_KEY | {"label": " "},
        {"label": "one line that is not empty"},
    ),
    Bad(
        "private GPG key",
        "UserGpgKey",
        GPG_KEY | {"key": "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nhush-hush\n-----END PGP PRIVATE KEY BLOCK-----"},
        {"key": "this is a private key; give the public one"},
    ),
    Bad(
        "signature",
        "UserGpgKey",
        GPG_KEY | {"key": "-----BEGIN PGP SIGNATURE-----\n\nhush\n-----END PGP SIGNATURE-----"},
        {"key": "this is a PGP SIGNATURE, no public key"},
    ),
    Bad("SSH key for GPG", "UserGpgKey", GPG_KEY | {"key": LAPTOP}, {"key": "must be an ASCII-armoured public key"}),
    Bad("past", "UserSshKey", SSH_KEY | {"expiresOn": "2020-01-01"}, {"expiresOn": "'2020-01-01' is past"}),
    Bad("no date", "UserSshKey", SSH_KEY | {"expiresOn": "soon"}, {"expiresOn": "'soon' is no date; write it like"}),
    Bad(
        "set-permission",
        "RepositoryUserPermissions",
        SET | {"permissions": {GRACE.uuid: "boss", "grace": "read"}},
        {
            f'permissions["{GRACE.uuid}"]': "is not allowed",
            'permissions["grace"]': "'grace' is neither an account id nor a UUID",
        },
    ),
    Bad(
        "same person twice",
        "RepositoryUserPermissions",
        SET | {"permissions": {GRACE.uuid: "read", GRACE.uuid.strip("{}").upper(): "write"}},
        {"permissions[": "the same person as permissions["},
    ),
]
