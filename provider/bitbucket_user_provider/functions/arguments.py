"""Arguments that several functions take."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

from ..models.fields import ProjectKey, RepoSlug, Workspace
from ..models.model import Model
from ..models.person import UserId, is_uuid


def _uuid(value: Any) -> str:
    if not isinstance(value, str) or not is_uuid(value):
        raise ValueError("must be a UUID, with or without braces, as in '5a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d'")
    return value


def _email(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a string")
    if not re.fullmatch(r'[^@\s"\\\x00-\x1f]+@[^@\s"\\\x00-\x1f]+', value):
        raise ValueError(f"'{value}' is no e-mail address")
    return value


Uuid = Annotated[str, BeforeValidator(_uuid)]
Email = Annotated[str, BeforeValidator(_email)]


class NoArgs(Model):
    pass


class InWorkspace(Model):
    workspace: Workspace
    """Slug of the workspace, or its UUID in braces."""


class InRepository(InWorkspace):
    repo_slug: RepoSlug
    """Slug of the repository, or its UUID in braces."""


class InProject(InWorkspace):
    project_key: ProjectKey
    """Key of the project, in upper case."""


class OfUser(Model):
    user_id: UserId
    """Account id or UUID of the person. Never a username or an e-mail address: `getWorkspaceMembers` finds the id."""
