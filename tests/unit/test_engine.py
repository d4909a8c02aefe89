"""The engine is found if it is new enough, and built once if not."""

import os
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from tests import engine
from tests.engine import builds

Install = Callable[..., Path]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / ".cache"
    monkeypatch.setattr(builds, "CACHE", folder)
    monkeypatch.setattr(engine, "CACHE", folder)
    return folder


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a folder with a `pulumi` of some version on PATH, before what is there."""

    def install(version: str, *others: str) -> Path:
        folder = tmp_path / f"pulumi-{version}"
        folder.mkdir()
        for name in ("pulumi", *others):
            (folder / name).write_text(f"#!/bin/sh\necho v{version}\n")
            (folder / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        return folder

    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    return install


def test_a_new_enough_pulumi_on_path_is_used(install: Install, cache: Path) -> None:
    installed = install("3.300.1", "pulumi-language-yaml")
    folder = engine.engine()
    assert (folder / "pulumi").resolve() == installed / "pulumi"
    assert (folder / "pulumi-language-yaml").resolve() == installed / "pulumi-language-yaml"
    assert os.access(folder / "pulumi-resource-pulumi-python", os.X_OK)
    assert engine.engine() == folder


def test_the_engine_that_was_prepared_is_not_taken_for_an_installed_one(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("3.300.1", "pulumi-language-yaml")
    folder = engine.engine()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    assert engine.engine() == folder


def test_a_pulumi_that_is_too_old_is_passed_over_in_one_line(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install("3.100.0", "pulumi-language-yaml")
    assert engine.on_path() == []
    assert capsys.readouterr().err == "pulumi 3.100.0 on PATH is too old, 3.254.0 is needed\n"


def test_a_pulumi_without_its_yaml_host_is_passed_over(install: Install) -> None:
    install("3.300.1")
    assert engine.on_path() == []


def test_a_machine_without_pulumi_and_go_is_told_what_to_install(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_download", lambda folder, version: False)
    with pytest.raises(builds.Unavailable, match=r"pulumi 3\.254\.0 or later on PATH .* or Go"):
        engine.engine()


def test_the_oldest_engine_is_prepared_on_demand_whatever_is_installed(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("3.300.1", "pulumi-language-yaml")
    monkeypatch.setenv("ENGINE", "oldest")
    wanted: list[tuple[int, ...]] = []

    def download(folder: Path, version: tuple[int, ...]) -> bool:
        wanted.append(version)
        return True

    monkeypatch.setattr(engine, "_download", download)
    assert engine.engine().name.startswith("v3.254.0-")
    assert wanted == [engine.MINIMUM]


def test_an_interrupted_build_leaves_nothing_and_the_next_one_starts_afresh(cache: Path) -> None:
    def interrupted(folder: Path) -> None:
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        builds.cached("thing", "key", interrupted)
    assert list((cache / "thing").iterdir()) == []

    (cache / "thing" / ".unfinished-killed").mkdir()
    folder = builds.cached("thing", "key", lambda folder: (folder / "whole").touch())
    assert [path.name for path in folder.iterdir()] == ["whole"]
    assert list((cache / "thing").iterdir()) == [folder]


def test_callers_at_the_same_time_wait_for_one_build(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Path] = []
    second_caller = Event()
    monkeypatch.setattr(builds, "say", lambda text: second_caller.set())

    def build(folder: Path) -> None:
        built.append(folder)
        if len(built) == 2:
            second_caller.set()
        second_caller.wait()

    with ThreadPoolExecutor(2) as pool:
        folders = {*pool.map(lambda _: builds.cached("thing", "key", build), range(2))}
    assert len(built) == len(folders) == 1


def test_a_failed_step_shows_what_it_printed(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no such luck") as failure:
        builds.run("sh", "-c", "echo no such luck; exit 3", cwd=tmp_path)
    assert "exit code 3" in str(failure.value)


def test_make_engine_ends_with_the_folder_of_the_commands() -> None:
    command = ["make", "--no-print-directory", "engine"]
    output = subprocess.run(command, cwd=builds.ROOT, capture_output=True, text=True, check=True).stdout
    folder = Path(output.splitlines()[-1])
    assert {"pulumi", "pulumi-language-yaml"} <= {path.name for path in folder.iterdir()}
