"""`make demo`: two examples under a real Pulumi engine, step by step, against a Bitbucket on this machine."""

from __future__ import annotations

import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bitbucket_user_emulator import Emulator

from tests.acceptance.stack import Stack
from tests.engine.builds import Unavailable
from tests.stacks import example, home

TERMINAL = sys.stdout.isatty()
ANSI = re.compile(r"\x1b\[[0-9;]*m")
RESOURCE = re.compile(r"^ [ +~-]+ (\S+:\S+ \S+)")
LEFT_OUT = re.compile(r"^(@ |Duration:|The resources in the stack have|If you want to remove)")
PROPERTY = '{"_attributes": ["public"], "areas": ["api", "web"], "maxOpenReviews": 5}'
Holds = dict[str, str]


class NotAsTold(Exception):
    """A step showed something else than its description says."""


@dataclass
class Scene:
    """One example: its stack, and how to see what Bitbucket holds of it."""

    stack: Stack
    bitbucket: Emulator
    look: Callable[[], Holds]
    steps: int = 0
    resources: int = 0
    """How many the program has; the first step shows it."""

    def step(
        self, command: str, told: str, rest: str, calls: int, holds: Holds, changes: dict[str, int] | None = None
    ) -> None:
        """Runs a pulumi command and shows it. Raises NotAsTold unless Pulumi and Bitbucket agree with the arguments.

        `changes` are operations and on how many resources each; `rest` is the operation on all the others.
        """
        self.steps += 1
        print(f"\n{bold(f'{self.steps}. {told}')}\n   {dim('$')} pulumi {command}", flush=True)
        self.bitbucket.clear()
        run = getattr(self.stack, command)(color="always" if TERMINAL else "never")
        for line in shown(run.stdout):
            print(f"     {line}")
        if run.failed:
            raise NotAsTold(f"pulumi {command} ended with an error.")
        sent, held = len(self.bitbucket.requests), self.look()
        did = Counter(operation for _, operation in run.results)
        self.resources = self.resources or did.total()
        expected = Counter(changes or {})
        expected[rest] += self.resources - expected.total()
        print(f"   {bold('Bitbucket holds')} {dim(f'(API calls in this step: {sent})')}")
        for place, what in held.items():
            print(f"     {place:24}{what or dim('–')}")
        for name, wanted, found in (
            ("Pulumi's changes", dict(expected), dict(did)),
            ("API calls", calls, sent),
            ("What Bitbucket holds", holds, {place: what for place, what in held.items() if what}),
        ):
            if found != wanted:
                raise NotAsTold(f"{name}: {found}, not {wanted}.")


def team_access(home: Path, bitbucket: Emulator) -> Scene:
    title(
        "examples/team-access, stack dev", "People by e-mail address, from configuration; an API token, nothing else."
    )
    secrets = {"bitbucket-user:apiToken": "ada-dev-api-token", "deployToken": "deploy-me"}
    stack = example(home, "team-access", "dev", secrets)
    scene = Scene(stack, bitbucket, lambda: workspace(bitbucket, "acme-dev"))
    wanted = {
        "repository api": "Grace Hopper admin",
        "repository web": "Bob Kahn write, Grace Hopper write",
        "variable": "DEPLOY_TOKEN secured",
    }
    drifted = {"repository web": "Bob Kahn admin, Grace Hopper write", "variable": "DEPLOY_TOKEN secured"}

    scene.step("preview", "Preview. One call turns e-mail addresses into account ids.", "create", 1, {})
    scene.step("up", "Bring it up. One call a resource, and one look at each place.", "create", 8, wanted)
    scene.step("up", "Again. There is nothing to do.", "same", 1, wanted)
    by_hand("somebody makes Bob Kahn an admin of web, and takes api from Grace Hopper.")
    bitbucket.grant("acme-dev", "web", "Bob Kahn", "admin")
    bitbucket.revoke("acme-dev", "api", "Grace Hopper")
    scene.step("refresh", "Refresh. Pulumi sees both.", "same", 3, drifted, {"update": 1, "delete": 1})
    scene.step("up", "Bring it up. Bitbucket is put right.", "same", 5, wanted, {"create": 1, "update": 1})
    scene.step("destroy", "Take it down. What groups give was never touched.", "delete", 5, {})
    return scene


