"""Comments on pull requests: who may read the repository may write one, and only its author changes it."""

from __future__ import annotations

from typing import Any

from . import errors, pages
from .operations import Answer, Call, operation
from .people import brief
from .world import Comment, PullRequest, Repository, World, now

COMMENTS = "/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/comments"


def find(call: Call) -> PullRequest:
    _, repository = call.repository(administrators_only=False)
    found = repository.pull_requests.get(call.parameters["pull_request_id"])
    if found is None:
        raise errors.error(404, "Pull request not found")
    return found


def find_comment(call: Call) -> Comment:
    found = find(call).comments.get(call.parameters["comment_id"])
    if found is None:
        raise errors.error(404, "Comment not found")
    return found


def text(call: Call) -> str:
    content = call.json_object().get("content")
    raw = content.get("raw") if isinstance(content, dict) else None
    if not isinstance(raw, str) or not raw.strip():
        raise errors.invalid_field("content", "This field is required.")
    return raw


def shown(call: Call, comment: Comment) -> dict[str, Any]:
    """Without `html`: what Bitbucket makes of Markdown is not known here."""
    path = ("repositories", call.parameters["workspace"], call.parameters["repo_slug"], "pullrequests")
    link = call.url(*path, call.parameters["pull_request_id"], "comments", str(comment.id))
    return {
        "type": "pullrequest_comment",
        "id": comment.id,
        "content": {"type": "rendered", "raw": comment.text, "markup": "markdown"},
        "user": brief(call.world.people[comment.author]),
        "created_on": comment.created_on,
        "updated_on": comment.updated_on,
        "deleted": False,
        "pending": False,
        "links": {"self": {"href": link}},
    }


def opened(repository: Repository) -> PullRequest:
    made = PullRequest(len(repository.pull_requests) + 1)
    repository.pull_requests[str(made.id)] = made
    return made


def commented(world: World, pull_request: PullRequest, text: str, author: str) -> Comment:
    world.comments_made += 1
    moment = now()
    made = Comment(world.comments_made, text, author, moment, moment)
    pull_request.comments[str(made.id)] = made
    return made


@operation("GET", COMMENTS)
def list_comments(call: Call) -> Answer:
    return pages.page(call, find(call).comments.values(), lambda one: shown(call, one), numbered=True)


@operation("POST", COMMENTS)
def create_comment(call: Call) -> Answer:
    body = shown(call, commented(call.world, find(call), text(call), call.actor.uuid))
    return Answer(body, 201, {"Location": body["links"]["self"]["href"]})


@operation("GET", f"{COMMENTS}/{{comment_id}}")
def get_comment(call: Call) -> Answer:
    return Answer(shown(call, find_comment(call)))


@operation("PUT", f"{COMMENTS}/{{comment_id}}")
def update_comment(call: Call) -> Answer:
    held = find_comment(call)
    if held.author != call.actor.uuid:
        raise errors.error(403, "You may only change your own comments.")
    held.text, held.updated_on = text(call), now()
    return Answer(shown(call, held))
