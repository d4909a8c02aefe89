"""The Pulumi engine of demo and tests: the CLI and its YAML language host, found, downloaded or built, once.

With ENGINE=oldest in the environment it is the oldest supported one, whatever is installed: `make soak` tries that.
"""

import os
import re
import shutil
import subprocess
import urllib.request
from pathlib import Path

from tests.engine.builds import CACHE, HERE, Unavailable, cached, digest, go_build, module_files, say

PINNED = (3, 274, 1)
"""The version that is downloaded or built; `go.mod` names the same."""
MINIMUM = (3, 254, 0)
"""The oldest supported one, named in `oldest/go.mod`: before it, imports with outputs lose entries of maps."""
MODULES = {PINNED: HERE, MINIMUM: HERE / "oldest"}
COMMANDS = ("pulumi", "pulumi-language-yaml")
PACKAGES = ("github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml")
INSTALLER = "https://get.pulumi.com/install.sh"

# Found on PATH before Pulumi's own, so that dynamic providers run in this project's environment.
DYNAMIC_HOST = """\
#!/bin/sh
exec "$(dirname "$0")/../../../.venv/bin/python" -u -m pulumi.dynamic "$@"
"""


def engine() -> Path:
    """The folder to put first on PATH; it holds `pulumi`, `pulumi-language-yaml` and the dynamic providers' host."""
    if os.environ.get("ENGINE") == "oldest":
        return prepared(MINIMUM)
    installed = on_path()
    if installed:
        return cached("engine", f"path-{digest(*map(str, installed))}", lambda folder: _link(folder, installed))
    return prepared(PINNED)


def prepared(version: tuple[int, int, int]) -> Path:
    """The folder of an engine that is downloaded or built here."""
    key = f"v{_dotted(version)}-{digest(*module_files(MODULES[version]))}"
    return cached("engine", key, lambda folder: _download_or_build(folder, version))


def on_path() -> list[Path]:
    """The commands on PATH, or nothing when one is missing or Pulumi is too old."""
    path = os.pathsep.join(p for p in os.get_exec_path() if not Path(p).is_relative_to(CACHE))
    found = [Path(command) for name in COMMANDS if (command := shutil.which(name, path=path))]
    if not found or found[0].name != "pulumi":
        return []
    version = _version(found[0])
    if version < MINIMUM:
        say(f"pulumi {_dotted(version)} on PATH is too old, {_dotted(MINIMUM)} is needed")
        return []
    return found if len(found) == len(COMMANDS) else []


def _version(pulumi: Path) -> tuple[int, ...]:
    answer = subprocess.run([pulumi, "version"], capture_output=True, text=True).stdout
    match = re.match(r"v?(\d+)\.(\d+)\.(\d+)", answer)
    return tuple(map(int, match.groups())) if match else (0, 0, 0)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _link(folder: Path, commands: list[Path]) -> None:
    for command in commands:
        (folder / command.name).symlink_to(command)
    _add_dynamic_host(folder)


def _download_or_build(folder: Path, version: tuple[int, int, int]) -> None:
    if not _download(folder, version):
        _build(folder, version)
    _add_dynamic_host(folder)


def _download(folder: Path, version: tuple[int, int, int]) -> bool:
    """Pulumi's own installation, through the Automation API; False where the network is closed."""
    try:
        urllib.request.urlopen(urllib.request.Request(INSTALLER, method="HEAD"), timeout=3).close()
        from pulumi.automation import PulumiCommand
        from semver import VersionInfo
    except (OSError, ImportError):
        return False
    say(f"Downloading the Pulumi engine {_dotted(version)} (once, about a minute)")
    try:
        PulumiCommand.install(root=str(folder), version=VersionInfo(*version))
    except (OSError, subprocess.CalledProcessError, RuntimeError) as error:
        say(f"The download failed: {error}")
        return False
    for command in (folder / "bin").iterdir():
        command.rename(folder / command.name)
    return True


def _build(folder: Path, version: tuple[int, int, int]) -> None:
    if not shutil.which("go"):
        raise Unavailable(
            f"The tests need pulumi {_dotted(MINIMUM)} or later on PATH (https://www.pulumi.com/docs/install), "
            "or Go to build it (https://go.dev/dl); neither is there."
        )
    say(f"Building the Pulumi engine {_dotted(version)} from Go modules into .cache (once, about five minutes)")
    go_build(folder, *PACKAGES, module=MODULES[version], version=f"v{_dotted(version)}")


def _add_dynamic_host(folder: Path) -> None:
    script = folder / "pulumi-resource-pulumi-python"
    script.unlink(missing_ok=True)
    script.write_text(DYNAMIC_HOST)
    script.chmod(0o755)
