"""Previews all stacks and says in one comment on the pull request who would gain and lose what.

The next push updates the same comment. The preview needs a token that only reads; the comment has one of its own,
COMMENT_TOKEN, a repository access token with the scope `pullrequest`. The rest of the environment is Bitbucket's.
"""

import os
import sys
from collections.abc import Iterator
from typing import Any

import requests
import tables
from changes import Change
from stacks import ORDER, Failed, opened, preview

MARKER = "[//]: # (access preview of the pipeline)"
"""Ends the comment, by which it is found again. Markdown shows nothing of it; Bitbucket would show an HTML comment."""


def text(changed: dict[str, list[Change]], failures: dict[str, str], commit: str) -> str:
    parts = [f"**With this pull request {tables.summary(changed)}**"]
    parts += [tables.markdown(changed)] if changed else []
    for name, failure in failures.items():
        quoted = "\n".join(f"    {line}" for line in failure.splitlines())
        parts.append(f"The preview of **{name}** failed, so what it would change is not known:\n\n{quoted}")
    parts += [f"Previewed at {commit[:7]}, against what Bitbucket holds now. Nothing was changed.", MARKER]
    return "\n\n".join(parts)


class PullRequest:
    def __init__(self) -> None:
        base = os.environ.get("BITBUCKET_BASE_URL", "https://api.bitbucket.org/2.0")
        repository, number = os.environ["BITBUCKET_REPO_FULL_NAME"], os.environ["BITBUCKET_PR_ID"]
        self.comments = f"{base}/repositories/{repository}/pullrequests/{number}/comments"
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {os.environ['COMMENT_TOKEN']}"

    def say(self, text: str) -> None:
        """In the comment that is there already, or in a new one."""
        found = next((one["id"] for one in self.every() if one["content"]["raw"].endswith(MARKER)), None)
        method, url = ("PUT", f"{self.comments}/{found}") if found else ("POST", self.comments)
        self.ask(method, url, json={"content": {"raw": text}})

    def every(self) -> Iterator[dict[str, Any]]:
        following: str | None = f"{self.comments}?pagelen=100"
        while following:
            page = self.ask("GET", following)
            yield from page["values"]
            following = page.get("next")

    def ask(self, method: str, url: str, **how: Any) -> Any:
        answer = self.session.request(method, url, timeout=30, **how)
        answer.raise_for_status()
        return answer.json()


def main() -> int:
    try:
        pull_request = PullRequest()
    except KeyError as missing:
        print(f"The environment has no {missing}, as it has in the pipeline of a pull request.", file=sys.stderr)
        return 2
    changed: dict[str, list[Change]] = {}
    failures: dict[str, str] = {}
    for name in ORDER:
        try:
            changed[name] = preview(opened(name)).changes
        except Failed as failure:
            failures[name] = str(failure)
    said = text(changed, failures, os.environ.get("BITBUCKET_COMMIT", ""))
    print(tables.columns(changed), *(f"{name}: {failure}" for name, failure in failures.items()), sep="\n")
    try:
        pull_request.say(said)
    except requests.RequestException as error:
        print(f"The comment could not be written: {error}", file=sys.stderr)
        return 2
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
