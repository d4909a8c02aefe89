"""`discover`: a whole project from what is in a workspace, or from the state of an older tool."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import command as cli

if TYPE_CHECKING:
    from .access import Access
    from .session import Session

PLUGIN = "pip install pulumi-bitbucket-user  (the plugin)"
INSTALL = {
    "python": ("python3 -m venv venv && . venv/bin/activate", "pip install -r requirements.txt"),
    "typescript": (PLUGIN, "npm install"),
    "yaml": (PLUGIN,),
}
"""What a program of each language needs first."""
EPILOG = """
\b
Examples:
  bitbucket-user discover acme --out access
  bitbucket-user discover acme --repository 'api-*' --groups --variables --keys --out access
  bitbucket-user discover --from old.tfstate --out access
"""


@click.command("discover", epilog=EPILOG)
@click.argument("workspace", metavar="WORKSPACE", required=False)
@click.option("--repository", "repositories", metavar="GLOB", multiple=True, help="Only these repositories.")
@click.option("--project", "projects", metavar="GLOB", multiple=True, help="Only these projects, and what is in them.")
@click.option("--singles", is_flag=True, help="A resource for each person and place, instead of one for each place.")
@click.option("--groups", is_flag=True, help="Groups too: one call more a place.")
@click.option("--variables", is_flag=True, help="Pipeline variables too, without their values.")
@click.option("--keys", is_flag=True, help="Deploy keys and your own keys too.")
@click.option(
    "--program", type=click.Choice([*INSTALL]), default="python", show_default=True, help="What it is written in."
)
@click.option(
    "--out", metavar="DIR", required=True, type=click.Path(file_okay=False, path_type=Path), help="The folder to make."
)
@click.option(
    "--from",
    "source",
    metavar="FILE",
    type=cli.existing,
    help="Take it from a state of Terraform's DrFaust92/bitbucket, or from the export of a stack on Pulumi's "
    "`bitbucket` package; asks Bitbucket nothing.",
)
@click.option("--force", is_flag=True, help="Write over files that are there.")
@cli.resume
@cli.connected
def command(
    session: "Session", workspace: str | None, out: Path, source: Path | None, force: bool, program: str, **how: Any
) -> int:
    """Write a Pulumi project for what is in a workspace.

    It holds a data file that people edit (access.yaml: places, people by name, levels), a program of one page over it,
    and import.json, with which Pulumi takes everything over as it is. Afterwards `pulumi preview` shows no change.
    Nothing secret is in any file. Costs one call a repository and project, and one for each hundred repositories and
    members.

    Exit code 1: some places could not be read; access.yaml lists them.
    """
    from .project import PROGRAMS, files, refuse_standing, write

    refuse_standing(out, ("import.json", *PROGRAMS[program]), force)
    if source:
        from .legacy import come_over

        access, script = come_over(source, workspace)
        written = files(access, program) | {"forget.sh": script}
    elif workspace:
        access = discovered(session, workspace, **how)
        written = files(access, program)
    else:
        raise click.UsageError("Name a workspace, or a state with --from.")
    write(out, written, force)
    _tell(session, access, out, program, written)
    return cli.LOOK if access.skipped else cli.DONE


def discovered(
    session: "Session",
    workspace: str,
    repositories: tuple[str, ...],
    projects: tuple[str, ...],
    singles: bool,
    groups: bool,
    variables: bool,
    keys: bool,
    resume: bool,
) -> "Access":
    from .access import Access
    from .reading import Reader, Selection
    from .things import keys_of, variables_of

    reader = Reader(session, workspace, resume, command="discover")
    caller = reader.caller()
    places = reader.places(Selection(repositories, projects))
    session.expect(len(places) * (1 + groups), f"{len(places):,} places" + (", people and groups" if groups else ""))
    reader.members()
    reader.fill(places, groups)
    found = Access(
        workspace=workspace,
        people=[*reader.people.values()],
        places=places,
        skipped=reader.skipped,
        variables=variables_of(reader, places) if variables else [],
        keys=keys_of(reader, places, caller) if keys else [],
        caller=caller.uuid,
        account=caller.uuid if keys else "",
        singles=singles,
        groups=groups,
    )
    found.places = [place for place in found.places if place.read]
    reader.journal.done()
    return found


def _tell(session: "Session", access: "Access", out: Path, program: str, written: dict[str, str]) -> None:
    from .project import IMPORT_LINE
    from .session import counted

    repositories = sum(place.kind == "repository" for place in access.places)
    projects = len(access.places) - repositories
    if session.as_json:
        cli.write_json(
            {
                "workspace": access.workspace,
                "out": str(out),
                "files": sorted(written),
                "repositories": repositories,
                "projects": projects,
                "grants": access.grants,
                "variables": len(access.variables),
                "keys": len(access.keys),
                "skipped": [vars(one) for one in access.skipped],
                "import": IMPORT_LINE,
            }
        )
        return
    numbers = {"repository": repositories, "project": projects, "grant": access.grants}
    numbers |= {"variable": len(access.variables), "key": len(access.keys)}
    counts = ", ".join(counted(number, what) for what, number in numbers.items() if number)
    lines = [f"{out}: {counts or 'nothing'}."]
    lines += [f"Skipped: {one.place}, {one.what}. {one.why}" for one in access.skipped]
    steps = [*INSTALL[program], "pulumi stack init access", IMPORT_LINE, "pulumi preview"]
    lines += ["", "Next, in that folder:", *(f"  {step}" for step in steps), "", WHY]
    if "forget.sh" in written:
        lines.append("After that, forget.sh makes the old state forget these resources; Bitbucket is not touched.")
    session.tell(lines)


WHY = (
    "The import writes what Bitbucket holds into Pulumi's state and changes nothing there. --generate-code=false: the "
    "program is written already; --protect=false: else nothing could be removed. The preview then shows no change."
)
