"""One version, one wheel, and layers that a tool keeps."""

import json
import re
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import grpc
import pytest
import yaml
from bitbucket_user_provider.cli import start
from bitbucket_user_provider.schema import RELEASES
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2_grpc

from tests.engine import MINIMUM, MODULES, PINNED
from tests.engine.builds import ROOT

DISTRIBUTION = "pulumi-bitbucket-user"
VERSION = metadata.version(DISTRIBUTION)
PYTHON_SDK = ROOT / "sdk/python/pulumi_bitbucket_user"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_holds_its_packages_typed_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    tops = {name.partition("/")[0] for name in names}
    assert tops == {
        "bitbucket_user_emulator",
        "bitbucket_user_provider",
        "bitbucket_user_pytest",
        "pulumi_bitbucket_user",
        f"pulumi_bitbucket_user-{VERSION}.dist-info",
    }
    assert {f"{top}/py.typed" for top in tops if not top.endswith(".dist-info")} <= names
    assert not [name for name in names if "__pycache__" in name]


def test_the_wheel_holds_every_source_file(wheel: zipfile.ZipFile) -> None:
    for source in (ROOT / "provider", ROOT / "sdk/python"):
        for path in (one for one in source.glob("*_*/**/*.*") if "__pycache__" not in one.parts):
            assert str(path.relative_to(source)) in wheel.namelist()


def test_the_wheel_holds_the_schema_that_its_plugin_serves(wheel: zipfile.ZipFile) -> None:
    assert wheel.read("bitbucket_user_provider/schema.json") == (ROOT / "provider/schema.json").read_bytes()


def test_a_program_of_dynamic_resources_asks_for_no_plugin(wheel: zipfile.ZipFile) -> None:
    mark = json.loads(wheel.read("pulumi_bitbucket_user/pulumi-plugin.json"))
    assert mark == {"name": "bitbucket-user", "resource": False, "version": VERSION, "server": RELEASES}


def test_console_scripts_point_at_functions_that_exist() -> None:
    scripts = metadata.distribution(DISTRIBUTION).entry_points.select(group="console_scripts")
    assert "pulumi-resource-bitbucket-user" in scripts.names
    for script in scripts:
        assert callable(script.load())


def test_wheel_schema_sdks_and_changelog_have_one_version() -> None:
    assert json.loads((ROOT / "provider/schema.json").read_text())["version"] == VERSION
    assert json.loads((ROOT / "sdk/nodejs/package.json").read_text())["version"] == VERSION
    assert json.loads((ROOT / "sdk/nodejs/package-lock.json").read_text())["version"] == VERSION
    assert json.loads((PYTHON_SDK / "pulumi-plugin.json").read_text())["version"] == VERSION
    assert f"## {VERSION}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_provider_folder_is_a_plugin() -> None:
    manifest = yaml.safe_load((ROOT / "provider/PulumiPlugin.yaml").read_text())
    assert manifest["runtime"]["name"] == "python"
    with subprocess.Popen([sys.executable, str(ROOT / "provider")], stdout=subprocess.PIPE, text=True) as plugin:
        assert plugin.stdout
        with grpc.insecure_channel(f"127.0.0.1:{plugin.stdout.readline().strip()}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            assert stub.GetPluginInfo(Empty()).version == VERSION
        plugin.terminate()


@pytest.mark.parametrize("version", [PINNED, MINIMUM])
def test_an_engine_is_built_from_the_version_that_it_is_named_by(version: tuple[int, int, int]) -> None:
    assert pulumi_of(MODULES[version]) == {".".join(map(str, version))}


@pytest.mark.parametrize("module", ["sdk/go", "examples/native-go", "tests/acceptance/languages/automation.mod"])
def test_go_programs_are_compiled_with_the_sdk_of_the_pinned_engine(module: str) -> None:
    assert pulumi_of(ROOT / module) == {".".join(map(str, PINNED))}


def pulumi_of(module: Path) -> set[str]:
    """The versions of Pulumi that a go.mod names."""
    file = module / "go.mod" if module.is_dir() else module
    return set(re.findall(r"github.com/pulumi/pulumi/(?:pkg|sdk)/v3 v([\d.]+)", file.read_text()))


@pytest.mark.parametrize("extra", ["cli", "testing"])
def test_an_extra_that_promises_the_command_line_brings_its_libraries(wheel: zipfile.ZipFile, extra: str) -> None:
    [file] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    requirements = metadata.PathDistribution(zipfile.Path(wheel, f"{Path(file).parent}/")).requires or []
    brought = {re.split(r"[^\w.-]", one)[0].lower() for one in requirements if f"extra == '{extra}'" in one}
    distributions = metadata.packages_distributions()
    assert brought >= {distributions[library][0].lower() for library in start.LIBRARIES}


def test_every_dependency_is_pinned() -> None:
    lock = (ROOT / "requirements-dev.lock").read_text().lower()
    for requirement in metadata.requires(DISTRIBUTION) or []:
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower()
        assert re.search(rf"^{re.escape(name)}==", lock, re.MULTILINE), f"{name}: run `make lock`"


@pytest.mark.parametrize(
    ("file", "module", "refused"),
    [
        ("rest/client.py", "pulumi", True),
        ("rest/client.py", "grpc", True),
        ("resources/user_ssh_key.py", "pulumi.runtime", True),
        ("plugin/servicer.py", "pulumi", False),
        ("plugin/server.py", "grpc", False),
        ("dynamic.py", "pulumi", False),
    ],
)
def test_only_the_adaptors_may_import_pulumi(file: str, module: str, refused: bool) -> None:
    path = f"provider/bitbucket_user_provider/{file}"
    ruff = [sys.executable, "-m", "ruff", "check", "--no-cache", "--select", "TID251", "--stdin-filename", path, "-"]
    done = subprocess.run(ruff, input=f"import {module}\n", cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == (1 if refused else 0), done.stdout + done.stderr


def test_the_core_runs_without_pulumi() -> None:
    core = "bitbucket_user_provider"
    files = sorted((ROOT / "provider" / core).rglob("*.py"))
    modules = [_module(file) for file in files if "plugin" not in file.parts and file.stem != "dynamic"]
    program = f"import sys, {', '.join(modules)}; sys.exit('pulumi' in sys.modules or 'grpc' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def _module(file: Path) -> str:
    return ".".join(file.relative_to(ROOT / "provider").with_suffix("").parts).removesuffix(".__init__")
