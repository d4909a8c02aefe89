"""What `make dist` makes, as users install it, under the real engine."""

import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.engine import engine, release
from tests.engine.builds import ROOT


@pytest.fixture(scope="module")
def tarball() -> Path:
    return release.plugin_tarball()


@pytest.fixture
def pulumi(tmp_path: Path) -> dict[str, str]:
    """An environment with the engine, an empty home, and neither Python nor this project on PATH."""
    return {
        "HOME": str(tmp_path),
        "PATH": os.pathsep.join([str(engine()), "/usr/bin", "/bin"]),
        "PULUMI_HOME": str(tmp_path / ".pulumi"),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
    }


def test_the_tarball_is_named_as_the_engine_expects_and_needs_no_language_host(tarball: Path) -> None:
    assert tarball.name.startswith(f"pulumi-resource-bitbucket-user-v{release.VERSION}-")
    with tarfile.open(tarball) as archive:
        names = archive.getnames()
    assert {"pulumi-resource-bitbucket-user", "LICENSE"} <= set(names)
    assert "PulumiPlugin.yaml" not in names


def test_the_tarball_installs_and_the_engine_gets_the_schema_from_it(tarball: Path, pulumi: dict[str, str]) -> None:
    install = ["pulumi", "plugin", "install", "resource", "bitbucket-user", release.VERSION, "--file", str(tarball)]
    subprocess.run(install, env=pulumi, cwd=pulumi["HOME"], check=True, capture_output=True)
    ask = ["pulumi", "package", "get-schema", f"bitbucket-user@{release.VERSION}"]
    answer = subprocess.run(ask, env=pulumi, cwd=pulumi["HOME"], check=True, capture_output=True).stdout
    schema, committed = json.loads(answer), json.loads((ROOT / "provider/schema.json").read_text())
    assert schema["version"] == release.VERSION
    assert schema["resources"].keys() == committed["resources"].keys()
    assert schema["functions"].keys() == committed["functions"].keys()
