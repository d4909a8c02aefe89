"""What somebody does in Bitbucket by hand, while Pulumi looks away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import gpg_keys, pull_requests
from .seed import add_repository, populate
from .server import Server
from .ssh_keys import fingerprint, parse
from .world import (
    DeployKey,
    Environment,
    GpgKey,
    Group,
    Person,
    Project,
    PullRequest,
    Repository,
    SshKey,
    Variable,
    Workspace,
    World,
    new_uuid,
    now,
)


class ByHand:
    """Every change is made as if it had come over HTTP."""

    server: Server

    @property
    def world(self) -> World:
        return self.server.world

    def person(self, name: str) -> Person:
        return self.world.person(name)

    def place(self, workspace: str, name: str) -> Repository | Project:
        """A repository by slug or a project by key."""
        there = self.world.workspaces[workspace]
        return there.repositories[name] if name in there.repositories else there.projects[name]

    # Places come, go and change their names

    def create_repository(self, workspace: str, slug: str, project: str = "CORE") -> Repository:
        with self.server.changing():
            made = add_repository(self.world.workspaces[workspace], slug, project)
            made.uuid = new_uuid()
        return made

    def delete_repository(self, workspace: str, slug: str) -> None:
        with self.server.changing():
            del self.world.workspaces[workspace].repositories[slug]

    def rename_repository(self, workspace: str, slug: str, new: str) -> None:
        """From now on the old slug leads to the new one, unless another repository takes it."""
        with self.server.changing():
            there = self.world.workspaces[workspace]
            renamed = there.repositories.pop(slug)
            renamed.slug = renamed.name = new
            there.repositories[new] = renamed
            there.former_slugs[slug] = renamed.uuid

    def rename_workspace(self, slug: str, new: str) -> None:
        """Nothing leads from the old slug to the new one."""
        with self.server.changing():
            renamed = self.world.workspaces.pop(slug)
            renamed.slug = new
            self.world.workspaces[new] = renamed
            for credential in self.world.credentials.values():
                if credential.workspaces is not None:
                    credential.workspaces = [new if one == slug else one for one in credential.workspaces]
            for consumer in self.world.consumers.values():
                consumer.workspace = new if consumer.workspace == slug else consumer.workspace

    def appears_after(self, workspace: str, slug: str, calls: int = 1) -> None:
        """The next calls of a repository and of what is below it answer 404, as just after it was created."""
        with self.server.changing():
            self.world.workspaces[workspace].repositories[slug].hidden_calls = calls

    def brownout(self, route_part: str | None) -> None:
        """Every call of the routes that contain it answers 410, until this is called with None."""
        self.world.switches.brownout = route_part or ""

    def deprecate(self, route_part: str, since: int, sunset: str | None = None, link: str | None = None) -> None:
        """Answers of these routes say so: since when (a Unix time), until when (an HTTP date), and a page about it."""
        headers = {"Deprecation": f"@{since}"}
        headers |= {"Sunset": sunset} if sunset else {}
        headers |= {"Link": f'<{link}>; rel="deprecation"'} if link else {}
        self.world.switches.deprecated[route_part] = headers

    def between_pages(self, route_part: str, happens: Callable[[], object]) -> None:
        """Once, before a page after the first is answered. What happens there must not ask the emulator over HTTP."""
        self.server.between_pages.append((route_part, happens))

    # People, grants and what is theirs

    def grant(self, workspace: str, place: str, person: str, permission: str) -> None:
        with self.server.changing():
            self.place(workspace, place).users[self.person(person).uuid] = permission

    def revoke(self, workspace: str, place: str, person: str) -> None:
        with self.server.changing():
            del self.place(workspace, place).users[self.person(person).uuid]

    def create_group(self, workspace: str, slug: str, members: Sequence[str] = ()) -> None:
        with self.server.changing():
            made = Group(slug, slug.replace("-", " ").title(), [self.person(name).uuid for name in members])
            self.world.workspaces[workspace].groups[slug] = made

    def grant_group(self, workspace: str, place: str, group: str, permission: str) -> None:
        with self.server.changing():
            self.place(workspace, place).groups[group] = permission

    def revoke_group(self, workspace: str, place: str, group: str) -> None:
        with self.server.changing():
            del self.place(workspace, place).groups[group]

    def demote(self, person: str, workspace: str = "acme") -> None:
        """Make somebody a plain member, who is in no group; their direct grants stay."""
        with self.server.changing():
            there, uuid = self.world.workspaces[workspace], self.person(person).uuid
            there.members[uuid] = "member"
            for group in there.groups.values():
                group.members = [one for one in group.members if one != uuid]

    def set_variable(self, owner: str, key: str, value: str, secured: bool = False) -> Variable:
        """Create or change a variable of acme, acme/api, acme/api/Production (an environment) or a person."""
        with self.server.changing():
            held = self._owner(owner).variables
            variable = next((one for one in held.values() if one.key == key), None) or Variable(new_uuid(), key, value)
            variable.value, variable.secured = value, secured
            held[variable.uuid] = variable
        return variable

    def delete_variable(self, owner: str, key: str) -> None:
        with self.server.changing():
            held = self._owner(owner).variables
            del held[next(uuid for uuid, one in held.items() if one.key == key)]

    def add_environment(self, workspace: str, repository: str, name: str, kind: str = "Test") -> Environment:
        with self.server.changing():
            made = Environment(new_uuid(), name, kind)
            self.world.workspaces[workspace].repositories[repository].environments[made.uuid] = made
        return made

    def delete_environment(self, workspace: str, repository: str, name: str) -> None:
        with self.server.changing():
            held = self.world.workspaces[workspace].repositories[repository].environments
            del held[next(uuid for uuid, one in held.items() if one.name == name)]

    def set_property(self, user: str, name: str, value: dict[str, Any] | None) -> None:
        """Set `app key/property name`, or with None delete it."""
        with self.server.changing():
            held = self.person(user).properties
            held.pop(name, None)
            if value is not None:
                held[name] = value

    def add_ssh_key(self, user: str, text: str, label: str = "") -> SshKey:
        with self.server.changing():
            key, comment = parse(text)
            made = SshKey(new_uuid(), key, comment, label, fingerprint(key), now())
            self.person(user).ssh_keys[made.uuid] = made
        return made

    def delete_ssh_key(self, user: str, uuid: str) -> None:
        with self.server.changing():
            self.world.deleted_ssh_keys.append(self.person(user).ssh_keys.pop(uuid).key)

    def add_gpg_key(self, user: str, text: str, name: str = "") -> GpgKey:
        with self.server.changing():
            named, created_on = gpg_keys.parse(text)
            made = GpgKey(named, text, name, created_on, now())
            self.person(user).gpg_keys[named] = made
        return made

    def add_deploy_key(self, workspace: str, place: str, text: str, label: str = "", owner: str = "Ada") -> DeployKey:
        with self.server.changing():
            key, comment = parse(text)
            self.world.deploy_keys_made += 1
            made = DeployKey(self.world.deploy_keys_made, key, comment, label, now(), self.person(owner).uuid)
            self.place(workspace, place).deploy_keys[str(made.id)] = made
        return made

    def delete_deploy_key(self, workspace: str, place: str, number: int) -> None:
        with self.server.changing():
            del self.place(workspace, place).deploy_keys[str(number)]

    def open_pull_request(self, workspace: str, repository: str) -> int:
        """Its number."""
        with self.server.changing():
            made = pull_requests.opened(self.world.workspaces[workspace].repositories[repository])
        return made.id

    def comment(self, workspace: str, repository: str, pull_request: int, text: str, author: str = "Grace") -> int:
        """The number of somebody's comment."""
        with self.server.changing():
            held = self._pull_request(workspace, repository, pull_request)
            made = pull_requests.commented(self.world, held, text, self.person(author).uuid)
        return made.id

    def comments(self, workspace: str, repository: str, pull_request: int) -> dict[int, str]:
        """Number → text."""
        held = self._pull_request(workspace, repository, pull_request)
        return {one.id: one.text for one in list(held.comments.values())}

    def _pull_request(self, workspace: str, repository: str, number: int) -> PullRequest:
        return self.world.workspaces[workspace].repositories[repository].pull_requests[str(number)]

    def expire(self, kind: str) -> None:
        """Every credential of a kind is expired from now on."""
        with self.server.changing():
            for credential in self.world.credentials.values():
                if credential.kind == kind:
                    credential.expires_at = 0.0

    def populate(self, workspace: str = "acme", repositories: int = 0, people: int = 0) -> None:
        """Add repositories `repo-0001`… and members `Person 0001`…"""
        with self.server.changing():
            populate(self.world, workspace, repositories, people)

    def variables(self, owner: str) -> dict[str, dict[str, Any]]:
        """Key → value and secured, of an owner as `set_variable` takes it."""
        held = list(self._owner(owner).variables.values())
        return {one.key: {"value": one.value, "secured": one.secured} for one in held}

    def _owner(self, name: str) -> Person | Workspace | Repository | Environment:
        workspace, *rest = name.split("/")
        if workspace not in self.world.workspaces:
            return self.person(name)
        if not rest:
            return self.world.workspaces[workspace]
        repository = self.world.workspaces[workspace].repositories[rest[0]]
        named = [one for one in repository.environments.values() if one.name == rest[-1]]
        return repository if len(rest) == 1 else named[0]
