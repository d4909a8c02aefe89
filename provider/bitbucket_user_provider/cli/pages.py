"""A report as CSV and as one HTML file."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from .review import LEVELS, SOURCES, Report
from .session import counted

COLUMNS = (
    "kind", "name", "id", "account_id", "email", "place_kind", "place", "level", "source", "managed_by", "urn",
    "before", "reviewer", "decision", "date",
)  # fmt: skip
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes a cell for a formula by."""


def as_csv(report: Report) -> str:
    """The head in lines that begin with #, then one grant a row, with columns for a reviewer to fill."""
    text = io.StringIO()
    for line in head_lines(report):
        text.write("# " + " ".join(line.split()) + "\r\n")
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for grant in report.grants:
        subject, where = report.subjects[grant.subject], report.places[grant.place]
        row = [subject.kind, subject.shown, subject.id, subject.account_id, subject.email, where.kind, where.name]
        row += [grant.level, grant.source, grant.managed_by, grant.urn, grant.before or "", "", "", ""]
        rows.writerow(map(_cell, row))
    return text.getvalue()


def _cell(text: str) -> str:
    """What no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULAS) else text


def head_lines(report: Report) -> Iterator[str]:
    head = report.head
    yield f"Access to the Bitbucket workspace {head.workspace}"
    yield f"made {head.made_on} by {head.made_by} with bitbucket-user {head.version}"
    numbers = {"person": head.people, "group": head.groups, "repository": head.repositories, "project": head.projects}
    numbers["grant"] = head.grants
    yield ", ".join(counted(number, what) for what, number in numbers.items()).replace("persons", "people")
    yield "complete" if head.complete else f"NOT COMPLETE: {len(report.gaps):,} lists could not be read"
    if head.since:
        yield f"compared with the report of {head.since}"
    yield f"SHA-256 of the data {head.sha256}"


def as_html(report: Report) -> str:
    loader = PackageLoader(__package__)
    environment = Environment(loader=loader, undefined=StrictUndefined, autoescape=True, trim_blocks=True)
    return environment.get_template("report.html.j2").render(
        title=f"Access to {report.head.workspace}",
        head=[*head_lines(report)],
        script=loader.get_source(environment, "report.js")[0],
        style=loader.get_source(environment, "report.css")[0],
        data=_embedded(_packed(report)),
    )


def _embedded(data: Any) -> str:
    """JSON that cannot end the script element which it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _packed(report: Report) -> dict[str, Any]:
    """What the page's script reads: numbers instead of words, since there may be 150,000 grants."""
    stacks = [""] + sorted({f"{one.managed_by}\n{one.urn}" for one in report.grants if one.managed_by})
    number = {stack: index for index, stack in enumerate(stacks)}
    flat: list[int] = []
    for one in report.grants:
        change = 0 if one.before is None else 1 if one.before == "none" else 2
        code = LEVELS.index(one.level) + 4 * SOURCES.index(one.source) + 16 * change
        flat += (one.subject, one.place, code, number[f"{one.managed_by}\n{one.urn}" if one.managed_by else ""])
    projects = {one.name: index for index, one in enumerate(report.places) if one.kind == "project"}
    return {
        "levels": LEVELS,
        "sources": SOURCES,
        "subjects": [[one.kind == "group", one.shown, one.account_id or one.id, one.role] for one in report.subjects],
        "places": [[one.kind, one.name, projects.get(one.project, -1), one.public] for one in report.places],
        "stacks": stacks,
        "states": bool(report.head.states),
        "grants": flat,
        "changed": [
            [report.subjects[one.subject].shown, report.places[one.place].shown, one.before, one.level]
            for one in report.grants
            if one.before is not None
        ]
        + [[one.subject, one.place, one.before, one.now] for one in report.gone],
        "since": report.head.since,
        "drift": [[one.subject, one.place, one.before, one.now, one.stack] for one in report.drift],
        "gaps": [[one.place, one.what, one.why] for one in report.gaps],
    }
