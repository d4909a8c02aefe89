"""Default reviewers of a repository: PUT adds a person as they are, twice is no error; a body is not asked for."""

from __future__ import annotations

from . import errors, pages
from .operations import Answer, Call, operation
from .people import brief
from .world import Person, Repository, now

REVIEWERS = "/repositories/{workspace}/{repo_slug}/default-reviewers"


def named(call: Call) -> tuple[Repository, Person]:
    """The repository and the person of the path."""
    _, repository = call.repository()
    return repository, call.account()


def found(call: Call) -> tuple[Repository, Person]:
    """The same of somebody who is a default reviewer there."""
    repository, person = named(call)
    if person.uuid not in repository.default_reviewers:
        raise errors.error(404, f"{person.display_name} is not a default reviewer.")
    return repository, person


@operation("GET", REVIEWERS)
def list_reviewers(call: Call) -> Answer:
    _, repository = call.repository()
    people = [call.world.people[uuid] for uuid in list(repository.default_reviewers)]
    return pages.page(call, people, brief)


@operation("GET", f"{REVIEWERS}/{{selected_user}}")
def get_reviewer(call: Call) -> Answer:
    _, person = found(call)
    return Answer(brief(person))


@operation("PUT", f"{REVIEWERS}/{{selected_user}}")
def put_reviewer(call: Call) -> Answer:
    workspace, repository = call.repository()
    person = call.account()
    if workspace.effective(repository, person.uuid) == "none" and person.uuid not in workspace.members:
        raise errors.error(400, f"{person.display_name} does not have access to view this repository.")
    repository.default_reviewers.setdefault(person.uuid, now())
    return Answer(brief(person))


@operation("DELETE", f"{REVIEWERS}/{{selected_user}}")
def delete_reviewer(call: Call) -> Answer:
    repository, person = found(call)
    del repository.default_reviewers[person.uuid]
    return Answer(status=204)
