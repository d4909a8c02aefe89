"""People who are asked to review every pull request of a repository."""

from __future__ import annotations

from . import errors
from .operations import Answer, Call, operation
from .people import brief

REVIEWER = "/repositories/{workspace}/{repo_slug}/default-reviewers/{target_username}"


def asked(call: Call) -> tuple[list[str], str]:
    """The UUIDs of a repository's reviewers, and of the person in the path."""
    _, repository = call.repository()
    return repository.default_reviewers, call.account("target_username").uuid


def found(call: Call) -> tuple[list[str], str]:
    held, person = asked(call)
    if person not in held:
        raise errors.error(404, f"{call.parameters['target_username']} is no default reviewer.")
    return held, person


@operation("GET", REVIEWER)
def get_reviewer(call: Call) -> Answer:
    return Answer(brief(call.world.people[found(call)[1]]))


@operation("PUT", REVIEWER)
def put_reviewer(call: Call) -> Answer:
    held, person = asked(call)
    if person not in held:
        held.append(person)
    return Answer(brief(call.world.people[person]))


@operation("DELETE", REVIEWER)
def delete_reviewer(call: Call) -> Answer:
    held, person = found(call)
    held.remove(person)
    return Answer(status=204)
