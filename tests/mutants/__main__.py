"""`make mutants`: change what a run knows, one small change after the other, and fail on one that no test notices.

    python -m tests.mutants                    everything in run/
    python -m tests.mutants '*.run.people*'    what matches
    TESTS=ledger,store python -m tests.mutants '*.run.facts*'    with these files' tests alone: minutes, not hours

mutmut works in a copy under .cache/mutants, because it wants the package in src/; there it keeps what it knows of code
that has not changed. `explained.yaml` says which mutants may live, and why.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from tests.engine.builds import CACHE, ROOT

PACKAGE = "bitbucket_user_provider"
PLACE = CACHE / "mutants"
EXPLAINED = Path(__file__).with_name("explained.yaml")
ALIVE = ("survived", "no tests", "suspicious")
"""What mutmut calls a mutant that was not killed; one that runs for ever counts as killed."""


def prepare() -> None:
    """The copy, in which what has not changed keeps its time, by which mutmut knows it."""
    for source, target in ((ROOT / "provider" / PACKAGE, PLACE / "src" / PACKAGE), (ROOT / "tests", PLACE / "tests")):
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    project, inner = (ROOT / "pyproject.toml").read_text(), PLACE / "mutants"
    if names := os.environ.get("TESTS"):
        files = [f"tests/unit/test_{name}.py" for name in names.split(",")]
        project = re.sub(r"(?<=^pytest_add_cli_args_test_selection = )\[.*?\]", f"{files}", project, flags=re.M | re.S)
    there = PLACE / "pyproject.toml"
    if (
        not there.exists() or there.read_text() != project
    ):  # other tests come to other functions, and notice other things
        shutil.rmtree(inner, ignore_errors=True)
    there.write_text(project)
    for mutated in (inner / "src").rglob("*.py"):  # of what has been removed or renamed
        if not (PLACE / mutated.relative_to(inner)).exists():
            mutated.unlink()


def mutmut(*arguments: str, shown: bool = False) -> str:
    command = [str(Path(sys.executable).with_name("mutmut")), *arguments]
    done = subprocess.run(command, cwd=PLACE, stdout=None if shown else subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{(done.stdout or '')[-2000:]}\nmutmut {arguments[0]} failed with exit code {done.returncode}")
    return done.stdout or ""


def alive() -> dict[str, str]:
    """Mutant → how it reads in `explained.yaml`."""
    found = re.findall(r"^\s*(\S+): (.+)$", mutmut("results"), re.MULTILINE)
    return {name: described(name) for name, status in found if status in ALIVE}


def described(name: str) -> str:
    """The function and what a line of it has become: `people.People.learn: together = None`."""
    function = re.sub(r"__mutmut_\d+$", "", name).removeprefix(f"{PACKAGE}.run.")
    function = function.replace("xǁ", "").replace("ǁ", ".").replace(".x_", ".")
    diff = mutmut("show", name).splitlines()
    lines = [line[1:].strip() for line in diff if line.startswith("+") and not line.startswith("+++")]
    return f"{function}: {' '.join(lines) or 'nothing'}"


def main(*patterns: str) -> None:
    prepare()
    children = str(2 * (os.cpu_count() or 1))  # some changes only wait, until they are ended
    redraws = sys.stdout.isatty()  # mutmut redraws a line all the time
    mutmut("run", "--max-children", children, *patterns, shown=redraws)
    reasons: dict[str, str] = yaml.safe_load(EXPLAINED.read_text()) or {}
    wanted = [name if name.endswith("*") else f"{name}*" for name in patterns] or ["*"]
    mutants = {name: text for name, text in alive().items() if any(fnmatchcase(name, one) for one in wanted)}
    unexplained = [
        f"{text}\n    mutmut show {name}"
        for name, text in mutants.items()
        if not any(fnmatchcase(text, pattern) for pattern in reasons)
    ]
    idle = [one for one in reasons if not any(fnmatchcase(text, one) for text in mutants.values())]
    if unexplained:
        sys.exit(
            "No test notices these changes. Write one, or say in tests/mutants/explained.yaml why it does not matter "
            f"(`mutmut show` works in {PLACE.relative_to(ROOT)}):\n" + "\n".join(unexplained)
        )
    if idle and not patterns:
        sys.exit("Explained, but not alive any more: " + ", ".join(idle))
    print(f"{len(mutants)} mutants live, each explained")


if __name__ == "__main__":
    main(*sys.argv[1:])
