"""`doctor`: what a new user got wrong about engine, plugin, language, project or credential, and the line to type."""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from . import command as cli

PLUGIN = "pulumi-resource-bitbucket-user"
PACKAGE = "pulumi_bitbucket_user"
EPILOG = """
\b
Example:
  cd my-project && bitbucket-user doctor
"""


@dataclass
class Finding:
    what: str
    is_well: bool
    found: str
    type: str = ""
    """What to type, or to do, where it is not well."""


@click.command("doctor", epilog=EPILOG)
@cli.as_json
@cli.words
def command(as_json: bool) -> int:
    """Look at this machine and the Pulumi project in the current folder: is all there that a run needs?

    Asks nobody and changes nothing. Exit code 1: something is missing; the line to type stands beside it.
    """
    found = findings(Path.cwd())
    if as_json:
        cli.write_json([vars(one) for one in found])
    for one in () if as_json else found:
        click.echo(f"{'ok     ' if one.is_well else 'MISSING'}  {one.what}: {one.found}")
        if not one.is_well:
            click.echo(f"         → {one.type}")
    return cli.DONE if all(one.is_well for one in found) else cli.LOOK


def findings(folder: Path) -> list[Finding]:
    project, content = _project(folder)
    return [
        _python(),
        _engine(),
        _project_file(project, content),
        *_language(project, content),
        _plugin(project, content),
        _credential(project),
    ]


def _python() -> Finding:
    return Finding("Python", True, f"{'.'.join(map(str, sys.version_info[:3]))} in {sys.prefix}")


def _engine() -> Finding:
    from ..plugin.engine import OLDEST_ENGINE

    install = "curl -fsSL https://get.pulumi.com | sh"
    path = shutil.which("pulumi")
    if not path:
        return Finding("Pulumi", False, "there is no `pulumi` on PATH", install)
    done = subprocess.run([path, "version"], capture_output=True, encoding="utf-8", errors="replace", check=False)
    match = re.search(r"(\d+)\.(\d+)\.(\d+)", done.stdout)
    version = tuple(map(int, match.groups())) if match else ()
    found = f"{match[0] if match else 'a version that cannot be read'} at {path}"
    is_new = version >= tuple(map(int, OLDEST_ENGINE.split(".")))
    return Finding("Pulumi", is_new, found, f"{install}  ({OLDEST_ENGINE} or later is needed)")


def _project(folder: Path) -> tuple[Path | None, dict[str, Any]]:
    """The nearest Pulumi.yaml, as Pulumi looks for it, and what it says: empty where that cannot be read. None and
    empty where there is none."""
    import yaml

    for place in (folder, *folder.parents):
        for name in ("Pulumi.yaml", "Pulumi.yml"):
            if (place / name).is_file():
                try:
                    content = yaml.safe_load((place / name).read_bytes())
                except (yaml.YAMLError, ValueError):  # ValueError: of a date that is none
                    content = None
                return place / name, content if isinstance(content, dict) else {}
    return None, {}


def _project_file(project: Path | None, content: dict[str, Any]) -> Finding:
    if not project:
        return Finding(
            "Project",
            False,
            "there is no Pulumi.yaml here or above",
            "pulumi new python, or bitbucket-user discover WORKSPACE --out DIR",
        )
    if not content.get("name") or not content.get("runtime"):
        return Finding(
            "Project", False, f"{project} has no name or no runtime", "Write `name: …` and `runtime: python` into it."
        )
    return Finding("Project", True, f"{content['name']} ({_runtime(content)}) at {project.parent}")


def _runtime(content: dict[str, Any]) -> str:
    runtime = content.get("runtime")
    return str(runtime.get("name") if isinstance(runtime, dict) else runtime or "")


def _language(project: Path | None, content: dict[str, Any]) -> list[Finding]:
    runtime = _runtime(content)
    if not project or not runtime:
        return []
    host = f"pulumi-language-{runtime}"
    beside = Path(shutil.which("pulumi") or "/nowhere").resolve().parent / host
    at = shutil.which(host) or (str(beside) if beside.exists() else "")
    found = [
        Finding(
            "Language",
            bool(at),
            at or f"there is no {host}",
            "It comes with Pulumi: curl -fsSL https://get.pulumi.com | sh",
        )
    ]
    package = {"python": _python_package, "nodejs": _node_package, "go": _go_package}.get(runtime)
    return [*found, package(project.parent, content)] if package else found


def _python_package(folder: Path, content: dict[str, Any]) -> Finding:
    runtime = content.get("runtime")
    options = runtime.get("options") if isinstance(runtime, dict) else None
    name = options.get("virtualenv") if isinstance(options, dict) else None
    venv = folder / str(name) if name else Path(sys.prefix)
    if not venv.is_dir():
        return Finding(
            "Package",
            False,
            f"Pulumi.yaml names the environment {name}, and there is none",
            f"cd {folder} && python3 -m venv {name} && {name}/bin/pip install pulumi-bitbucket-user",
        )
    there = any(venv.glob(f"[Ll]ib*/**/site-packages/{PACKAGE}*")) if name else find_spec(PACKAGE) is not None
    return Finding(
        "Package",
        there,
        f"{PACKAGE} {'is' if there else 'is not'} in {venv}",
        f"{f'{venv}/bin/' if name else ''}pip install pulumi-bitbucket-user",
    )


