"""Code search in a user's repositories, as it was until November 2026: what a server answers since is not known."""

from __future__ import annotations

import re
from typing import Any

from . import errors, pages
from .operations import Answer, Call, operation
from .world import Person, Repository, Workspace, stable_uuid

WORD = re.compile(r'(?:(\w+):)?(?:"([^"]*)"|(\S+))')
Hit = tuple[Workspace, Repository, str, list[int]]


def parse(query: str) -> tuple[list[str], dict[str, str]]:
    """Words, and modifiers such as repo:api."""
    words, modifiers = [], {}
    for name, quoted, bare in WORD.findall(query):
        if not name:
            words.append((quoted or bare).lower())
        elif name in ("repo", "path", "ext"):
            modifiers[name] = (quoted or bare).lower()
        else:
            raise invalid(f"Unknown modifier: {name}", "search.query.unknown-modifier")
    if not words:
        raise invalid("The search query holds no word to look for.", "search.query.empty")
    return words, modifiers


def invalid(message: str, key: str) -> errors.Refusal:
    return errors.error(400, message, data={"key": key, "arguments": {}})


def account(call: Call) -> Person:
    identifier = call.parameters["selected_user"]
    if call.world.workspace(identifier):
        raise invalid("The account is a workspace, not a user.", "search.account.type-mismatch")
    person = call.account()
    if not person.code_search:
        raise errors.error(404, "Search is not enabled for the requested user: https://bitbucket.org/search")
    return person


def hits(call: Call, person: Person, words: list[str], modifiers: dict[str, str]) -> list[Hit]:
    found: list[Hit] = []
    for workspace in list(call.world.workspaces.values()):
        if call.role(workspace) is None:
            continue
        for repository in list(workspace.repositories.values()):
            if modifiers.get("repo", repository.slug) != repository.slug:
                continue
            if workspace.effective(repository, person.uuid) == "none" or call.level(workspace, repository) == "none":
                continue
            found += [(workspace, repository, path, lines) for path, lines in _in_files(repository, words, modifiers)]
    return found


def _in_files(repository: Repository, words: list[str], modifiers: dict[str, str]) -> list[tuple[str, list[int]]]:
    found = []
    for path, text in list(repository.files.items()):
        if modifiers.get("path", "") not in path.lower() or not path.lower().endswith(modifiers.get("ext", "")):
            continue
        matched = [n for n, line in enumerate(text.splitlines(), 1) if any(word in line.lower() for word in words)]
        if all(word in text.lower() or word in path.lower() for word in words):
            found.append((path, matched))
    return found


def segments(text: str, words: list[str]) -> list[dict[str, Any]]:
    """The text in pieces; only those that match carry the word so."""
    pieces = re.split("(" + "|".join(map(re.escape, words)) + ")", text, flags=re.IGNORECASE)
    return [
        {"text": piece, "match": True} if position % 2 else {"text": piece}
        for position, piece in enumerate(pieces)
        if piece
    ]


def shown(call: Call, hit: Hit, words: list[str]) -> dict[str, Any]:
    workspace, repository, path, matched = hit
    text = repository.files[path].splitlines()
    near = sorted({n for line in matched for n in (line - 1, line, line + 1) if 1 <= n <= len(text)})
    lines = [{"line": n, "segments": segments(text[n - 1], words)} for n in near]
    commit = stable_uuid(f"commits/{repository.uuid}")[1:-1].replace("-", "")
    source = call.url("repositories", workspace.slug, repository.slug, "src", commit, *path.split("/"))
    return {
        "type": "code_search_result",
        "content_match_count": len(matched),
        "content_matches": [{"lines": lines}] if lines else [],
        "path_matches": segments(path, words),
        "file": {"type": "commit_file", "path": path, "links": {"self": {"href": source}}},
    }


@operation("GET", "/users/{selected_user}/search/code")
def search_code(call: Call) -> Answer:
    person = account(call)
    if not call.query.get("search_query"):
        raise invalid("search_query is required.", "search.query.missing")
    words, modifiers = parse(call.query["search_query"])
    found = hits(call, person, words, modifiers)
    answer = pages.page(call, found, lambda hit: shown(call, hit, words), numbered=True)
    assert isinstance(answer.body, dict)
    answer.body["query_substituted"] = False
    return answer
