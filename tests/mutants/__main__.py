"""`make mutants`: change what a run knows, one small change after the other, and fail on one that no test notices.

    python -m tests.mutants                    everything in run/
    python -m tests.mutants '*.run.people*'    what matches

`explained.yaml` says which mutants may live, and why; those are not tried. Of the others most are noticed by the few
test files of NEAR, which take seconds; only what those let live meets all the files of pyproject.toml.

mutmut works in copies under .cache/mutants, because it wants the package in src/.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence, Set
from difflib import unified_diff
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from tests.engine.builds import CACHE, ROOT

PACKAGE = "bitbucket_user_provider"
EXPLAINED = Path(__file__).with_name("explained.yaml")
NEAR = (
    "deploy_keys",
    "deployment_variables",
    "failed_deletes",
    "gone_means_proven_gone",
    "grants",
    "ledger",
    "listing",
    "people",
    "shared_things",
    "store",
    "things",
    "variables",
)
LIVES = 0
"""What mutmut notes of a mutant: the exit code of its tests."""
ALIVE = ("survived", "no tests", "suspicious")
"""What mutmut calls a mutant that was not killed; one that runs for ever counts as killed."""
SELECTION = re.compile(r"(?<=^pytest_add_cli_args_test_selection = )\[.*?\]", re.MULTILINE | re.DOTALL)


class Copy:
    """One under .cache/mutants, with the tests of its own."""

    def __init__(self, name: str, tests: Sequence[str] = ()) -> None:
        self._place = CACHE / "mutants" / name
        self._mutated = self._place / "mutants" / "src" / PACKAGE / "run"
        shutil.rmtree(self._place, ignore_errors=True)  # mutmut would not see that a test has changed
        for source, target in ((ROOT / "provider" / PACKAGE, f"src/{PACKAGE}"), (ROOT / "tests", "tests")):
            shutil.copytree(source, self._place / target, ignore=shutil.ignore_patterns("__pycache__"))
        project = (ROOT / "pyproject.toml").read_text()
        if tests:
            project = SELECTION.sub(f"{[f'tests/unit/test_{name}.py' for name in tests]}", project)
        (self._place / "pyproject.toml").write_text(project)

    def run(self, *names: str) -> None:
        children = str(2 * (os.cpu_count() or 1))  # some changes only wait, until they are ended
        self._mutmut("run", "--max-children", children, *names, shown=sys.stdout.isatty())

    def alive(self) -> list[str]:
        found = re.findall(r"^\s*(\S+): (.+)$", self._mutmut("results"), re.MULTILINE)
        return [name for name, status in found if status in ALIVE]

    def described(self) -> dict[str, str]:
        """Mutant → how it reads in `explained.yaml`: `people.People.learn: together = None`."""
        texts = {}
        for file in sorted(self._mutated.glob("*.py")):
            functions = dict(_functions(file))
            for name, lines in functions.items():
                origin, is_mutant, _ = name.partition("__mutmut_")
                if not is_mutant or name.endswith("__mutmut_orig"):
                    continue
                diff = unified_diff(functions[f"{origin}__mutmut_orig"], lines, lineterm="", n=0)
                new = [line[1:].strip() for line in diff if line.startswith("+") and not line.startswith("+++")]
                readable = f"{file.stem}.{origin}".replace("xǁ", "").replace("ǁ", ".").replace(".x_", ".")
                texts[f"{PACKAGE}.run.{file.stem}.{name}"] = f"{readable}: {' '.join(new) or 'nothing'}"
        return texts

    def note(self, names: Set[str]) -> None:
        """That these live, so that mutmut does not try them."""
        for file in self._mutated.glob("*.meta"):
            known = json.loads(file.read_text())
            known["exit_code_by_key"] |= dict.fromkeys(names & known["exit_code_by_key"].keys(), LIVES)
            file.write_text(json.dumps(known))

    def _mutmut(self, *arguments: str, shown: bool = False) -> str:
        command = [str(Path(sys.executable).with_name("mutmut")), *arguments]
        done = subprocess.run(command, cwd=self._place, stdout=None if shown else subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(f"{(done.stdout or '')[-2000:]}\nmutmut {arguments[0]} failed with exit code {done.returncode}")
        return done.stdout or ""


def _functions(file: Path) -> Iterator[tuple[str, list[str]]]:
    """Each of the file with its lines, in which it is called alike, whichever mutant it is."""
    source = file.read_text()
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and "__mutmut_" in node.name:
            assert node.end_lineno is not None
            text = lines[node.lineno - 1 : node.end_lineno]
            name = re.sub(r"^x_|^xǁ.*ǁ|__mutmut_.*", "", node.name)
            yield node.name, [text[0].replace(node.name, name), *text[1:]]


def main(*patterns: str) -> None:
    reasons: dict[str, str] = yaml.safe_load(EXPLAINED.read_text()) or {}
    wanted = [name if name.endswith("*") else f"{name}*" for name in patterns] or ["*"]
    near = Copy("near", NEAR)
    near.run("*.run.environment.*_1")  # a few; all are made for it
    texts = near.described()
    explained = {name for name, text in texts.items() if any(fnmatchcase(text, pattern) for pattern in reasons)}
    near.note(explained)
    near.run(*patterns)
    left = [name for name in near.alive() if name not in explained and any(fnmatchcase(name, one) for one in wanted)]
    print(f"{len(texts)} mutants, {len(explained)} explained, {len(left)} for all tests")
    if left:
        everything = Copy("all")
        everything.run(*left)
        alive = {*everything.alive()}
        left = [name for name in left if name in alive]
    if left:
        sys.exit(
            "No test notices these changes. Write one, or say in tests/mutants/explained.yaml why it does not matter "
            "(`mutmut show` works in .cache/mutants/all):\n"
            + "\n".join(f"{texts[name]}\n    mutmut show {name}" for name in left)
        )
    if idle := [one for one in reasons if not any(fnmatchcase(text, one) for text in texts.values())]:
        sys.exit("Explained, but there are no such mutants any more: " + ", ".join(idle))
    print("Each is noticed by a test or explained")


if __name__ == "__main__":
    main(*sys.argv[1:])
