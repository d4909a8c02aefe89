"""The documentation site: it builds, nothing in it leads nowhere, and what it shows is run by tests."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from bitbucket_user_provider.functions import FUNCTIONS
from bitbucket_user_provider.resources import RESOURCES

from tests.documentation import SCHEMA
from tests.engine.builds import ROOT
from tests.site import errors, programs, reference, scopes
from tests.site.outputs import OUTPUTS

DOCS = ROOT / "docs"
OF_THE_REGISTRY = {"_index.md", "installation-configuration.md"}
PAGES = sorted(path for path in DOCS.rglob("*.md") if path.name not in OF_THE_REGISTRY)
INCLUDED = re.compile(r'--8<-- "([^":]+)')
RUN_BY_NAME = {"native-python", "native-typescript", "native-go", "native-java", "native-yaml", "guard-rails"}
"""Examples that tests/acceptance/test_languages.py and tests/site/outputs.py run; the others are found by their
`__main__.py` in test_examples.py."""


class Links(HTMLParser):
    """Where a page leads, what it loads, and what can be led to in it."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.leads: list[str] = []
        self.loads: list[str] = []
        self.anchors = {""}
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.leads.append(found["href"])
        if "src" in found:
            self.loads.append(found["src"])
        if tag == "link" and found.get("rel") != "canonical":
            self.loads.append(found["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Links]:
    """Every page of the site as it is built, strictly."""
    folder = tmp_path_factory.mktemp("site")
    # Not --quiet: what MkDocs does not print, it does not count for --strict either.
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return {page: Links(page) for page in folder.rglob("*.html") if page.name != "404.html"}


def test_every_link_image_and_anchor_leads_somewhere(site: dict[Path, Links]) -> None:
    nowhere = [
        f"{page}: {link}"
        for page, links in site.items()
        for link in [*links.leads, *links.loads]
        if not urlsplit(link).scheme and not leads_somewhere(site, page, link)
    ]
    assert nowhere == []


def leads_somewhere(site: dict[Path, Links], page: Path, link: str) -> bool:
    path, anchor = urldefrag(link)
    target = (page.parent / unquote(urlsplit(path).path)).resolve() if path else page
    if target.is_dir():
        target /= "index.html"
    return target.exists() and (not anchor or unquote(anchor) in site[target].anchors)


def test_no_page_loads_anything_from_elsewhere(site: dict[Path, Links]) -> None:
    assert {load for links in site.values() for load in links.loads if urlsplit(load).netloc} == set()
    asked_by_the_theme = [page for page in site if 'data-md-component="source"' in page.read_text()]
    assert asked_by_the_theme == []


def test_no_marker_and_no_shortcode_is_left_in_a_page(site: dict[Path, Links]) -> None:
    left = re.compile(r"&lt;!-- generated|<!-- generated|\{\{%|--8&lt;--|--8<--")
    assert [page for page in site if left.search(page.read_text())] == []


def test_there_is_a_page_for_every_resource_and_function_and_it_names_all_that_can_be_written() -> None:
    pages = reference.pages()
    for folder, names in (("resources", RESOURCES), ("functions", FUNCTIONS)):
        for name in names:
            page, spec = pages[reference.path(folder, name)], SCHEMA[folder][f"bitbucket-user:index:{name}"]
            inputs = spec["inputProperties"] if folder == "resources" else spec["inputs"]["properties"]
            outputs = spec["properties"] if folder == "resources" else spec["outputs"]["properties"]
            missing = [key for key in {**inputs, **outputs} if f"`{key}`" not in page]
            assert missing == [] and f"# {name}\n" in page
            assert all(f"`{one.name}`" in page for one in reference.served(name))


def test_a_page_of_a_resource_tells_defaults_secrets_ids_and_what_replaces() -> None:
    variable = reference.resource("WorkspacePipelineVariable")
    assert "`secured` · boolean · default `false`\n" in variable
    assert "`value` · string · **required** · secret\n" in variable
    assert "`workspace` · string · **required** · a change replaces\n" in variable
    assert "## What is secret\n\n`value`" in variable
    assert f"WorkspacePipelineVariable NAME '{RESOURCES['WorkspacePipelineVariable'].EXAMPLES[1]}'" in variable
    assert "| create | 1 POST | 1 |" in variable


def test_neighbours_are_named_with_what_they_are_for() -> None:
    found = reference.resource("RepositoryUserPermission").partition("## See also")[2]
    for name in ("RepositoryUserPermissions", "ProjectUserPermission", "getRepositoryUserPermission"):
        assert f"[{name}]" in found


def test_the_scopes_are_those_of_the_operations() -> None:
    table = scopes.table()
    sets = re.search(r".*`RepositoryUserPermissions`.*", table)
    assert sets and "| `read:repository` | `admin:repository` `write:permission` `delete:permission` |" in sets[0]
    every = {f"{scope}:bitbucket" for one in scopes.EVERY for scope in one.api_token_scopes}
    assert every == set(scopes.every().splitlines()[1:-1])
    shown = set(re.findall(r"`([a-z]+:[a-z-]+)`", table))
    assert {f"{scope}:bitbucket" for scope in shown} <= every


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_what_a_page_includes_is_run_by_tests_and_no_program_is_pasted(page: Path) -> None:
    text = page.read_text()
    for included in INCLUDED.findall(text):
        path = ROOT / included
        assert path.exists() and is_run(path), included
    pasted = re.findall(r"^ *```(?:python|typescript|go|java|csharp)\n(?! *--8<--)", text, re.MULTILINE)
    assert pasted == []


def is_run(path: Path) -> bool:
    if path.parent == OUTPUTS:
        return True  # tests/acceptance/test_outputs.py
    examples = ROOT / "examples"
    project = examples / path.relative_to(examples).parts[0]
    return project.name in RUN_BY_NAME or {"__main__.py", "Pulumi.yaml"} <= {one.name for one in project.iterdir()}


def test_every_output_is_shown_in_a_guide() -> None:
    shown = {included for page in PAGES for included in INCLUDED.findall(page.read_text())}
    assert {f"docs/outputs/{path.name}" for path in OUTPUTS.iterdir()} <= shown


@pytest.mark.parametrize("group", errors.GROUPS, ids=lambda group: str(group.title))
def test_the_words_of_an_error_stand_in_the_code_that_says_it(group: errors.Group) -> None:
    said = words_of_the_package()
    unsaid = [piece for one in group.errors if one.said_by != "Pulumi" for piece in one.pieces if piece not in said]
    assert unsaid == []


def test_every_group_of_errors_concerns_something() -> None:
    names = [*RESOURCES, *FUNCTIONS]
    idle = [pattern for group in errors.GROUPS for pattern in group.about if not concerned(pattern, names)]
    assert idle == []


def concerned(pattern: str, names: list[str]) -> bool:
    return any(errors.Group("", (pattern,), ()).concerns(name) for name in names)


@cache
def words_of_the_package() -> str:
    """Every text in its code, a line each. What is put into an f-string at run time shows as "…"."""
    return "\n".join(_texts())


def _texts() -> Iterator[str]:
    for path in (ROOT / "provider" / "bitbucket_user_provider").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                yield "".join(one.value if isinstance(one, ast.Constant) else "…" for one in node.values)  # type: ignore[misc]
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


REGISTRY = """What it is.

{{% examples %}}
## Example Usage

{{% example %}}
### One person

```typescript
const a = 1;
```
```python
a = 1

b = 2
```

{{% /example %}}
{{% example %}}
### Everybody

```yaml
a: 1
```
{{% /example %}}
{{% /examples %}}

Ids for import."""


def test_programs_of_the_schema_become_tabs_python_first() -> None:
    text, tabs = programs.split(REGISTRY)
    assert text == "What it is.\n\nIds for import."
    assert tabs.startswith(
        '### One person\n\n=== "Python"\n\n    ```python\n    a = 1\n    \n    b = 2\n    ```\n\n=== "TypeScript"'
    )
    assert tabs.index("### Everybody") < tabs.index('=== "YAML"')
    assert "{{%" not in tabs


def test_a_description_without_programs_stays_as_it_is() -> None:
    assert programs.split("What it is.\n\nMore.") == ("What it is.\n\nMore.", "")
