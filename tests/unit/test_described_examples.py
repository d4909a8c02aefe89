"""The examples in the descriptions of schema.json, as they are committed: in every language, and each compiles."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.completeness import missing
from tests.engine import compiled, examples
from tests.engine.builds import ROOT
from tests.engine.toolchains import JAVA, need

SCHEMA = json.loads((ROOT / "provider" / "schema.json").read_text())
PROGRAMS = {
    stem: dict(re.findall(r"```(\w+)\n(.*?)```", spec["description"], re.DOTALL))
    for stem, spec in examples.described(SCHEMA)
}
"""Stem → language → program."""


@pytest.mark.parametrize("stem", PROGRAMS)
def test_there_is_one_in_every_language_and_it_uses_what_it_describes(stem: str) -> None:
    assert {*PROGRAMS[stem]} == {*examples.LANGUAGES, "yaml"}
    name = stem.replace("_", "")
    assert all(name in text.replace("_", "").replace("Lookup", "get").lower() for text in PROGRAMS[stem].values())


def test_those_in_python_type_check(tmp_path: Path) -> None:
    for stem, program in PROGRAMS.items():
        (tmp_path / f"example_{stem}.py").write_text(program["python"])
    mypy = [sys.executable, "-m", "mypy", "--no-error-summary", "--config-file", str(ROOT / "pyproject.toml")]
    done = subprocess.run([*mypy, str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_those_in_typescript_compile(tmp_path: Path) -> None:
    need("node", "npm")
    compiled.node_modules(tmp_path)
    shutil.copy(ROOT / "examples" / "native-typescript" / "tsconfig.json", tmp_path)
    for stem, program in PROGRAMS.items():
        (tmp_path / f"{stem}.ts").write_text(program["typescript"])
    text = (tmp_path / "tsconfig.json").read_text()
    (tmp_path / "tsconfig.json").write_text(re.sub(r'"files": \[.*?\]', '"include": ["*.ts"]', text, flags=re.DOTALL))
    done = subprocess.run([*compiled.COMPILE, "--noEmit"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_those_in_go_compile(tmp_path: Path) -> None:
    need("go")
    for stem, program in PROGRAMS.items():
        (tmp_path / stem).mkdir()
        (tmp_path / stem / "main.go").write_text(program["go"])
    source = ROOT / "examples" / "native-go"
    shutil.copy(source / "go.sum", tmp_path)
    (tmp_path / "go.mod").write_text((source / "go.mod").read_text().replace("../../sdk/go", str(ROOT / "sdk" / "go")))
    done = subprocess.run(["go", "vet", "./..."], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_those_in_java_compile(tmp_path: Path) -> None:
    need("go", *JAVA)
    for stem, program in PROGRAMS.items():
        (tmp_path / stem).mkdir()
        text = program["java"].replace("package generated_program;", f"package generated_program.{stem};")
        (tmp_path / stem / "App.java").write_text(text)
    javac = ["javac", "-cp", compiled.java_classes(), "-d", "classes", "-proc:none"]
    done = subprocess.run([*javac, *tmp_path.rglob("*.java")], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_one_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sources = shutil.copytree(examples.FOLDER, tmp_path / "examples")
    (sources / "user_ssh_key.yaml").rename(sources / "user_ssh_kee.yaml")
    monkeypatch.setattr(examples, "FOLDER", sources)
    assert missing() == [
        "docs/examples/user_ssh_key.yaml, which the documentation of user_ssh_key needs, is missing",
        "docs/examples/user_ssh_kee.yaml is the example of nothing",
    ]
