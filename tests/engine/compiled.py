"""The Node.js and Go SDKs, compiled when their sources have changed."""

import shutil
import sys
from pathlib import Path

from tests.engine.builds import ROOT, Unavailable, cached, digest, lock, run, say

NODE = ROOT / "sdk" / "nodejs"
GO = ROOT / "sdk" / "go"
TSC = NODE / "node_modules" / ".bin" / "tsc"


def node_sdk() -> Path:
    """The folder to install with npm: JavaScript, type declarations and package.json, as published."""
    out, stamp = NODE / "bin", NODE / "node_modules" / ".compiled"
    lock_file = NODE / "package-lock.json"
    sources = sorted(
        p for p in NODE.rglob("*.ts") if not {"node_modules", "bin"}.intersection(p.relative_to(NODE).parts)
    )
    key = digest(lock_file, NODE / "package.json", NODE / "tsconfig.json", *sources)
    with lock("node-sdk"):
        if _read(stamp) == key and out.is_dir():
            return out
        _install(digest(lock_file))
        say("Compiling the Node.js SDK (a few seconds)")
        stamp.unlink(missing_ok=True)
        shutil.rmtree(out, ignore_errors=True)
        run(str(TSC), cwd=NODE)
        for file in (NODE / "package.json", NODE / "README.md", ROOT / "LICENSE"):
            shutil.copy(file, out)
        stamp.write_text(key)
    return out


def node_modules(folder: Path) -> None:
    """Lets TypeScript programs in this folder import the compiled SDK, Pulumi's, and Node's types."""
    modules = folder / "node_modules"
    modules.mkdir()
    (modules / "pulumi-bitbucket-user").symlink_to(node_sdk())
    for scope in ("@pulumi", "@types"):
        (modules / scope).symlink_to(NODE / "node_modules" / scope)


def npm_package(name: str, version: str) -> Path:
    """The folder of a package of npm that only tests need."""

    def install(folder: Path) -> None:
        say(f"Installing {name} with npm (once)")
        run("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", f"{name}@{version}", cwd=folder)

    return cached(name, version, install) / "node_modules" / name


def _install(key: str) -> None:
    stamp = NODE / "node_modules" / ".installed"
    if _read(stamp) != key:
        say("Installing the Node.js SDK's dependencies with npm (once, about 20 seconds)")
        run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=NODE)
        stamp.write_text(key)


def _read(stamp: Path) -> str:
    return stamp.read_text() if stamp.is_file() else ""


def go_sdk() -> Path:
    """The module's folder; Go itself remembers what it has compiled (the first time takes about a minute)."""
    run("go", "build", "./...", cwd=GO)
    return GO


if __name__ == "__main__":
    try:
        print({"nodejs": node_sdk, "go": go_sdk}[sys.argv[1]]())
    except Unavailable as error:
        sys.exit(str(error))
