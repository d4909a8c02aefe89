"""What CONTRIBUTING.md lists for a new resource is all that it takes, and whatever is left out of it is named.

`tests/adding/` holds the files of a small resource, each where it belongs in a checkout; they are put into a copy of
this one. Default reviewers are real in Bitbucket, and this package does not offer them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.completeness import missing
from tests.engine.builds import ROOT
from tests.engine.toolchains import need

ADDED = ROOT / "tests" / "adding"
NAME = "RepositoryDefaultReviewer"
LIST = "/repositories/{workspace}/{repo_slug}/default-reviewers"
ROUTE = f"{LIST}/{{selected_user}}"
BECAUSE = "because: default reviewers are not in the selection of the specification that this is compared with"
LINES = {
    "provider/bitbucket_user_provider/resources/__init__.py": ("NAMES = (\n", f'    "{NAME}",\n'),
    "tests/operations.py": (
        "SUCCESSORS = [\n",
        f'    *_operations("GET", "{LIST}", "{NAME}"),\n    *_operations("PUT DELETE", "{ROUTE}", "{NAME}"),\n',
    ),
    "provider/bitbucket_user_emulator/contract/operations.yaml": (
        "\noperations:\n",
        f"  {LIST}:\n"
        f"    GET: {{{BECAUSE}, credentials: api-token oauth, 200: page of user}}\n"
        f"  {ROUTE}:\n"
        f"    GET: {{{BECAUSE}, credentials: api-token oauth, 200: user, 404: error}}\n"
        f"    PUT: {{{BECAUSE}, credentials: api-token oauth, 200: user, 400: error, 404: error}}\n"
        f"    DELETE: {{{BECAUSE}, credentials: api-token oauth, 204: nothing, 404: error}}\n",
    ),
    "provider/bitbucket_user_provider/rest/scopes.py": (
        "SCOPES = {\n",
        '    "GET /repositories/{}/{}/default-reviewers": ("read:repository", "repository:admin"),\n'
        '    "GET /repositories/{}/{}/default-reviewers/{}": ("read:repository", "repository:admin"),\n'
        '    "PUT /repositories/{}/{}/default-reviewers/{}": ("admin:repository", "repository:admin"),\n'
        '    "DELETE /repositories/{}/{}/default-reviewers/{}": ("admin:repository", "repository:admin"),\n',
    ),
    "provider/bitbucket_user_emulator/world.py": (
        "    files: dict[str, str] = field(default_factory=dict)\n",
        "    default_reviewers: dict[str, str] = field(default_factory=dict)\n",
    ),
    "tests/contract/test_contract.py": (
        '    pull_request = bitbucket.open_pull_request("acme", "api")\n',
        '    acme.repositories["api"].default_reviewers[ada.uuid] = "2026-01-01T00:00:00+00:00"\n',
    ),
}
"""File → what its line stands below, and the line. A field of `world.py` belongs to the emulator's routes."""

MISSED = {
    "provider/bitbucket_user_provider/resources/repository_default_reviewer.py": (
        "No module named 'bitbucket_user_provider.resources.repository_default_reviewer'"
    ),
    "provider/bitbucket_user_provider/resources/__init__.py": (
        f"{NAME} is not in the list of bitbucket_user_provider.resources"
    ),
    "provider/bitbucket_user_emulator/default_reviewers.py": f"The emulator has no route for PUT {ROUTE}",
    "tests/acceptance/lives/repository_default_reviewer.py": (
        f"{NAME} has no life: tests/acceptance/lives/repository_default_reviewer.py"
    ),
    "examples/default-reviewers": f"{NAME} is in no program of examples/",
    "docs/examples/repository_default_reviewer.yaml": "docs/examples/repository_default_reviewer.yaml, which",
    "tests/operations.py": f"{NAME} serves no operation of tests/operations.py",
    "provider/bitbucket_user_emulator/contract/operations.yaml": (
        f"GET {LIST} is not described in contract/operations.yaml"
    ),
    "provider/bitbucket_user_provider/rest/scopes.py": (
        "GET /repositories/{}/{}/default-reviewers has no scopes in bitbucket_user_provider/rest/scopes.py"
    ),
}
"""What a resource touches → what `tests.completeness` says without it."""
LAST = "tests/contract/test_contract.py"
"""The one part whose lack only the tests show."""

NOT_COPIED = shutil.ignore_patterns(".*", "venv", "node_modules", "bin", "dist", "__pycache__", "adding")
CHECKS = [f"tests/unit/test_{name}.py" for name in ("operations", "readme", "schema", "site")]
"""Where the lists of all resources are held against each other."""
BEHAVIOUR = ["tests/unit/test_every_kind.py", "tests/matrix", "tests/contract"]
"""Where each resource and operation is put to the test."""


class Checkout:
    """A copy of this checkout with the resource in it, but for one part of it."""

    def __init__(self, folder: Path, without: str = "") -> None:
        self.folder = folder
        shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
        for shared in (".venv", ".cache"):
            (folder / shared).symlink_to(ROOT / shared)
        shutil.copytree(ADDED, folder, dirs_exist_ok=True)
        for file, (below, line) in LINES.items():
            if file != without:
                text = (folder / file).read_text()
                assert text.count(below) == 1
                (folder / file).write_text(text.replace(below, below + line))
        if without and without not in LINES:
            left_out = folder / without
            shutil.rmtree(left_out) if left_out.is_dir() else left_out.unlink()

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        environ["PYTHONPATH"] = os.pathsep.join(str(self.folder / part) for part in ("provider", "sdk/python", "."))
        command = [str(self.folder / ".venv" / "bin" / "python"), *arguments]
        return subprocess.run(command, cwd=self.folder, env=environ, capture_output=True, text=True)


def test_nothing_that_is_here_is_incomplete() -> None:
    assert missing() == []


def test_a_resource_with_all_that_contributing_lists_needs_nothing_else(tmp_path: Path) -> None:
    need("go")
    checkout = Checkout(tmp_path / "checkout")
    pytest = ["-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider"]
    for step in (
        ["-m", "tests.engine.generate"],
        ["-m", "tests.documentation"],
        [*pytest, *CHECKS],
        [*pytest, *BEHAVIOUR, "-k", f"{NAME} or default-reviewers"],
    ):
        done = checkout.python(*step)
        assert done.returncode == 0, done.stdout + done.stderr
    assert f"`{NAME}`" in (checkout.folder / "docs" / "operations.md").read_text()


@pytest.mark.parametrize("part", MISSED)
def test_a_part_that_is_left_out_is_named(part: str, tmp_path: Path) -> None:
    done = Checkout(tmp_path / "checkout", without=part).python("-m", "tests.completeness")
    assert done.returncode == 1
    assert MISSED[part] in done.stderr


def test_contributing_lists_exactly_what_a_resource_touches() -> None:
    (section,) = re.findall(r"## Adding a resource\n(.*?)\n## ", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
    listed = re.findall(r"^\d+\. .*?`([^`]+)`", section, re.MULTILINE)
    for path, part in zip(listed, [*MISSED, LAST], strict=True):
        assert re.fullmatch(re.sub(r"<\w+>", "[^/]+", path).rstrip("/"), part)
    files = {path.relative_to(ADDED) for path in ADDED.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    touched = {str(file if file.parts[0] != "examples" else file.parent) for file in files} | {*LINES}
    assert touched - {"provider/bitbucket_user_emulator/world.py"} == {*MISSED, LAST}
