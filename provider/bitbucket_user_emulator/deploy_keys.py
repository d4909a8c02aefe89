"""Deploy keys of repositories and projects: adding one answers 200; a project's have no PUT."""

from __future__ import annotations

from typing import Any

from . import errors, pages, ssh_keys
from .operations import Answer, Call, operation
from .people import brief
from .world import DeployKey, Project, Repository, Workspace, now

REPOSITORY = "/repositories/{workspace}/{repo_slug}/deploy-keys"
PROJECT = "/workspaces/{workspace}/projects/{project_key}/deploy-keys"


def shown(call: Call, workspace: Workspace, holder: Repository | Project, key: DeployKey) -> dict[str, Any]:
    owner = brief(call.world.people[key.owner])
    if isinstance(holder, Repository):
        path = ["repositories", workspace.slug, holder.slug]
        full_name = f"{workspace.slug}/{holder.slug}"
        of = {"type": "repository", "uuid": holder.uuid, "name": holder.name, "full_name": full_name}
        whose = {"type": "deploy_key", "repository": of, "owner": owner}
    else:
        path = ["workspaces", workspace.slug, "projects", holder.key]
        of = {"type": "project", "uuid": holder.uuid, "key": holder.key, "name": holder.name}
        whose = {"type": "project_deploy_key", "project": of, "created_by": owner}
    return whose | {
        "id": key.id,
        "key": key.key,
        "comment": key.comment,
        "label": key.label,
        "added_on": key.added_on,
        "last_used": None,
        "links": {"self": {"href": call.url(*path, "deploy-keys", str(key.id))}},
    }


def find(call: Call, holder: Repository | Project) -> DeployKey:
    key = holder.deploy_keys.get(call.parameters["key_id"])
    if key is None:
        raise errors.error(404, "No deploy key found.")
    return key


@operation("GET", REPOSITORY)
@operation("GET", PROJECT)
def list_keys(call: Call) -> Answer:
    workspace, holder = call.place()
    return pages.page(call, holder.deploy_keys.values(), lambda key: shown(call, workspace, holder, key))


@operation("POST", REPOSITORY)
@operation("POST", PROJECT)
def create_key(call: Call) -> Answer:
    """One key may open several places, but not twice the same; an account's key opens none."""
    workspace, holder = call.place()
    body = call.json_object()
    key, comment = ssh_keys.parse(ssh_keys.text_field(body, "key"))
    ssh_keys.check_of_nobody(call.world, key)
    if any(one.key == key for one in list(holder.deploy_keys.values())):
        raise errors.error(400, ssh_keys.REGISTERED.format(call.switches.taken_key))
    label = ssh_keys.text_field(body, "label")
    if call.switches.unique_labels and any(one.label == label for one in list(holder.deploy_keys.values())):
        raise errors.invalid_field("label", "This label is in use.")
    call.world.deploy_keys_made += 1
    made = DeployKey(call.world.deploy_keys_made, key, comment, label, now(), call.actor.uuid)
    holder.deploy_keys[str(made.id)] = made
    return Answer(shown(call, workspace, holder, made))


@operation("GET", f"{REPOSITORY}/{{key_id}}")
@operation("GET", f"{PROJECT}/{{key_id}}")
def get_key(call: Call) -> Answer:
    workspace, holder = call.place()
    return Answer(shown(call, workspace, holder, find(call, holder)))


@operation("PUT", f"{REPOSITORY}/{{key_id}}")
def update_key(call: Call) -> Answer:
    """The same key has to be sent; its comment and label may be others."""
    workspace, repository = call.repository()
    held, body = find(call, repository), call.json_object()
    key, comment = ssh_keys.parse(ssh_keys.text_field(body, "key"))
    if key != held.key:
        raise errors.invalid_field("key", "Cannot be updated: delete the key and add another.")
    held.comment, held.label = comment, ssh_keys.text_field({"label": held.label} | body, "label")
    return Answer(shown(call, workspace, repository, held))


@operation("DELETE", f"{REPOSITORY}/{{key_id}}")
@operation("DELETE", f"{PROJECT}/{{key_id}}")
def delete_key(call: Call) -> Answer:
    _, holder = call.place()
    del holder.deploy_keys[str(find(call, holder).id)]
    return Answer(status=204)
