"""Build what a release publishes into dist/: wheel, sdist, npm package and plugin tarball."""

import platform
import shutil
import sys
import tarfile
import tempfile
from importlib import metadata
from pathlib import Path

from tests.engine.builds import ROOT, Unavailable, cached, digest, run, say
from tests.engine.compiled import node_sdk

DIST = ROOT / "dist"
SOURCES = ROOT / "provider/bitbucket_user_provider"
SCHEMA = ROOT / "provider/schema.json"
DISTRIBUTION = "pulumi-bitbucket-user"
VERSION = metadata.version(DISTRIBUTION)
PLUGIN = "pulumi-resource-bitbucket-user"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
# Found by PyInstaller in the development environment; nothing that runs needs them.
NOT_NEEDED = ("cffi", "cryptography", "hypothesis", "mypy", "pip", "pytest", "setuptools", "tkinter")


def plugin_tarball() -> Path:
    """The plugin as `pulumi plugin install resource bitbucket-user VERSION --file …` takes it.

    An executable that carries its own Python. No PulumiPlugin.yaml beside it: the engine would prefer that one, and ask
    for a language host to install and start what needs neither.
    """
    system, machine = platform.system().lower(), platform.machine().lower()
    name = f"{PLUGIN}-v{VERSION}-{system}-{ARCHITECTURES.get(machine, machine)}.tar.gz"
    key = digest(
        name,
        sys.version,
        *sorted(SOURCES.rglob("*.py")),
        SCHEMA,
        ROOT / "requirements-dev.lock",
        ROOT / "LICENSE",
        Path(__file__),
    )
    return cached("plugin", key, lambda folder: _pack(folder / name)) / name


def _pack(tarball: Path) -> None:
    say("Building the plugin executable (half a minute)")
    with tempfile.TemporaryDirectory() as folder:
        excluded = [option for module in NOT_NEEDED for option in ("--exclude-module", module)]
        places = [f"--{place}path={folder}/{place}" for place in ("dist", "work", "spec")]
        entry = str(ROOT / "provider/__main__.py")
        options = ["--onedir", "--noconfirm", "--log-level=ERROR", "--name", PLUGIN]
        options += ["--add-data", f"{SCHEMA}:{SOURCES.name}"]
        options += ["--collect-submodules", SOURCES.name]  # resources and functions are imported by their names
        options += ["--copy-metadata", DISTRIBUTION, *places, *excluded]
        run(sys.executable, "-m", "PyInstaller", *options, entry, cwd=ROOT)
        program = Path(folder, "dist", PLUGIN)
        shutil.copy(ROOT / "LICENSE", program)
        with tarfile.open(tarball, "w:gz", compresslevel=6) as archive:
            for path in sorted(program.iterdir()):
                archive.add(path, path.name)


def main() -> None:
    """Fill dist/ afresh and list it."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(DIST), str(ROOT), cwd=ROOT)
    run("npm", "pack", "--silent", "--pack-destination", str(DIST), cwd=node_sdk())
    shutil.copy(plugin_tarball(), DIST)
    for path in sorted(DIST.iterdir()):
        print(f"dist/{path.name}  {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    try:
        main()
    except Unavailable as error:
        sys.exit(str(error))
