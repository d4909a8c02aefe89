"""Pack the plugin for this platform: `python -m tests.engine.pack FOLDER`. Works on Windows as well.

An executable that carries its own Python. No PulumiPlugin.yaml beside it: the engine would prefer that one, and ask for
a language host to install and start what needs neither.
"""

import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "provider/bitbucket_user_provider"
SCHEMA = ROOT / "provider/schema.json"
DISTRIBUTION = "pulumi-bitbucket-user"
VERSION = metadata.version(DISTRIBUTION)
PLUGIN = "pulumi-resource-bitbucket-user"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
# Found by PyInstaller in the development environment; nothing that runs needs them. The command line, and the emulator
# that it starts, come with pip.
NOT_NEEDED = (
    *("bitbucket_user_emulator", f"{SOURCES.name}.cli"),
    *("cffi", "cryptography", "hypothesis", "mypy", "pip", "pytest", "setuptools", "tkinter"),
)


def name() -> str:
    """As the engine looks for it among the assets of a release."""
    system, machine = platform.system().lower(), platform.machine().lower()
    return f"{PLUGIN}-v{VERSION}-{system}-{ARCHITECTURES.get(machine, machine)}.tar.gz"


def pack(tarball: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        excluded = [option for module in NOT_NEEDED for option in ("--exclude-module", module)]
        places = [f"--{place}path={folder}/{place}" for place in ("dist", "work", "spec")]
        options = ["--onedir", "--noconfirm", "--log-level=ERROR", "--name", PLUGIN]
        options += ["--add-data", f"{SCHEMA}:{SOURCES.name}"]
        options += ["--collect-submodules", SOURCES.name]  # resources and functions are imported by their names
        options += ["--copy-metadata", DISTRIBUTION, *places, *excluded]
        entry = str(ROOT / "provider/__main__.py")
        subprocess.run([sys.executable, "-m", "PyInstaller", *options, entry], cwd=ROOT, check=True)
        program = Path(folder, "dist", PLUGIN)
        shutil.copy(ROOT / "LICENSE", program)
        with tarfile.open(tarball, "w:gz", compresslevel=6) as archive:
            for path in sorted(program.iterdir()):
                archive.add(path, path.name)


if __name__ == "__main__":
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    pack(out / name())
    print(out / name())
