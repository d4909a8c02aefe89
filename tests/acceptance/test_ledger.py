"""Nobody loses access unseen, whichever provider processes of one run serve the old name and the new one."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_bitbucket_user as native
import pulumi_bitbucket_user.dynamic as dynamic
import pytest

from tests.acceptance.conftest import EVERY_CREDENTIAL, Stacks
from tests.acceptance.lives import ADA, BOB, GRACE, ed25519, everybody, gpg
from tests.acceptance.stack import Run, Stack
from tests.conftest import CheckedEmulator

pytestmark = pytest.mark.fault

PROVIDERS = ("default", "version", "elsewhere", "explicit", "another", "dynamic")
"""Each is a process of its own: the SDK's default provider, that of another version, that of another download URL (the
SDK once had none), two explicit ones, Pulumi's server of dynamic resources. What `pulumi import` brings in is served by
one more."""
AT_ONCE = {"PULUMI_EXPERIMENTAL": "1", "PULUMI_SKIP_CHECKPOINTS": "1"}
"""The state is written once a run: after each of hundreds of steps takes longer than the steps."""
PACKAGE = "bitbucket-user:index:"


@dataclass(frozen=True)
class Wanted:
    """A resource of the program."""

    provider: str
    kind: str
    inputs: dict[str, Any]


Program = dict[str, Wanted]


class Served:
    """A program whose resources, by their names, a test may change between two runs."""

    def __init__(self, adopting: bool = False) -> None:
        self.wanted: Program = {}
        self.adopting = adopting

    def __call__(self) -> None:
        explicit = {name: native.Provider(name, adopt_existing=self.adopting) for name in ("explicit", "another")}
        options = {
            "default": pulumi.ResourceOptions(),
            "version": pulumi.ResourceOptions(version="0.0.9"),
            "elsewhere": pulumi.ResourceOptions(plugin_download_url="https://downloads.acme.example"),
            "dynamic": pulumi.ResourceOptions(),
            **{name: pulumi.ResourceOptions(provider=provider) for name, provider in explicit.items()},
        }
        for name, wanted in self.wanted.items():
            sdk: Any = dynamic if wanted.provider == "dynamic" else native
            getattr(sdk, wanted.kind)(name, **wanted.inputs, opts=options[wanted.provider])


# Every pair of provider processes


@dataclass(frozen=True)
class Pair:
    """One thing, or what one place holds, before and after; `number` keeps it apart from all others."""

    number: int
    before: str
    after: str
    change: str

    @property
    def place(self) -> dict[str, str]:
        return {"workspace": "acme", "repo_slug": f"repo-{self.number:04}"}

    def resources(self, provider: str, name: str, shape: str) -> Program:
        inputs: dict[str, dict[str, Any]]
        more: Program = {}
        kind, secured = "RepositoryUserPermission", {"value": f"secret-{self.number}", "secured": True}
        match shape:
            case "singles":
                people = {"grace": GRACE.uuid, "bob": BOB.account_id}
                inputs = {who: {**self.place, "user_id": id, "permission": "write"} for who, id in people.items()}
            case "set":
                permissions = {GRACE.account_id: "write", BOB.uuid: "write"}
                kind, inputs = "RepositoryUserPermissions", {"set": {**self.place, "permissions": permissions}}
            case "team":
                inputs = {"grace": {**self.place, "user_id": GRACE.uuid, "permission": "write"}}
                group = {**self.place, "group_slug": "backend", "permission": "write"}
                more = {self.name(provider, name, "backend"): Wanted(provider, "RepositoryGroupPermission", group)}
            case "team set":
                both = {"permissions": {GRACE.account_id: "write"}, "groups": {"backend": "write"}}
                kind, inputs = "RepositoryUserPermissions", {"set": {**self.place, **both}}
            case "variable":
                kind = "WorkspacePipelineVariable"
                inputs = {"variable": {"workspace": "acme", "key": f"KEY_{self.number}", **secured, "secured": False}}
            case "secret":
                kind = "UserPipelineVariable"
                inputs = {"secret": {"user_id": GRACE.uuid, "key": f"KEY_{self.number}", **secured}}
            case "repository variable":
                plain = {"key": "KEY", **secured, "secured": False}
                kind, inputs = "RepositoryPipelineVariable", {"variable": self.place | plain}
            case "deployment variable":
                plain = {"environment": "Staging", "key": "KEY", **secured, "secured": False}
                kind, inputs = "DeploymentPipelineVariable", {"variable": self.place | plain}
            case "deploy key":
                key = {"key": ed25519(f"{self.number:04}"), "label": f"{self.number}"}
                kind, inputs = "RepositoryDeployKey", {"key": self.place | key}
            case "project key":
                key = {"key": ed25519(f"{self.number:04}"), "label": f"{self.number}"}
                kind, inputs = "ProjectDeployKey", {"key": {"workspace": "acme", "project_key": "CORE"} | key}
            case "GPG key":
                key = {"key": gpg(f"{self.number:04}"), "name": f"{self.number}"}
                kind, inputs = "UserGpgKey", {"key": {"user_id": ADA.uuid} | key}
            case "key":
                key = {"key": ed25519(f"{self.number:04}"), "label": f"{self.number}"}
                kind, inputs = "UserSshKey", {"key": {"user_id": ADA.uuid, **key}}
            case _:
                named = {"app_key": "acme-app", "property_name": f"property{self.number}"}
                kind = "UserApplicationProperty"
                inputs = {"property": {"user_id": GRACE.uuid, **named, "value": {"number": self.number}}}
        return more | {self.name(provider, name, what): Wanted(provider, kind, given) for what, given in inputs.items()}

    def name(self, provider: str, name: str, what: str) -> str:
        return f"{self.number}-{self.change}-{what}-{provider}-{name}"

    @property
    def shapes(self) -> tuple[str, str]:
        before, _, after = self.change.partition(" to ")
        return before, after or before

    @property
    def old(self) -> Program:
        return self.resources(self.before, "old", self.shapes[0])

    @property
    def new(self) -> Program:
        return self.resources(self.after, "new", self.shapes[1])


GRANTS = ("singles", "set", "singles to set", "set to singles")
"""What becomes of one resource; a name alone is a rename."""
OTHERS = (
    "team",
    "team set",
    "team to team set",
    "team set to team",
    "variable",
    "repository variable",
    "deployment variable",
    "key",
    "deploy key",
    "project key",
    "GPG key",
    "property",
)
SECRETS = ("secret",)
"""Taken over under another name only with `adoptExisting`."""
EVERY_PAIR = [*itertools.product((*PROVIDERS, "imported"), PROVIDERS)]
EACH_KIND = [*itertools.product(("default", "explicit", "dynamic", "imported"), ("version", "another", "dynamic"))]
"""Groups, and what has an identity or one name: here each kind of process meets each other kind."""


def pairs(adopting: bool) -> list[Pair]:
    cases: list[tuple[list[tuple[str, str]], tuple[str, ...]]] = [(EVERY_PAIR, GRANTS), (EACH_KIND, OTHERS)]
    of = [(EACH_KIND, SECRETS)] if adopting else cases
    every = [(*pair, change) for providers, changes in of for pair, change in itertools.product(providers, changes)]
    return [Pair(number, *case) for number, case in enumerate(every, 1)]


def held(bitbucket: CheckedEmulator) -> Any:
    workspace = bitbucket.world.workspaces["acme"]
    repositories = workspace.repositories
    variables = [one.variables for one in repositories.values()]
    variables += [one.variables for place in repositories.values() for one in place.environments.values()]
    return {
        "grants": {slug: everybody(bitbucket, "acme", slug) for slug in repositories},
        "variables of places": {uuid: (one.key, one.value) for found in variables for uuid, one in found.items()},
        "deploy keys": {number: one.label for place in workspace.places() for number, one in place.deploy_keys.items()},
        "GPG keys": {one.fingerprint: one.name for one in bitbucket.person("Ada").gpg_keys.values()},
        "variables": bitbucket.workspace_variables("acme") | bitbucket.user_variables("Grace"),
        "keys": {key.label: key.uuid for key in bitbucket.ssh_keys("Ada")},
        "properties": bitbucket.properties("Grace"),
    }


def bring_in(stack: Stack, bitbucket: CheckedEmulator, imported: Program) -> None:
    """Makes things by hand and imports them."""
    resources = []
    for name, wanted in imported.items():
        given = wanted.inputs
        match wanted.kind:
            case "RepositoryUserPermission":
                bitbucket.grant("acme", given["repo_slug"], who(bitbucket, given["user_id"]), given["permission"])
                id = f"acme/{given['repo_slug']}/{given['user_id']}"
            case "RepositoryGroupPermission":
                bitbucket.grant_group("acme", given["repo_slug"], given["group_slug"], given["permission"])
                id = f"acme/{given['repo_slug']}/{given['group_slug']}"
            case "RepositoryUserPermissions":
                for slug, permission in given.get("groups", {}).items():
                    bitbucket.grant_group("acme", given["repo_slug"], slug, permission)
                for person, permission in given["permissions"].items():
                    bitbucket.grant("acme", given["repo_slug"], who(bitbucket, person), permission)
                id = f"acme/{given['repo_slug']}"
            case "WorkspacePipelineVariable" | "UserPipelineVariable":
                owner = "acme" if "workspace" in given else "Grace"
                bitbucket.set_variable(owner, given["key"], given["value"], given["secured"])
                id = f"{given.get('workspace', GRACE.uuid)}/{given['key']}"
            case "RepositoryPipelineVariable" | "DeploymentPipelineVariable":
                place = "/".join(given[name] for name in ("workspace", "repo_slug", "environment") if name in given)
                bitbucket.set_variable(place, given["key"], given["value"], given["secured"])
                id = f"{place}/{given['key']}"
            case "RepositoryDeployKey" | "ProjectDeployKey":
                place = given["repo_slug"] if "repo_slug" in given else given["project_key"]
                bitbucket.add_deploy_key("acme", place, given["key"], given["label"])
                id = f"acme/{place}/{given['label']}"
            case "UserGpgKey":
                made = bitbucket.add_gpg_key("Ada", given["key"], given["name"])
                id = f"{ADA.uuid}/{made.fingerprint}"
            case "UserSshKey":
                key = bitbucket.add_ssh_key("Ada", given["key"], given["label"])
                id = f"{ADA.uuid}/{key.uuid}"
            case _:
                bitbucket.set_property("Grace", f"acme-app/{given['property_name']}", given["value"])
                id = f"{GRACE.uuid}/acme-app/{given['property_name']}"
        resources.append({"type": PACKAGE + wanted.kind, "name": name, "id": id})
    (stack.folder / "imported.json").write_text(json.dumps({"resources": resources}))
    project = stack.folder / "Pulumi.yaml"
    before = project.read_text() if project.exists() else None
    project.write_text("name: acceptance\nruntime: yaml\n")
    stack.command(
        "import", "--file", "imported.json", "--protect=false", "--generate-code=false", "--yes", "--skip-preview"
    )
    if before is None:
        project.unlink()
    else:
        project.write_text(before)


def good(run: Run) -> Run:
    assert run, run.errors or run.stdout
    return run


def who(bitbucket: CheckedEmulator, id: str) -> str:
    return next(one.display_name for one in bitbucket.world.people.values() if id in (one.uuid, one.account_id))


@pytest.mark.parametrize("adopting", [False, True], ids=["as it is", "with adoptExisting"])
def test_no_pair_of_provider_processes_takes_away_what_the_other_one_wants(
    adopting: bool, stacks: Stacks, bitbucket: CheckedEmulator
) -> None:
    every = pairs(adopting)
    bitbucket.populate(repositories=len(every))
    nothing = held(bitbucket)
    program = Served(adopting)
    stack = stacks(program, EVERY_CREDENTIAL | AT_ONCE, {"adoptExisting": adopting})
    program.wanted = {k: v for pair in every if pair.before != "imported" for k, v in pair.old.items()}
    good(stack.up())
    bring_in(stack, bitbucket, {k: v for pair in every if pair.before == "imported" for k, v in pair.old.items()})
    before = held(bitbucket)

    program.wanted = {k: v for pair in every for k, v in pair.new.items()}
    good(stack.up())
    assert held(bitbucket) == before
    assert set(stack.state) == set(program.wanted)
    run = good(stack.up(refresh=True))
    assert not run.changes and not run.found
    good(stack.destroy())
    assert held(bitbucket) == nothing
