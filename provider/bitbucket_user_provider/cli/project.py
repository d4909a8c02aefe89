"""The files of the project that discover writes: data, program, import file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from .. import __version__
from ..errors import BitbucketError
from .access import Access
from .session import plain

IMPORT_LINE = "pulumi import --file import.json --generate-code=false --protect=false"
PROGRAMS = {
    "python": ("access.yaml", "Pulumi.yaml", "__main__.py", "requirements.txt"),
    "typescript": ("access.yaml", "Pulumi.yaml", "index.ts", "package.json", "tsconfig.json"),
    "yaml": ("Pulumi.yaml",),
}
"""The files of each kind of program, beside import.json. YAML has no loops, so that such a program is its own data."""
ONE_LINE = {"id", "email", "secured", "key", "label", "name", "expires_on"}
"""A mapping with no other keys stands on one line of the data file."""


class _Dumper(yaml.SafeDumper):
    """Quotes what readers of YAML 1.1 and of 1.2 would take for different things, such as a person called Yes."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        del indentless
        super().increase_indent(flow, False)


class _OneLine(dict[str, Any]):
    pass


_Dumper.add_representer(  # what ends a line in YAML 1.1 alone is escaped
    str,
    lambda dumper, data: dumper.represent_scalar(
        "tag:yaml.org,2002:str", data, style='"' if set(data) & set("\x85\u2028\u2029") else None
    ),
)
_Dumper.add_representer(
    _OneLine, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=True)
)


def files(access: Access, program: str) -> dict[str, str]:
    """Name → content."""
    data = access.data()
    known = {
        "workspace": access.workspace,
        "program": program,
        "version": __version__,
        "singles": access.singles,
        "groups": access.groups,
        "has": _sections(data),
        "skipped": [
            {key: plain(" ".join(str(text).split())) for key, text in one.items()} for one in data.get("skipped", [])
        ],
    }
    environment = Environment(
        loader=PackageLoader(__package__), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    entries = {"resources": [item.entry() for item in access.items()]}
    written = {"import.json": json.dumps(entries, indent=2, ensure_ascii=False) + "\n"}
    for name in PROGRAMS[program]:
        written[name] = environment.get_template(f"{program}/{name}.j2").render(known).rstrip() + "\n"
    if program == "yaml":
        written["Pulumi.yaml"] += "\n" + _with_names(dumped({"resources": _resources(access)}), access)
    else:
        written["access.yaml"] += "\n" + dumped(data)
    return written


def write(out: Path, written: Mapping[str, str], force: bool) -> None:
    """Raises BitbucketError when a file is there already; then nothing is written."""
    refuse_standing(out, written, force)
    out.mkdir(parents=True, exist_ok=True)
    for name, content in written.items():
        (out / name).write_text(content, encoding="utf-8", newline="\n")  # no shell runs a script of CRLF


def refuse_standing(out: Path, names: Mapping[str, str] | tuple[str, ...], force: bool) -> None:
    standing = sorted(name for name in names if (out / name).exists())
    if standing and not force:
        raise BitbucketError(
            f"{out} has {', '.join(standing)} already; nothing was written. Take another folder, or --force to write "
            "over them."
        )


def dumped(data: Mapping[str, Any]) -> str:
    """YAML, with a blank line between sections."""
    how: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "width": 1_000, "default_flow_style": False}
    return "\n".join(yaml.dump({key: _shaped(value)}, Dumper=_Dumper, **how) for key, value in data.items())


def _shaped(value: Any) -> Any:
    if isinstance(value, list):
        return [_shaped(one) for one in value]
    if not isinstance(value, dict):
        return value
    is_short = value and value.keys() <= ONE_LINE and not any(isinstance(one, dict) for one in value.values())
    return _OneLine(value) if is_short else {key: _shaped(one) for key, one in value.items()}


def _sections(data: Mapping[str, Any]) -> set[str]:
    """What the program has to read: `variables`, `repositories`, `repositories.variables`, …"""
    used = {key for key, value in data.items() if value}
    for section in ("projects", "repositories"):
        for place in data.get(section, {}).values():
            used |= {f"{section}.{key}" for key, value in place.items() if value}
    return used


def _resources(access: Access) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in access.items():
        found[item.name] = {"type": item.token, "properties": _literal(item.inputs)}
        if item.ignored:
            found[item.name]["options"] = {"ignoreChanges": [*item.ignored]}
    return found


def _literal(value: Any) -> Any:
    """What a program in YAML takes as it is written."""
    if isinstance(value, dict):
        return {key: _literal(one) for key, one in value.items()}
    return value.replace("${", "$${") if isinstance(value, str) else value


def _with_names(text: str, access: Access) -> str:
    """With the name of the person behind each line that names one by id."""
    names = {person.id: access.names[person.uuid] for person in access.people if person.uuid in access.names}
    lines = []
    for line in text.splitlines():
        parts = line.strip().replace("'", "").removeprefix("userId: ")
        id = next((one for one in (parts, parts.rpartition(": ")[0]) if one in names), None)
        lines.append(f"{line}  # {plain(names[id])}" if id else line)
    return "\n".join(lines) + "\n"
