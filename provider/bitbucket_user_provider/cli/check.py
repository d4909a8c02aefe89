"""`check`: what the credential can be used for, found out by reading alone."""

from typing import TYPE_CHECKING

import click

from . import command as cli

if TYPE_CHECKING:
    from .session import Session

EPILOG = """
\b
Examples:
  bitbucket-user check
  bitbucket-user check acme --json
"""


@click.command("check", epilog=EPILOG)
@click.argument("workspace", metavar="[WORKSPACE]", required=False)
@cli.connected
def command(session: "Session", workspace: str | None) -> int:
    """Say which resources and functions the credential can be used for, and what is missing.

    Each function is called, and of each resource the list is read, at one repository and project of the workspace, or
    of the first one that the credential sees. What would write is not tried; the scopes that it needs are compared with
    those that Bitbucket says are granted, where it says so. Costs about fifty calls.

    Exit code 1: something is missing.
    """
    from .ability import MISSING, abilities

    found = session.once(lambda: abilities(session, workspace))
    if session.as_json:
        cli.write_json([vars(one) for one in found])
    else:
        session.table(
            ("", "can be used", "missing, or why", "known from"),
            [(one.name, one.state, one.detail, one.how) for one in found],
        )
    return cli.LOOK if any(one.state in MISSING for one in found) else cli.DONE
