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
    from rich.table import Table
    from rich.text import Text

    from .ability import MISSING, abilities
    from .session import plain

    found = session.once(lambda: abilities(session, workspace))
    if session.as_json:
        cli.write_json([one.told() for one in found])
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in ("", "can be used", "missing, or why", "known from"):
            table.add_column(heading, overflow="fold")
        for one in found:
            table.add_row(*(Text(plain(cell)) for cell in (one.name, one.state, one.detail, one.how)))
        session.out.print(table)
    return cli.LOOK if any(one.state in MISSING for one in found) else cli.DONE
