"""What commands print in the guides: docs/outputs/, from real runs under the engine against an emulator.

`python -m tests.site.outputs` writes them; tests/acceptance/test_outputs.py runs them again and compares. What
examples/rollout prints, `rollout-*`, is compared by test_rollout.py, where all that it needs is running.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import patch

from bitbucket_user_emulator import Emulator
from pulumi import automation as auto

from tests.acceptance.stack import Run
from tests.demo import shown
from tests.engine.builds import ROOT
from tests.stacks import EXAMPLES, example, home, with_plugin

OUTPUTS = ROOT / "docs" / "outputs"
TOKEN = {"bitbucket-user:apiToken": "ada-api-token"}
ADA = {"BITBUCKET_EMAIL": "ada@acme.example", "BITBUCKET_API_TOKEN": "ada-api-token"}
DEV_TOKEN = {"bitbucket-user:apiToken": "ada-dev-api-token"}
Texts = dict[str, str]
"""Name of a file in docs/outputs/ → what it shows."""


def first_stack(folder: Path, bitbucket: Emulator) -> Texts:
    stack = example(folder, "first-stack", "dev", TOKEN | {"deployToken": "deploy-me"})
    texts = {"first-stack-up": _text("up", stack.up()), "first-stack-again": _text("up", stack.up())}
    bitbucket.grant("acme", "api", "Bob", "admin")
    refresh, preview = _text("refresh", stack.refresh()), _text("preview", stack.preview())
    return texts | {"first-stack-refresh": f"{refresh}\n{preview}"}


def sets(folder: Path, bitbucket: Emulator) -> Texts:
    stack = with_plugin(example(folder, "repository-access-sets", "dev", DEV_TOKEN))
    bitbucket.grant("acme-dev", "web", "Katherine Johnson", "admin")
    refused = stack.up().errors["web"]
    bitbucket.revoke("acme-dev", "web", "Katherine Johnson")
    assert stack.up()
    bitbucket.grant("acme-dev", "web", "Katherine Johnson", "admin")
    bitbucket.grant("acme-dev", "api", "Bob", "admin")
    assert stack.refresh()
    return {"adopting-refused": f"error: {refused}\n", "sets-preview": _text("preview", stack.preview())}


def guard_rails(folder: Path, bitbucket: Emulator) -> Texts:
    stack = example(folder, "team-access", "dev", DEV_TOKEN | {"deployToken": "deploy-me"})
    people = folder / "people.txt"
    people.write_text("\n".join(bitbucket.world.person(name).account_id for name in ("Grace", "Bob")))
    folder = EXAMPLES / "guard-rails"
    printed = StringIO()
    with patch.object(sys, "path", [str(folder), *sys.path]), patch.object(auto, "select_stack") as select:
        select.return_value = stack.automation
        with redirect_stdout(printed):
            status = runpy.run_path(str(folder / "check.py"))["main"]("examples/team-access", "dev", str(people))
    assert status == 1
    command = "python examples/guard-rails/check.py examples/team-access dev people.txt"
    return {"guard-rails": f"$ {command}\n{printed.getvalue()}"}


def command_line(folder: Path, bitbucket: Emulator) -> Texts:
    bitbucket.grant("acme", "api", "Grace", "write")
    bitbucket.grant("acme", "web", "Grace", "read")
    environ = os.environ | ADA | {"NO_COLOR": "1", "COLUMNS": "90"}

    def printed(*arguments: str) -> str:
        command = [str(ROOT / ".venv" / "bin" / "bitbucket-user"), *arguments]
        done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)
        assert done.returncode in (0, 1), done.stderr
        lines = [line.rstrip() for line in done.stdout.strip().splitlines()]
        return "\n".join([f"$ bitbucket-user {' '.join(arguments)}", *lines]) + "\n"

    return {
        "who": printed("who", "acme", "grace@acme.example", "--sources"),
        "discover": printed("discover", "acme", "--groups", "--out", "acme-access"),
    }


SESSIONS: tuple[Callable[[Path, Emulator], Texts], ...] = (first_stack, sets, guard_rails, command_line)


def _text(command: str, run: Run) -> str:
    assert run, run.stdout
    return "\n".join([f"$ pulumi {command}", *(line.rstrip() for line in shown(run.stdout))]) + "\n"


def main() -> None:
    for session in SESSIONS:
        with Emulator() as bitbucket, home(bitbucket) as folder:
            for name, text in session(folder, bitbucket).items():
                (OUTPUTS / f"{name}.txt").write_text(text)


if __name__ == "__main__":
    main()
