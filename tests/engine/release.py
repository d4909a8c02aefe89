"""Build what a release publishes into dist/: wheel, sdist, npm package, jar and plugin tarball."""

import shutil
import sys
from pathlib import Path

from tests.engine import pack
from tests.engine.builds import ROOT, Unavailable, cached, digest, run, say
from tests.engine.compiled import java_sdk, node_sdk

DIST = ROOT / "dist"
VERSION = pack.VERSION


def plugin_tarball() -> Path:
    """The plugin as `pulumi plugin install resource bitbucket-user VERSION --file …` takes it."""
    sources = sorted(pack.SOURCES.rglob("*.py"))
    files = [*sources, pack.SCHEMA, ROOT / "requirements-dev.lock", ROOT / "LICENSE", Path(pack.__file__)]
    return cached("plugin", digest(pack.name(), sys.version, *files), _pack) / pack.name()


def _pack(folder: Path) -> None:
    say("Building the plugin executable (half a minute)")
    pack.pack(folder / pack.name())


def main() -> None:
    """Fill dist/ afresh and list it."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(DIST), str(ROOT), cwd=ROOT)
    run("npm", "pack", "--silent", "--pack-destination", str(DIST), cwd=node_sdk())
    shutil.copy(java_sdk(), DIST)
    shutil.copy(plugin_tarball(), DIST)
    for path in sorted(DIST.iterdir()):
        print(f"dist/{path.name}  {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    try:
        main()
    except Unavailable as error:
        sys.exit(str(error))
