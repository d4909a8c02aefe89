"""The world the emulator starts with. UUIDs and account ids are the same in every run, so that files may name them."""

from __future__ import annotations

from .contract.description import OPERATIONS as DESCRIBED
from .world import (
    Consumer,
    Credential,
    Email,
    Environment,
    Group,
    Person,
    Project,
    Repository,
    Workspace,
    World,
    stable_uuid,
)

PEOPLE = ["Olga Owner", "Ada Lovelace", "Grace Hopper", "Bob Kahn", "Alan Turing", "Margaret Hamilton"]
PEOPLE += ["Katherine Johnson", "Eve Outsider"]
OLD_ACCOUNT_IDS = {"Bob Kahn": "557058:", "Alan Turing": "5d5355d2c3f2ab0da2b6a1f4"}
ROLES = {"Olga Owner": "owner", "Ada Lovelace": "administrator"}
GROUPS = {
    "administrators": ["Olga Owner", "Ada Lovelace"],
    "developers": ["Grace Hopper", "Bob Kahn", "Alan Turing"],
    "backend": ["Grace Hopper"],
    "frontend": ["Bob Kahn"],
}
PROJECTS = {"CORE": ["api", "web"], "OPS": ["infra"]}
GRANTS = {  # by group; nobody holds a direct grant
    "api": {"administrators": "admin", "developers": "write"},
    "web": {},
    "infra": {},
    "CORE": {"administrators": "admin", "developers": "read"},
    "OPS": {},
}
ENVIRONMENTS = ("Test", "Staging", "Production")  # what a repository begins with
FILES = {
    "src/greeting.py": 'def greet(name):\n    """Say hello."""\n    print(f"hello, {name}")\n\n\ngreet("world")\n',
    "docs/hello.md": "# Hello\n\nThis repository greets.\n",
}

# Every scope that any operation needs.
API_TOKEN_SCOPES = sorted({scope for one in DESCRIBED.values() for scope in one.api_token_scopes})
OAUTH_SCOPES = sorted({scope for one in DESCRIBED.values() for scope in one.oauth_scopes})
ACCESS_TOKEN_SCOPES = [scope for scope in OAUTH_SCOPES if scope != "email"]


def person(name: str) -> Person:
    first = name.split()[0].lower()
    uuid = stable_uuid(f"people/{name}")
    account_id = OLD_ACCOUNT_IDS.get(name, "712020:")
    return Person(
        uuid=uuid,
        account_id=account_id + stable_uuid(f"accounts/{name}")[1:-1] if account_id.endswith(":") else account_id,
        display_name=name,
        nickname=name,
        username=first,
        emails=[Email(f"{first}@acme.example")],
    )


def app_user(name: str) -> Person:
    made = person(name)
    made.kind, made.emails, made.username = "app_user", [], name.lower().replace(" ", "-")
    return made


def workspace(slug: str, people: dict[str, Person]) -> Workspace:
    made = Workspace(uuid=stable_uuid(f"workspaces/{slug}"), slug=slug, name=slug.replace("-", " ").title())
    made.members = {one.uuid: ROLES.get(name, "member") for name, one in people.items() if name != "Eve Outsider"}
    for group, members in GROUPS.items():
        made.groups[group] = Group(group, group.title(), [people[name].uuid for name in members])
    for key, repositories in PROJECTS.items():
        add_project(made, key).groups.update(GRANTS[key])
        for repository in repositories:
            add_repository(made, repository, key).groups.update(GRANTS[repository])
    made.repositories["api"].files.update(FILES)
    return made


def add_project(to: Workspace, key: str) -> Project:
    to.projects[key] = Project(stable_uuid(f"projects/{to.slug}/{key}"), key, key.title())
    return to.projects[key]


def add_repository(to: Workspace, slug: str, project: str) -> Repository:
    made = Repository(stable_uuid(f"repositories/{to.slug}/{slug}"), slug, slug, project)
    for name in ENVIRONMENTS:
        uuid = stable_uuid(f"environments/{to.slug}/{slug}/{name}")
        made.environments[uuid] = Environment(uuid, name, name)
    to.repositories[slug] = made
    return made


def default_world() -> World:
    people = {name: person(name) for name in PEOPLE}
    people["Eve Outsider"].emails = [Email("eve@outside.example")]
    ada, grace = people["Ada Lovelace"], people["Grace Hopper"]
    ada.emails.append(Email("ada.lovelace@home.example", is_primary=False, is_confirmed=False))
    ada.code_search = True
    consumer, bot = app_user("Acme Consumer"), app_user("Acme Bot")
    world = World(
        people={one.uuid: one for one in [*people.values(), consumer, bot]},
        workspaces={slug: workspace(slug, people) for slug in ("acme", "acme-dev")},
        apps=["acme-app"],
        consumers={
            "acme-consumer": Consumer(
                "acme-consumer", "acme-consumer-secret", consumer.uuid, "acme", list(OAUTH_SCOPES)
            )
        },
    )
    for credential in (
        api_token("ada-api-token", ada),
        api_token("ada-dev-api-token", ada, ["acme-dev"]),
        api_token("grace-api-token", grace),
        Credential("access-token", "acme-access-token", bot.uuid, list(ACCESS_TOKEN_SCOPES), workspaces=["acme"]),
        Credential("jwt", "acme-connect-jwt", ada.uuid, [], app="acme-app"),
    ):
        world.credentials[credential.secret] = credential
    return world


def api_token(secret: str, owner: Person, workspaces: list[str] | None = None) -> Credential:
    return Credential(
        "api-token", secret, owner.uuid, list(API_TOKEN_SCOPES), owner.emails[0].address, workspaces=workspaces
    )


def populate(world: World, slug: str = "acme", repositories: int = 0, people: int = 0) -> None:
    """Grow a workspace: repositories repo-0001… of project CORE, members named `Person 0001`…"""
    to = world.workspaces[slug]
    for number in range(1, repositories + 1):
        add_repository(to, f"repo-{number:04}", "CORE")
    for number in range(1, people + 1):
        made = person(f"Person {number:04}")
        made.username = f"person-{number:04}"
        made.emails = [Email(f"{made.username}@acme.example")]
        world.people[made.uuid] = made
        to.members[made.uuid] = "member"
