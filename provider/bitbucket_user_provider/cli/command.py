"""What all commands have in common: options, exit codes, and errors in words."""

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

DONE, LOOK, COULD_NOT = 0, 1, 2
"""Exit codes."""

stack = click.option(
    "--stack", metavar="NAME", help="Take configuration from this stack of the Pulumi project in the current folder."
)
as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")
resume = click.option("--resume", is_flag=True, help="Go on where a run that was interrupted has stopped.")
existing = click.Path(exists=True, dir_okay=False, path_type=Path)


def states(says: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option that names exports of stacks; `says` is what they tell."""
    text = f"An export of a stack (`pulumi stack export`): says {says}."
    return click.option("--state", "states", metavar="EXPORT", type=existing, multiple=True, help=text)


def words(work: Callable[..., int]) -> Callable[..., None]:
    """Makes a command of a function that returns an exit code: whatever goes wrong is said in words."""

    @functools.wraps(work)
    def run(*arguments: Any, **options: Any) -> None:
        sys.exit(_code(lambda: work(*arguments, **options)))

    return run


def connected(work: Callable[..., int]) -> Callable[..., None]:
    """The same for one that asks Bitbucket, with a session for its first argument."""

    @stack
    @as_json
    @words
    @functools.wraps(work)
    def run(*arguments: Any, stack: str | None, as_json: bool, **options: Any) -> int:
        from .session import Session

        with Session(stack, as_json) as session:
            return work(session, *arguments, **options)

    return run


def _code(work: Callable[[], int]) -> int:
    from ..errors import BitbucketError, defect

    try:
        code = work()
        sys.stdout.flush()
        return code
    except BitbucketError as error:
        return _say(str(error))
    except KeyboardInterrupt:
        return _say("Interrupted. Nothing was changed in Bitbucket.")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at its end
        return COULD_NOT
    except click.ClickException:
        raise
    except OSError as error:
        return _say(f"{error.filename}: {error.strerror}." if error.filename else f"{error}.")
    except Exception as error:
        return _say(defect(error))


def _say(message: str) -> int:
    from .session import plain

    print(f"Error: {plain(message)}", file=sys.stderr)
    return COULD_NOT


def write_json(value: Any) -> None:
    """In ASCII: a pipe on Windows is cp1252, where the Ł of a name would become a question mark."""
    import json

    print(json.dumps(value, indent=2))
