"""`report`: what it tells, what it compares, what it costs, and its page in a browser."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import jsonschema_rs
import pytest
from bitbucket_user_provider.cli.pages import as_csv, as_html
from bitbucket_user_provider.cli.review import Gap, Grant, Head, Report, Subject, Where

from tests.conftest import CheckedEmulator
from tests.engine.toolchains import BROWSER, need
from tests.unit.browser import Browser, Page, axe, browser
from tests.unit.cli import GRACE, run

T = TypeVar("T")
URN = "urn:pulumi:dev::access::bitbucket-user:index:RepositoryUserPermissions::"


@pytest.fixture(autouse=True)
def stocked(bitbucket: CheckedEmulator) -> None:
    bitbucket.grant("acme", "api", "Grace", "write")
    bitbucket.grant("acme", "web", "Bob", "admin")
    bitbucket.grant("acme", "CORE", "Grace", "create-repo")
    bitbucket.grant_group("acme", "web", "developers", "read")
    bitbucket.grant_group("acme", "OPS", "administrators", "admin")


def report(bitbucket: CheckedEmulator, tmp_path: Path, *more: str | Path, name: str = "now") -> Any:
    """The data, of a run that has to end with 0 or 1."""
    bitbucket.clear()
    ended = run(bitbucket, "report", "acme", "--json", tmp_path / name, *more, cache=tmp_path / "cache")
    assert ended.code in (0, 1), ended.err
    return json.loads((tmp_path / name).read_text())


def told(found: Any) -> set[tuple[str, str, str, str]]:
    """Subject, place, level and source of each grant."""
    names = [one["name"] for one in found["subjects"]]
    places = [one["name"] for one in found["places"]]
    return {(names[one["subject"]], places[one["place"]], one["level"], one["source"]) for one in found["grants"]}


def export(tmp_path: Path, **permissions: dict[str, str]) -> Path:
    """The export of a stack with a set for each repository; people by UUID."""
    resources = [
        {
            "urn": URN + slug,
            "type": "bitbucket-user:index:RepositoryUserPermissions",
            "outputs": {
                "workspace": "acme",
                "repoSlug": slug,
                "grants": [{"userUuid": uuid.strip("{}"), "permission": level} for uuid, level in people.items()],
            },
        }
        for slug, people in permissions.items()
    ]
    (tmp_path / "dev.json").write_text(json.dumps({"version": 3, "deployment": {"resources": resources}}))
    return tmp_path / "dev.json"


def test_it_tells_every_person_and_group_place_level_and_source(bitbucket: CheckedEmulator, tmp_path: Path) -> None:
    found = report(bitbucket, tmp_path)
    assert told(found) == {
        ("Ada Lovelace", "acme", "admin", "role"),
        ("Olga Owner", "acme", "admin", "role"),
        ("Grace Hopper", "api", "write", "direct"),
        ("Grace Hopper", "CORE", "create-repo", "direct"),
        ("Bob Kahn", "web", "admin", "direct"),
        ("Administrators", "api", "admin", "group"),
        ("Administrators", "CORE", "admin", "group"),
        ("Administrators", "OPS", "admin", "group"),
        ("Developers", "api", "write", "group"),
        ("Developers", "web", "read", "group"),
        ("Developers", "CORE", "read", "group"),
    }
    assert [one["name"] for one in found["subjects"]][:3] == ["Ada Lovelace", "Olga Owner", "Administrators"]
    assert found["head"]["complete"] and found["head"]["madeBy"].startswith("Ada Lovelace")
    content = {key: value for key, value in found.items() if key not in ("format", "head")}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert found["head"]["sha256"] == hashlib.sha256(text.encode()).hexdigest()


def test_the_data_keeps_to_the_schema_that_it_prints(bitbucket: CheckedEmulator, tmp_path: Path) -> None:
    schema = json.loads(run(bitbucket, "report", "--schema").out)
    jsonschema_rs.validator_for(schema).validate(report(bitbucket, tmp_path))


def test_it_costs_two_calls_a_place(bitbucket: CheckedEmulator, tmp_path: Path) -> None:
    bitbucket.populate(repositories=147)
    report(bitbucket, tmp_path)
    assert bitbucket.count("GET", "permissions-config") == 2 * 152
    assert len(bitbucket.requests) == 2 * 152 + 1 + 2 + 1 + 1  # caller, repositories, projects, roles


def test_effective_adds_what_only_groups_can_give(bitbucket: CheckedEmulator, tmp_path: Path) -> None:
    found = told(report(bitbucket, tmp_path, "--effective"))
    assert {one for one in found if one[3] == "effective"} == {
        ("Bob Kahn", "api", "write", "effective"),
        ("Alan Turing", "api", "write", "effective"),
        ("Alan Turing", "web", "read", "effective"),
    }


def test_a_state_says_what_is_managed_and_what_differs(bitbucket: CheckedEmulator, tmp_path: Path) -> None:
    grace, bob, alan = (bitbucket.person(name).uuid for name in ("Grace", "Bob", "Alan"))
    state = export(tmp_path, api={grace: "write", alan: "read"}, web={bob: "write"})
    ended = run(bitbucket, "report", "acme", "--state", state, "--json", "-", cache=tmp_path / "cache")
    assert ended.code == 1
    found = json.loads(ended.out)
    managed = {(found["subjects"][one["subject"]]["name"], one["managedBy"]) for one in found["grants"] if one["urn"]}
    assert managed == {("Grace Hopper", "access/dev"), ("Bob Kahn", "access/dev")}
    drift = {(one["place"], one["before"], one["now"]) for one in found["drift"]}
    assert drift == {("repository web", "write", "admin"), ("repository api", "read", "none")}


def test_since_tells_what_is_new_changed_and_gone(bitbucket: CheckedEmulator, tmp_path: Path) -> None:
    report(bitbucket, tmp_path, name="last")
    assert report(bitbucket, tmp_path, "--since", tmp_path / "last")["gone"] == []
    bitbucket.revoke("acme", "web", "Bob")
    bitbucket.grant("acme", "infra", "Bob", "read")
    bitbucket.grant("acme", "api", "Grace", "admin")
    found = report(bitbucket, tmp_path, "--since", tmp_path / "last")
    changed = {
        (found["places"][one["place"]]["name"], one["before"], one["level"])
        for one in found["grants"]
        if one["before"] is not None
    }
    assert changed == {("infra", "none", "read"), ("api", "write", "admin")}
    assert [(one["subject"], one["place"]) for one in found["gone"]] == [("Bob Kahn", "repository web")]


def test_what_could_not_be_read_is_neither_gone_nor_different(bitbucket: CheckedEmulator, tmp_path: Path) -> None:
    report(bitbucket, tmp_path, name="last")
    state = export(tmp_path, web={bitbucket.person("Bob").uuid: "admin"})
    bitbucket.fault("/repositories/acme/web/permissions-config/users", status=403)
    found = report(bitbucket, tmp_path, "--since", tmp_path / "last", "--state", state)
    assert not found["head"]["complete"]
    assert [(one["place"], one["what"]) for one in found["gaps"]] == [("repository web", "people")]
    assert found["gone"] == found["drift"] == []


def test_what_the_last_report_could_not_tell_is_not_new(bitbucket: CheckedEmulator, tmp_path: Path) -> None:
    bitbucket.fault("/repositories/acme/web/permissions-config/users", status=403)
    report(bitbucket, tmp_path, name="last")
    found = report(bitbucket, tmp_path, "--effective", "--since", tmp_path / "last")
    assert ("Bob Kahn", "web", "admin", "direct") in told(found)
    assert {one["source"] for one in found["grants"]} >= {"direct", "effective"}
    assert not [one for one in found["grants"] if one["before"] is not None]


LISTS_OF_THE_WORKSPACE = {"projects": "project", "permissions": "role", "permissions/repositories": "effective"}
"""And what is in none but that one: a kind of place, or a source."""


@pytest.mark.parametrize("path", LISTS_OF_THE_WORKSPACE)
def test_what_a_list_of_the_whole_workspace_would_show_is_neither_gone_nor_new_without_it(
    bitbucket: CheckedEmulator, tmp_path: Path, path: str
) -> None:
    def unreadable() -> None:
        bitbucket.fault(f"/workspaces/acme/{path}", status=403)

    def shown(found: Any) -> set[str]:
        places = [found["places"][one["place"]]["kind"] for one in found["grants"]]
        return {*places, *(one["source"] for one in found["grants"])}

    report(bitbucket, tmp_path, "--effective", name="last")
    bitbucket.revoke("acme", "api", "Grace")
    unreadable()
    found = report(bitbucket, tmp_path, "--effective", "--since", tmp_path / "last")
    assert LISTS_OF_THE_WORKSPACE[path] not in shown(found)
    assert [(one["subject"], one["place"]) for one in found["gone"]] == [("Grace Hopper", "repository api")]
    assert not [one for one in found["grants"] if one["before"] is not None]

    unreadable()
    report(bitbucket, tmp_path, "--effective", name="last")
    found = report(bitbucket, tmp_path, "--effective", "--since", tmp_path / "last")
    assert LISTS_OF_THE_WORKSPACE[path] in shown(found)
    assert found["gone"] == [] and not [one for one in found["grants"] if one["before"] is not None]


def test_somebody_without_the_right_gets_what_can_be_read_and_1(bitbucket: CheckedEmulator, tmp_path: Path) -> None:
    bitbucket.grant("acme", "api", "Grace", "admin")
    ended = run(bitbucket, "report", "acme", "--csv", tmp_path / "csv", environ=GRACE, cache=tmp_path / "cache")
    assert ended.code == 1
    assert "Could not be read: workspace, roles in the workspace" in ended.out
    assert "NOT COMPLETE" in (tmp_path / "csv").read_text()


@pytest.mark.parametrize("what", ["subject", "place"])
@pytest.mark.parametrize("number", [-1, 100])
def test_an_earlier_report_with_a_grant_of_nobody_or_nowhere_is_said(
    what: str, number: int, bitbucket: CheckedEmulator, tmp_path: Path
) -> None:
    content = report(bitbucket, tmp_path, name="last")
    content["grants"][0][what] = number
    (tmp_path / "last").write_text(json.dumps(content))
    ended = run(bitbucket, "report", "acme", "--since", tmp_path / "last")
    assert ended.code == 2 and "last is damaged: grants" in ended.err


@pytest.mark.parametrize("content", ["{}", '{"format": "bitbucket-user/report/1"}', "no json"])
def test_a_file_that_is_no_report_is_said(content: str, bitbucket: CheckedEmulator, tmp_path: Path) -> None:
    (tmp_path / "last").write_text(content)
    ended = run(bitbucket, "report", "acme", "--since", tmp_path / "last")
    assert ended.code == 2 and "last" in ended.err and not bitbucket.requests


def test_the_report_of_another_workspace_is_refused(bitbucket: CheckedEmulator, tmp_path: Path) -> None:
    report(bitbucket, tmp_path, name="last")
    ended = run(bitbucket, "report", "acme-dev", "--since", tmp_path / "last")
    assert ended.code == 2 and "is about workspace acme" in ended.err


def test_a_cell_of_the_table_is_never_a_formula(bitbucket: CheckedEmulator, tmp_path: Path) -> None:
    names = {"Grace": "=1+1", "Bob": '@SUM(A1), "quoted"\n+cmd'}
    for first, name in names.items():
        bitbucket.person(first).display_name = name
    run(bitbucket, "report", "acme", "--csv", tmp_path / "csv", cache=tmp_path / "cache")
    text = (tmp_path / "csv").read_bytes().decode()
    head = [line for line in text.splitlines() if line.startswith("#")]
    assert "acme" in head[0] and "SHA-256" in head[-1]
    rows = list(csv.DictReader(io.StringIO(text[text.index("kind,") :], newline="")))
    assert len(rows) == 11
    assert {row["name"] for row in rows} >= {"'=1+1", "'" + names["Bob"]}
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    assert {row["reviewer"] + row["decision"] + row["date"] for row in rows} == {""}


# Its page, in a browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    need(BROWSER)
    with browser() as started:
        yield started


@pytest.fixture
def visited(chromium: Browser, tmp_path: Path) -> Callable[[str, Callable[[Page], Awaitable[Any]]], Any]:
    """Opens a page from disk, in a browser that has no network."""

    def visit(html: str, look: Callable[[Page], Awaitable[T]]) -> T:
        (tmp_path / "page.html").write_text(html, encoding="utf-8")

        async def opened(page: Page) -> T:
            await page.open(tmp_path / "page.html")
            found = await look(page)
            assert page.asked == [(tmp_path / "page.html").as_uri()], "the page asks for something from outside"
            return found

        return chromium.visit(opened)

    return visit


def made_up(people: int = 3, repositories: int = 3, name: str = "Person {}") -> Report:
    """Everybody holds something everywhere; the first is an administrator of the workspace."""
    places = [Where(kind="workspace", name="acme"), Where(kind="project", name="CORE")]
    places += [Where(kind="repository", name=f"repo-{number:04}", project="CORE") for number in range(repositories)]
    subjects = [Subject(kind="person", id=f"uuid-{one}", name=name.format(one)) for one in range(people)]
    levels = ("read", "write", "admin")
    grants = [Grant(subject=0, place=0, level="admin", source="role")]
    grants += [
        Grant.model_construct(subject=one, place=where, level=levels[(one + where) % 3], source="direct")
        for one in range(people)
        for where in range(2, len(places))
    ]
    head: dict[str, Any] = {
        "workspace": "acme",
        "made_on": "2026-11-28",
        "made_by": "Ada",
        "version": "0",
        "complete": True,
    }
    head |= dict.fromkeys(("people", "groups", "repositories", "projects", "grants"), 0) | {"effective": False}
    made = Report(head=Head.model_validate(head), subjects=subjects, places=places, grants=[])
    made.grants = grants
    return made.seal()


def test_150_000_grants_are_a_small_file_of_which_little_is_drawn(visited: Any) -> None:
    html = as_html(made_up(300, 500))
    assert len(html.encode()) < 5_000_000

    async def look(page: Page) -> Any:
        return await page.run("[byId('count').textContent, document.getElementsByTagName('*').length]")

    count, elements = visited(html, look)
    assert count == "300 people and groups, 501 places, 150,001 grants"
    assert elements < 6_000


def test_names_are_text_and_never_a_part_of_the_page(visited: Any) -> None:
    hostile = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"> {}"

    async def look(page: Page) -> Any:
        return await page.run("[document.title, byId('matrix').textContent, document.images.length]")

    title, text, images = visited(as_html(made_up(name=hostile)), look)
    assert title == "Access to acme" and images == 0
    assert hostile.format(1) in text


def test_filters_narrow_the_page_and_a_reset_shows_all(visited: Any) -> None:
    set_to = """(id, value) => { byId(id).value = value; byId(id).dispatchEvent(new Event('input')); }"""

    async def look(page: Page) -> list[str]:
        said = []
        for id, value in (("name", "person 1"), ("place", "0002"), ("level", "read")):
            await page.run(f"({set_to})({id!r}, {value!r})")
            said.append(await page.run("byId('count').textContent"))
        await page.run("byId('filters').reset()")
        return [*said, await page.run("byId('count').textContent")]

    assert visited(as_html(made_up()), look) == [
        "1 person or group, 4 places, 3 grants",
        "1 person or group, 1 place, 1 grant",
        "0 people and groups, 0 places, 0 grants",
        "3 people and groups, 4 places, 10 grants",
    ]


def test_a_level_is_a_letter_with_where_it_comes_from(visited: Any) -> None:
    async def look(page: Page) -> Any:
        row = "[...byId('matrix').querySelectorAll('tbody tr:first-child td:not(.number)')]"
        return await page.run(f"{row}.map((cell) => [cell.textContent, cell.className, cell.title])")

    cells = visited(as_html(made_up()), look)
    assert [cell[0] for cell in cells] == ["Ar", "A", "Ar", "Ar"]
    assert cells[1][2] == "Person 0, repository repo-0000, admin, direct"
    assert {cell[1] for cell in cells} == {"admin"}


def test_everything_can_be_reached_by_the_keyboard(visited: Any) -> None:
    async def look(page: Page) -> list[str]:
        reached = []
        for _ in range(12):
            for kind in ("keyDown", "keyUp"):
                await page.send("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
            reached.append(await page.run("document.activeElement.id || document.activeElement.ariaLabel"))
        return reached

    reached = visited(as_html(made_up(100, 100)), look)
    expected = [
        "name",
        "place",
        "level",
        "source",
        "Next people and groups",
        "Next places",
        "People and groups by places",
    ]
    assert [one for one in dict.fromkeys(reached) if one in expected] == expected


def test_on_paper_every_person_stands_with_all_places(visited: Any) -> None:
    async def look(page: Page) -> Any:
        await page.run("dispatchEvent(new Event('beforeprint'))")
        await page.send("Emulation.setEmulatedMedia", media="print")
        return await page.run("[byId('print').innerText, getComputedStyle(byId('filters')).display]")

    text, filters = visited(as_html(made_up(2, 90)), look)
    assert "Person 1" in text and "repo-0000" in text and "repo-0089" in text
    assert filters == "none"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_way_of_anybody(scheme: str, visited: Any, tmp_path: Path) -> None:
    found = made_up(50, 60)
    found.gaps.append(Gap(place="repository x", what="people", why="403"))

    need("npm")

    async def look(page: Page) -> Any:
        await page.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        await page.run(f"{axe()};0")
        return await page.run("axe.run().then((all) => all.violations.map((one) => [one.impact, one.id]))")

    assert visited(as_html(found), look) == []


def test_it_fits_a_narrow_window(visited: Any) -> None:
    async def look(page: Page) -> Any:
        await page.send("Emulation.setDeviceMetricsOverride", width=400, height=800, deviceScaleFactor=1, mobile=False)
        return await page.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth")

    assert visited(as_html(made_up(50, 60)), look)


def test_the_table_of_a_made_up_report_has_a_row_for_each_grant() -> None:
    assert as_csv(made_up()).count("\r\n") == 5 + 1 + 10
