"""`report`: an access review of a workspace, as a page, a table and data."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import command as cli

if TYPE_CHECKING:
    from .review import Report
    from .session import Session

EPILOG = """
\b
Examples:
  bitbucket-user report acme --html access.html --csv access.csv
  bitbucket-user report acme --json 2026-11.json --since 2026-08.json --state dev.json
"""
target = click.Path(dir_okay=False, path_type=Path)


@click.command("report", epilog=EPILOG)
@click.argument("workspace", metavar="WORKSPACE", required=False)
@click.option("--html", metavar="FILE", type=target, help="A page to look at: one file that needs nothing else.")
@click.option("--csv", "table", metavar="FILE", type=target, help="One grant a row, with columns for a reviewer.")
@click.option("--json", "data", metavar="FILE", type=target, help="The data, also for a later --since; - prints it.")
@cli.states("which grants it manages, and what differs from it")
@click.option("--since", metavar="REPORT", type=cli.existing, help="An earlier report in JSON: says what has changed.")
@click.option("--effective", is_flag=True, help="Also what groups give to each person: 100 people and places a call.")
@click.option("--schema", is_flag=True, help="Print the JSON schema of --json and do nothing else.")
@cli.resume
@cli.stack
@cli.words
def command(
    workspace: str | None,
    html: Path | None,
    table: Path | None,
    data: Path | None,
    states: tuple[Path, ...],
    since: Path | None,
    effective: bool,
    schema: bool,
    resume: bool,
    stack: str | None,
) -> int:
    """Review who may do what in a workspace: every person and group, place, level, and where it comes from.

    Two calls a repository and project, and one for each hundred repositories and members: 500 repositories take the
    whole of the 1,000 calls that Bitbucket allows an hour. Who is in a group Bitbucket does not tell, so a group stands
    for itself.

    Exit code 1: something could not be read, or Bitbucket and a state differ.
    """
    if schema:
        from .review import Report

        cli.write_json(Report.model_json_schema())
        return cli.DONE
    if not workspace:
        raise click.UsageError("Name a workspace.")
    from .session import Session

    with Session(stack, as_json=str(data) == "-") as session:
        found = made(session, workspace, states, since, effective, resume)
        _write(found, html, table, data)
        _tell(session, found)
    return cli.LOOK if found.gaps or found.drift else cli.DONE


def made(
    session: "Session", workspace: str, states: tuple[Path, ...], since: Path | None, effective: bool, resume: bool
) -> "Report":
    from .collect import collected, compare_with_report, compare_with_states
    from .reading import Reader, Selection
    from .review import read_report
    from .states import managed

    grants = managed(states, workspace)
    last = read_report(since, workspace) if since else None
    reader = Reader(session, workspace, resume, command="report", effective=effective)
    by = reader.caller()
    places = reader.places(Selection())
    session.expect(2 * len(places), f"people and groups of {len(places):,} places")
    roles = reader.roles()
    reader.fill(places, groups=True)
    found = collected(reader, places, roles, effective, by)
    if states:
        found.head.states = [path.name for path in states]
        compare_with_states(found, grants)
    if last:
        compare_with_report(found, last)
    reader.journal.done()
    return found.seal()


def _write(found: "Report", html: Path | None, table: Path | None, data: Path | None) -> None:
    from .pages import as_csv, as_html

    if html:
        html.write_text(as_html(found), encoding="utf-8")
    if table:
        table.write_text(as_csv(found), encoding="utf-8", newline="")
    if str(data) == "-":
        cli.write_json(found.model_dump(mode="json", by_alias=True))
    elif data:
        data.write_text(found.model_dump_json(by_alias=True, indent=1) + "\n", encoding="utf-8")


def _tell(session: "Session", found: "Report") -> None:
    from .pages import head_lines

    if session.as_json:
        return
    lines = [*head_lines(found)]
    lines += [f"Could not be read: {gap.place}, {gap.what}. {gap.why}" for gap in found.gaps]
    lines += [
        f"Differs: {one.subject} on {one.place} is {one.now}, and {one.before} in {one.stack}" for one in found.drift
    ]
    lines += [f"Gone since then: {one.subject} {one.before} on {one.place}" for one in found.gone]
    for grant in found.grants:
        if grant.before is not None:
            who, where = found.subjects[grant.subject].shown, found.places[grant.place].shown
            lines.append(f"New since then: {who} {grant.level} on {where} (before: {grant.before})")
    session.tell(lines)
