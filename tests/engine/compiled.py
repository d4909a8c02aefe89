"""The SDKs of Node.js, Go and Java, compiled when their sources have changed."""

import json
import shutil
import sys
from pathlib import Path
from string import Template

from tests.engine.builds import HERE, ROOT, Unavailable, cached, digest, lock, run, say
from tests.engine.generate import SCHEMA, generators, sdkgen

NODE = ROOT / "sdk" / "nodejs"
GO = ROOT / "sdk" / "go"
POM = HERE / "java" / "pom.xml"
TSC = str(NODE / "node_modules" / ".bin" / "tsc")
COMPILE = [TSC, "--skipLibCheck"]
"""For a program in TypeScript. What its libraries declare was checked where they were made, and takes longer."""


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
        run(TSC, cwd=NODE)
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


def java_sdk() -> Path:
    """The jar. The Java SDK is generated here from the committed schema, and not committed itself."""
    folder = cached("java-sdk", digest(ROOT / SCHEMA, POM, Path(__file__), *generators()), _compile_java)
    [jar] = (folder / "target").glob("*.jar")
    return jar


def java_classes() -> str:
    """The class path of a Java program that uses the SDK."""
    jar = java_sdk()
    return f"{jar}:{(jar.parents[1] / 'classpath').read_text()}"


def _compile_java(folder: Path) -> None:
    source = (ROOT / SCHEMA).read_bytes()
    schema = json.loads(source)
    with sdkgen("sdks", source, "java") as root:
        shutil.copytree(root / "sdk" / "java" / "src", folder / "src")
    (folder / "pom.xml").write_text(Template(POM.read_text()).substitute(schema))
    # Tells `pulumi install` which plugin a program needs. The generator leaves it to Gradle.
    [version] = folder.rglob("version.txt")
    plugin = {
        "resource": True,
        "name": schema["name"],
        "version": schema["version"],
        "server": schema["pluginDownloadURL"],
    }
    version.with_name("plugin.json").write_text(json.dumps(plugin))
    say("Compiling the Java SDK with Maven (once, about half a minute)")
    # Goals and not a phase: that would fetch a plugin for tests, of which there are none here.
    goals = ("resources:resources", "compiler:compile", "jar:jar", "dependency:build-classpath")
    run("mvn", "--quiet", "--batch-mode", "-Dmdep.outputFile=classpath", *goals, cwd=folder)


if __name__ == "__main__":
    try:
        print({"nodejs": node_sdk, "go": go_sdk, "java": java_sdk}[sys.argv[1]]())
    except Unavailable as error:
        sys.exit(str(error))
