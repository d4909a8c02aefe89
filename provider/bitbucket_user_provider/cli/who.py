"""`who`: all that one person can reach in a workspace, why, and what to change so that it ends."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import command as cli

if TYPE_CHECKING:
    from .reach import Reached
    from .reading import Person
    from .session import Session

EPILOG = """
\b
Examples:
  bitbucket-user who acme bob@acme.example
  bitbucket-user who acme 557058:358ae451-b0e5-5e66-896a-d3367277500f --sources --state dev.json
  until bitbucket-user who acme bob@acme.example; do sleep 60; done
"""


@click.command("who", epilog=EPILOG)
@click.argument("workspace", metavar="WORKSPACE")
@click.argument("who", metavar="PERSON")
@click.option("--sources", is_flag=True, help="Say why, and what to change: one call more a repository and project.")
@cli.states("which of its resources gives the access")
@cli.resume
@cli.connected
def command(session: "Session", workspace: str, who: str, sources: bool, states: tuple[Path, ...], resume: bool) -> int:
    """Say what one person can reach in a workspace.

    PERSON is an account id, a UUID or an e-mail address. It takes one call for each hundred repositories that the
    person reaches, and the credential of an administrator of the workspace. Repositories that
    everybody may read do not count.

    Exit code 1: something is left, 0: nothing is, so that a script of an off-boarding can wait for 0.
    """
    from .reach import reached
    from .reading import Reader, find_person
    from .states import managed

    grants = managed(states, workspace)
    reader = Reader(session, workspace, resume, command="who", who=who)
    person = session.once(lambda: find_person(reader, who))
    found = reached(reader, person, sources, grants)
    reader.journal.done()
    _tell(session, workspace, person, found)
    return cli.LOOK if any(one.counts for one in found) or reader.skipped else cli.DONE


def _tell(session: "Session", workspace: str, person: "Person", found: "list[Reached]") -> None:
    from .session import counted

    left = [one for one in found if one.counts]
    skipped = session.skipped
    if session.as_json:
        cli.write_json(
            {
                "workspace": workspace,
                "person": {"uuid": person.uuid, "accountId": person.account_id, "displayName": person.name},
                "left": len(left),
                "reach": [one.told() for one in found],
                "skipped": [vars(one) for one in skipped],
            }
        )
        return
    for gap in skipped:
        session.say(f"Could not be read: {gap.place}, {gap.what}. {gap.why}")
    who = f"{person.shown} ({person.id})" if person.name else person.id
    if not left:
        session.tell([f"{who} reaches nothing in {workspace}." + _public(found)])
        return
    session.tell([f"{who} reaches {counted(len(left), 'place')} in {workspace}:" + _public(found)])
    rows = []
    for one in left:
        whys = [(why.text, why.manager, why.remedy) for why in one.reasons] or [("", "", "")]
        rows += [(one.shown, one.level, *whys[0]), *(("", "", *why) for why in whys[1:])]
    session.table(("place", "level", "why", "managed by", "to end it"), rows)


def _public(found: "list[Reached]") -> str:
    from .session import counted

    count = sum(not one.counts for one in found)
    return f" (Left out: {counted(count, 'repository')} that everybody may read.)" if count else ""
