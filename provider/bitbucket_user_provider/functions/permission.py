"""Who may do what in a place: permissions of people and of groups."""

from collections.abc import Iterable

from ..models.model import Model
from ..models.person import is_uuid
from ..rest.answer import Answer
from ..run.api import Api
from ..run.evidence import entry_of
from ..run.grants import NONE, GrantKind, group
from .member import who


class UserPermission(Model):
    """What a person may do."""

    user_uuid: str
    """UUID of the person, without braces."""

    account_id: str
    """Atlassian account id of the person. Empty when Bitbucket withholds it."""

    display_name: str
    """Name of the person, as Bitbucket shows it. Empty when privacy settings withhold it."""

    permission: str
    """`read`, `write`, `admin`, and in projects `create-repo`."""


class UserPermissions(Model):
    permissions: list[UserPermission]
    """The people and their permissions, by name."""


class DirectPermission(Model):
    """One person's direct permission; what a place without one does not tell is absent."""

    user_uuid: str | None = None
    """UUID of the person, without braces."""

    account_id: str | None = None
    """Atlassian account id of the person."""

    display_name: str | None = None
    """Name of the person, as Bitbucket shows it."""

    permission: str
    """`read`, `write`, `admin`, in projects `create-repo`; `none` without a direct grant."""


class GroupPermission(Model):
    """What the members of a group may do."""

    group_slug: str
    """Slug of the group."""

    group_name: str
    """Name of the group."""

    permission: str
    """`read`, `write`, `admin`, and in projects `create-repo`."""


class GroupPermissions(Model):
    permissions: list[GroupPermission]
    """The groups and their permissions, by slug."""


def of_users(api: Api, entries: Iterable[Answer]) -> UserPermissions:
    permissions = [_of_user(api, entry) for entry in entries]
    return UserPermissions(permissions=sorted(permissions, key=lambda one: (one.display_name.lower(), one.user_uuid)))


def of_all(api: Api, kind: GrantKind, args: Model) -> UserPermissions:
    return of_users(api, api.things(kind, args).all().entries)


def of_one(api: Api, kind: GrantKind, args: Model, user_id: str) -> DirectPermission:
    entry = entry_of(api.things(kind, args).find(api.people.forms(user_id), {"user_id": user_id}))
    if entry:
        return DirectPermission(**_of_user(api, entry).model_dump())
    forms = sorted(api.people.forms(user_id))
    return DirectPermission(
        user_uuid=next((form for form in forms if is_uuid(form)), None),
        account_id=next((form for form in forms if not is_uuid(form)), None),
        permission=NONE,
    )


def of_groups(api: Api, kind: GrantKind, args: Model) -> GroupPermissions:
    permissions = [
        GroupPermission(group_slug=found.id, group_name=found.name or "", permission=entry.text("permission"))
        for entry in api.things(kind, args).all().entries
        for found in [group(entry)]
    ]
    return GroupPermissions(permissions=sorted(permissions, key=lambda one: one.group_slug))


def _of_user(api: Api, entry: Answer) -> UserPermission:
    return UserPermission(**who(api, entry), permission=entry.text("permission"))
