"""The Python SDK for people who write programs: its types take what programs read, and say what they are."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pulumi_bitbucket_user as native
import pulumi_bitbucket_user.dynamic as dynamic
import pytest
from bitbucket_user_provider.resources import RESOURCES
from mypy import api as mypy

from tests.engine.builds import ROOT

FROM_A_FILE = """
import csv
import pulumi
import pulumi_bitbucket_user as bitbucket
import pulumi_bitbucket_user.dynamic as dynamic

access: dict[str, dict[str, str]] = {}
for repository, person, group, level in csv.reader(open("access.csv")):
    access.setdefault(repository, {})[person] = level
    bitbucket.RepositoryUserPermission("a", workspace="acme", repo_slug=repository, user_id=person, permission=level)
    bitbucket.ProjectGroupPermission("b", workspace="acme", project_key="CORE", group_slug=group, permission=level)

of_groups: dict[str, str] = pulumi.Config().require_object("groups")
for repository, permissions in access.items():
    dynamic.RepositoryUserPermissions(
        repository, workspace="acme", repo_slug=repository, permissions=permissions, groups=of_groups
    )
"""
BY_ENUM = """
from pulumi_bitbucket_user import ProjectPermission, ProjectUserPermissions

ProjectUserPermissions(
    "core",
    workspace="acme",
    project_key="CORE",
    permissions={"712020:a": ProjectPermission.CREATE_REPO, "712020:b": "read"},
    groups={"developers": ProjectPermission.READ},
)
"""
README = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[0]


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the type checker knows of Pulumi and of this package once it has read them."""
    return tmp_path_factory.mktemp("checked")


@pytest.mark.parametrize("program", [README, FROM_A_FILE, BY_ENUM], ids=["README", "levels from a file", "enums"])
def test_programs_pass_the_type_checker_as_it_comes(program: str, tmp_path: Path, checked: Path) -> None:
    (tmp_path / "__main__.py").write_text(program)
    out, trouble, status = mypy.run(["--config-file=", f"--cache-dir={checked}", str(tmp_path / "__main__.py")])
    assert status == 0, out + trouble


def test_the_package_can_be_imported_where_warnings_are_errors() -> None:
    command = [sys.executable, "-W", "error", "-c", "import pulumi_bitbucket_user.dynamic"]
    assert subprocess.run(command, capture_output=True, text=True).stderr == ""


@pytest.mark.parametrize("sdk", [native, dynamic], ids=["native", "dynamic"])
def test_every_class_of_a_resource_says_what_it_is(sdk: object) -> None:
    silent = [name for name in RESOURCES if "Ids for import look like" not in (getattr(sdk, name).__doc__ or "")]
    assert silent == []