def _node_package(folder: Path, content: dict[str, Any]) -> Finding:
    there = (folder / "node_modules/pulumi-bitbucket-user").exists()
    return Finding(
        "Package",
        there,
        f"pulumi-bitbucket-user {'is' if there else 'is not'} in node_modules",
        f"cd {folder} && npm install pulumi-bitbucket-user",
    )


def _go_package(folder: Path, content: dict[str, Any]) -> Finding:
    from ..schema import GO

    file = folder / "go.mod"
    there = file.exists() and b"pulumi-bitbucket-user" in file.read_bytes()
    return Finding(
        "Package",
        there,
        f"{file} {'names' if there else 'does not name'} the package",
        f"cd {folder} && go get {GO}/bitbucketuser",
    )


def _plugin(project: Path | None, content: dict[str, Any]) -> Finding:
    """Where the engine finds the plugin: the project file's own entry, PATH, then Pulumi's folder."""
    plugins = content.get("plugins")
    providers = plugins.get("providers") if isinstance(plugins, dict) else None
    for entry in providers if isinstance(providers, list) else ():
        if isinstance(entry, dict) and entry.get("name") == "bitbucket-user" and project:
            place = project.parent / str(entry.get("path"))
            what = f"{place}, which Pulumi.yaml names"
            well = (place / PLUGIN).exists() or (place / "PulumiPlugin.yaml").exists()
            return Finding(
                "Plugin",
                well,
                what if well else f"there is none in {what}",
                "Make that folder, or take the entry out of Pulumi.yaml.",
            )
    if path := shutil.which(PLUGIN):
        return Finding("Plugin", True, f"{path}, on PATH")
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi") / "plugins"
    if installed := sorted(one for one in home.glob("resource-bitbucket-user-v*") if one.is_dir()):
        return Finding("Plugin", True, ", ".join(map(str, installed)))
    if project and _runtime(content) == "python" and _is_dynamic(project.parent):
        return Finding("Plugin", True, "none, and this program needs none: its resources are dynamic")
    beside = Path(sys.executable).parent / PLUGIN
    if beside.exists():
        return Finding(
            "Plugin",
            False,
            f"{beside} is not on PATH, where Pulumi looks for it",
            f'export PATH="{beside.parent}:$PATH"',
        )
    return Finding(
        "Plugin",
        False,
        f"there is no {PLUGIN} on PATH",
        "pip install pulumi-bitbucket-user, in an environment that is activated",
    )


def _is_dynamic(folder: Path) -> bool:
    """Whether the program imports the dynamic flavour alone."""
    names = [name for file in (*folder.glob("*.py"), *folder.glob("*/*.py")) for name in _imported(file)]
    ours = [name for name in names if name.partition(".")[0] == PACKAGE]
    return bool(ours) and all(f"{name}.".startswith(f"{PACKAGE}.dynamic.") for name in ours)


def _imported(file: Path) -> Iterator[str]:
    try:
        nodes = ast.walk(ast.parse(file.read_bytes()))
    except (OSError, SyntaxError, ValueError):
        return
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{each.name}" for each in node.names)


def _credential(project: Path | None) -> Finding:
    from ..config import PUBLIC_API, load
    from ..errors import ConfigurationError
    from ..rest.credentials import STACK, resolve

    try:
        kinds = resolve(load({}), PUBLIC_API, os.environ, STACK)
    except ConfigurationError as error:
        if stacks := _stacks_with_a_credential(project):
            found = f"in the configuration of {', '.join(stacks)}"
            return Finding("Credential", True, f"{found}; bitbucket-user check WORKSPACE --stack {stacks[0]} tries it")
        return Finding(
            "Credential",
            False,
            str(error),
            "export BITBUCKET_EMAIL=… BITBUCKET_API_TOKEN=…  (or keep one in the stack: pulumi config set)",
        )
    return Finding("Credential", True, ", ".join(kind.value for kind in kinds) + " in the environment")


def _stacks_with_a_credential(project: Path | None) -> list[str]:
    """Whose files beside Pulumi.yaml name one; its value is encrypted there."""
    from ..config import NAMESPACE
    from ..rest.credentials import SECRETS

    wanted = [f"{NAMESPACE}:{name}:" for name in SECRETS]
    files = sorted(project.parent.glob("Pulumi.*.yaml")) if project else []
    stacks = []
    for file in files:
        text = file.read_text(encoding="utf-8", errors="replace")
        if any(key in text for key in wanted):
            stacks.append(file.stem.removeprefix("Pulumi."))
    return stacks