def user_settings(home: Path, bitbucket: Emulator) -> Scene:
    title("examples/user-settings, stack dev", "Three credentials side by side: no single one may do all of this.")
    secrets = {
        "bitbucket-user:apiToken": "ada-api-token",
        "bitbucket-user:oauthClientSecret": "acme-consumer-secret",
        "npmToken": "read-packages",
    }
    stack = example(home, "user-settings", "dev", secrets, {"BITBUCKET_JWT": "acme-connect-jwt"})
    scene = Scene(stack, bitbucket, lambda: person(bitbucket, "Ada Lovelace"))
    keys = {"SSH key": "laptop", "GPG key": "signing"}
    wanted = {**keys, "variable": "NPM_TOKEN secured", "property review-limits": PROPERTY}

    scene.step("preview", "Preview. Nothing is sent.", "create", 0, {})
    told = "Bring it up. The other two calls mint the OAuth consumer's token and look at the variables."
    scene.step("up", told, "create", 6, wanted)
    scene.step("up", "Again. There is nothing to do.", "same", 0, wanted)
    scene.step("destroy", "Take it down.", "delete", 5, {})
    return scene


def workspace(bitbucket: Emulator, slug: str) -> Holds:
    held = {}
    for repository in bitbucket.world.workspaces[slug].repositories:
        grants = sorted(bitbucket.repository_permissions(slug, repository).items())
        held[f"repository {repository}"] = ", ".join(f"{who} {level}" for who, level in grants)
    return held | {"variable": variables(bitbucket.workspace_variables(slug))}


def person(bitbucket: Emulator, name: str) -> Holds:
    value = bitbucket.properties(name).get("acme-app/review-limits")
    return {
        "SSH key": ", ".join(key.label for key in bitbucket.ssh_keys(name)),
        "GPG key": ", ".join(key.name for key in bitbucket.gpg_keys(name)),
        "variable": variables(bitbucket.user_variables(name)),
        "property review-limits": json.dumps(value, sort_keys=True) if value else "",
    }


def variables(held: dict[str, dict[str, Any]]) -> str:
    return ", ".join(f"{key}{' secured' if one['secured'] else ''}" for key, one in sorted(held.items()))


def shown(output: str) -> list[str]:
    """What a terminal shows in the end: the last line of each resource, and the other lines without blank ones."""
    lines: dict[str, str] = {}
    for line in output.splitlines():
        plain = ANSI.sub("", line)
        if plain.strip() and not LEFT_OUT.match(plain):
            found = RESOURCE.match(plain)
            lines[found[1] if found else f"{len(lines)}"] = line
    return list(lines.values())


def title(what: str, why: str) -> None:
    print(f"\n{bold(what)}\n{why}", flush=True)


def by_hand(what: str) -> None:
    print(f"\n   {bold('By hand, in Bitbucket:')} {what}", flush=True)


def bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m" if TERMINAL else text


def dim(text: str) -> str:
    return f"\x1b[2m{text}\x1b[0m" if TERMINAL else text


def main() -> int:
    started = time.monotonic()
    try:
        with Emulator() as bitbucket, home(bitbucket) as folder:
            print(f"A Bitbucket that remembers listens on {bitbucket.url}. All state is in a temporary folder.")
            scenes = [team_access(folder, bitbucket), user_settings(folder, bitbucket)]
    except (NotAsTold, Unavailable) as problem:
        print(f"\nThe demo failed. {problem}", file=sys.stderr)
        return 1
    seconds = time.monotonic() - started
    steps = sum(scene.steps for scene in scenes)
    told = f"{len(scenes)} examples, {steps} steps, each as told, in {seconds:.0f} s. Nothing was left behind."
    print(f"\n{bold('Done')}: {told}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
