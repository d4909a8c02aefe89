"""The two kinds of place where people hold direct permissions: a repository, a project.

Resources, sets and functions all come here to list, ask, grant and revoke, so that they share one listing a place.
Bitbucket shows direct grants only: what a group or the project gives is neither listed nor touched.
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-repo-slug-permissions-config-users-get
https://developer.atlassian.com/cloud/bitbucket/rest/api-group-projects/#api-workspaces-workspace-projects-project-key-permissions-config-users-get
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ..errors import NotFound
from ..models.fields import ProjectPermission, RepositoryPermission
from ..models.person import normal
from ..rest.client import Path
from ..rest.credentials import Kind
from .api import Api
from .claims import Place
from .listings import Entry, Listing

READS = (Kind.API_TOKEN, Kind.OAUTH)
WRITES = (Kind.API_TOKEN,)
NONE = "none"


@dataclass(frozen=True)
class Holding:
    """`users` lists the direct grants, `user` is one of them; `within` are the fields that name the place."""

    users: Path
    user: Path
    groups: Path
    within: tuple[str, str]
    levels: type[Enum]

    def fields(self, source: Any) -> dict[str, str]:
        if isinstance(source, Mapping):
            return {name: str(source[name]) for name in self.within}
        return {name: str(getattr(source, name)) for name in self.within}

    def key(self, source: Any) -> Place:
        """By what the place is claimed; Bitbucket reads its names without case."""
        return (self.users.template, *(str(value).lower() for value in self.fields(source).values()))

    def shown(self, source: Any) -> str:
        return "/".join(self.fields(source).values())

    def listing(self, api: Api, source: Any) -> Listing:
        def names(entry: Entry) -> list[str]:
            forms = spellings(entry)
            api.people.learn(*forms)
            return forms

        return api.listing(self.users, self.fields(source), names)

    def find(self, api: Api, source: Any, *user_ids: str | None, fresh: bool = True) -> Entry | None:
        """The direct grant of a person, None where there is none. Raises NotFound when the place is gone."""
        forms = api.people.forms(*user_ids)
        asked = next(user_id for user_id in user_ids if user_id)
        return self.listing(api, source).find(forms, lambda: self.ask(api, source, asked), fresh=fresh)

    def ask(self, api: Api, source: Any, user_id: str) -> Entry | None:
        """The same, past the listing: one call."""
        try:
            entry: Entry = api.get(self.user, {**self.fields(source), "user_id": user_id})
        except NotFound:
            return None
        api.people.learn(*spellings(entry))
        return entry if entry.get("permission", NONE) != NONE else None

    def grant(self, api: Api, source: Any, user_id: str, permission: str) -> Entry:
        """Grants, or changes what is granted: one call, its answer comes back."""
        fields = {**self.fields(source), "user_id": user_id}
        entry: Entry = api.put(self.user, fields, {"permission": permission})
        self.listing(api, source).wrote(spellings(entry), entry)
        return entry

    def revoke(self, api: Api, source: Any, *user_ids: str | None) -> None:
        """Takes the direct grant away: one call. Raises NotFound where there was none."""
        asked = next(user_id for user_id in user_ids if user_id)
        listing, forms, missing = self.listing(api, source), api.people.forms(*user_ids), False
        try:
            api.delete(self.user, {**self.fields(source), "user_id": asked})
        except NotFound:
            missing = True
            raise
        finally:
            api.revoked.update(forms)
            if not missing or listing.knows(forms):
                listing.wrote(forms, None)


def spellings(entry: Entry) -> list[str]:
    """Every spelling of the person whom an entry of a permission listing is about."""
    user = entry.get("user") or {}
    return [normal(form) for form in (user.get("uuid"), user.get("account_id")) if form]


REPOSITORY = Holding(
    users=Path("/repositories/{workspace}/{repo_slug}/permissions-config/users", READS),
    user=Path("/repositories/{workspace}/{repo_slug}/permissions-config/users/{user_id}", READS, WRITES),
    groups=Path("/repositories/{workspace}/{repo_slug}/permissions-config/groups", READS),
    within=("workspace", "repo_slug"),
    levels=RepositoryPermission,
)
PROJECT = Holding(
    users=Path("/workspaces/{workspace}/projects/{project_key}/permissions-config/users", READS),
    user=Path("/workspaces/{workspace}/projects/{project_key}/permissions-config/users/{user_id}", READS, WRITES),
    groups=Path("/workspaces/{workspace}/projects/{project_key}/permissions-config/groups", READS),
    within=("workspace", "project_key"),
    levels=ProjectPermission,
)
