"""A direct grant in the state of a set, of a person or of a group: both answer to the same few names."""

from typing import Any, ClassVar, TypeAlias

from ..models.model import Model
from ..run.grants import GROUP
from ..run.people import People

ADMIN = "admin"
"""The level that it takes to change grants."""


class Person(Model):
    """What Bitbucket's answer adds about the person."""

    user_uuid: str
    """UUID of the person, without braces."""

    account_id: str | None = None
    """Atlassian account id of the person."""

    display_name: str | None = None
    """Name of the person, as Bitbucket shows it."""


class _Grant(Model):
    is_group: ClassVar[bool]
    NAMED_BY: ClassVar[str]
    """The name in the state without which nobody can tell whose grant it is."""

    @classmethod
    def is_readable(cls, grant: Any) -> bool:
        return isinstance(grant, cls) or (isinstance(grant, dict) and {cls.NAMED_BY, "permission"} <= grant.keys())

    @classmethod
    def recall(cls, grant: Any) -> Any:
        """From a state, which another version may have written: what this one does not know is left out."""
        if isinstance(grant, cls):
            return grant
        names = [name for field, info in cls.model_fields.items() for name in (field, info.alias)]
        return cls.model_validate({key: value for key, value in grant.items() if key in names})


class UserGrant(_Grant, Person):
    """A person's direct grant, as last seen in Bitbucket."""

    is_group = False
    NAMED_BY = "userUuid"

    permission: str
    """What the person may do."""

    managed: bool = False
    """Whether the resource's map names the person."""

    @property
    def id(self) -> str:
        return self.user_uuid

    @property
    def key(self) -> str:
        """How a map names the subject that no program has written."""
        return self.account_id or self.user_uuid

    @property
    def name(self) -> str:
        return self.display_name or self.key

    def forms(self, people: People) -> frozenset[str]:
        return people.forms(self.user_uuid, self.account_id)


class GroupGrant(_Grant):
    """A group's direct grant, as last seen in Bitbucket."""

    is_group = True
    NAMED_BY = "groupSlug"

    group_slug: str
    """Slug of the group."""

    group_name: str | None = None
    """Name of the group, as Bitbucket shows it."""

    permission: str
    """What the members of the group may do."""

    managed: bool = False
    """Whether the resource's map names the group."""

    @property
    def id(self) -> str:
        return GROUP + self.group_slug

    key = name = id

    def forms(self, people: People) -> frozenset[str]:
        return people.forms(self.id)


Held: TypeAlias = UserGrant | GroupGrant
