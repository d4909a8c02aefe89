"""The stacks of this project through Pulumi's Automation API: looked at, and brought up as they were looked at."""

import functools
import os
import runpy
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from changes import Change, beyond, by_hand, plain, planned
from pulumi import automation as auto

ORDER = ("dev", "staging", "prod")
HERE = Path(__file__).parent
CREDENTIALS = ("BITBUCKET_EMAIL", "BITBUCKET_API_TOKEN")
AFTERWORDS = ("Resource monitor has terminated", "an unhandled error occurred: ")
"""What the engine says once more after an error."""


class Failed(Exception):
    """The engine's own errors, in its words. `touched`: whether something may have been changed."""

    def __init__(self, message: str, touched: bool = False) -> None:
        super().__init__(message)
        self.touched = touched


@dataclass
class Preview:
    stack: auto.Stack
    changes: list[Change]
    is_unchanged: bool


def opened(name: str) -> auto.Stack:
    """The stack, made if it is new."""
    settings = auto.LocalWorkspaceOptions(work_dir=str(HERE), env_vars=credentials(name), pulumi_command=pulumi())
    try:
        return auto.create_or_select_stack(name, project_name="rollout", program=program, opts=settings)
    except auto.CommandError as error:
        raise Failed(said(error, [])) from None


def credentials(name: str) -> dict[str, str]:
    """Those of the environment that end in the stack's name, as in BITBUCKET_API_TOKEN_PROD, for when one run is about
    several stacks. Without them the stack takes those that it finds, as any."""
    return {key: os.environ[own] for key in CREDENTIALS if (own := f"{key}_{name.upper()}") in os.environ}


@functools.cache
def pulumi() -> auto.PulumiCommand:
    """Asked for its version once, and not for each stack."""
    return auto.PulumiCommand()


def program() -> None:
    runpy.run_path(str(HERE / "__main__.py"))


def preview(stack: auto.Stack) -> Preview:
    """What an update would change in Bitbucket as it is now. Writes nothing, neither there nor in the state."""
    return look(stack, lambda note: stack.preview(refresh=True, on_event=note))


def bring_up(agreed: Preview) -> None:
    """Raises Failed when the update would do more than was agreed to, before anything is changed.

    An update plan alone does not show that: it holds the inputs of a resource, and a person who was granted access by
    hand in the meantime is in none. So the state is refreshed, the update is previewed from there, compared, and
    carried out without another refresh: a set takes access only from those whom the state names. The plan keeps
    the program from doing anything else in that last moment.
    """
    stack = agreed.stack
    with tempfile.TemporaryDirectory() as folder:
        plan = str(Path(folder) / "plan.json")
        run(lambda note: stack.refresh(on_event=note))
        now = look(stack, lambda note: stack.preview(plan=plan, on_event=note))
        if more := beyond(agreed.changes, now.changes):
            raise Failed("\n  ".join(["it would do more than was previewed, and did nothing:", *map(str, more)]))
        run(lambda note: stack.up(plan=plan, on_event=note), touches=True)


def drift(stack: auto.Stack) -> list[Change]:
    """What was changed by hand since the last update: state against Bitbucket, whatever the program says by now."""
    return by_hand(run(lambda note: stack.preview_refresh(on_event=note))[1])


def look(stack: auto.Stack, command: Callable[[auto.OnEvent], auto.PreviewResult]) -> Preview:
    result, events = run(command)
    return Preview(stack, planned(events), all(op == "same" for op in result.change_summary))


def run(command: Callable[[auto.OnEvent], Any], touches: bool = False) -> tuple[Any, list[auto.EngineEvent]]:
    events: list[auto.EngineEvent] = []
    try:
        return command(events.append), events
    except auto.CommandError as error:
        raise Failed(said(error, events), touches) from None


def said(error: auto.CommandError, events: list[auto.EngineEvent]) -> str:
    found = [event.diagnostic_event for event in events if event.diagnostic_event]
    errors = [plain(one.message) for one in found if one.severity == "error"]
    lines = [line for one in errors if not one.startswith(AFTERWORDS) for line in one.splitlines()]
    return "\n".join(dict.fromkeys(lines)) or str(error).strip().splitlines()[-1]
