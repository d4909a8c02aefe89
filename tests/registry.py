"""The generated parts of docs/_index.md and docs/installation-configuration.md, the pages of Pulumi's registry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.engine.builds import ROOT

EXAMPLE = "bitbucket-user:index:RepositoryUserPermission"
CONFIGURATION = "| key | |\n|---|---|"


def pages(schema: dict[str, Any]) -> dict[Path, str]:
    """Both pages with what is generated in them made anew. Raises ValueError when a section is missing."""
    index, configuration = ROOT / "docs" / "_index.md", ROOT / "docs" / "installation-configuration.md"
    made = {"packages": _packages(schema), "plugin": _plugin(schema), "configuration": _configuration(schema)}
    return {index: _filled(index, {"example": _example(schema)}), configuration: _filled(configuration, made)}


def _filled(page: Path, sections: Mapping[str, str]) -> str:
    text = page.read_text()
    for name, section in sections.items():
        begin, end = f"<!-- {name}: generated -->\n", "<!-- end -->"
        if begin not in text:
            raise ValueError(f"{page.name} has no section {begin.strip()}")
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}\n{section}\n\n{end}{rest.partition(end)[2]}"
    return text


def _example(schema: dict[str, Any]) -> str:
    programs = re.findall(r"```(\w+)\n(.*?)```", schema["resources"][EXAMPLE]["description"], re.DOTALL)
    names = ",".join(language for language, _ in programs)
    chosen = [
        f"{{{{% choosable language {language} %}}}}\n\n```{language}\n{program}```\n\n{{{{% /choosable %}}}}"
        for language, program in programs
    ]
    return "\n".join([f'{{{{< chooser language "{names}" >}}}}', *chosen, "{{< /chooser >}}"])


def _packages(schema: dict[str, Any]) -> str:
    languages = schema["language"]
    node, python = languages["nodejs"]["packageName"], languages["python"]["packageName"].replace("_", "-")
    go = languages["go"]["importBasePath"]
    return "\n".join(
        [
            f"* JavaScript/TypeScript: [`{node}`](https://www.npmjs.com/package/{node})",
            f"* Python: [`{python}`](https://pypi.org/project/{python}/)",
            f"* Go: [`{go}`](https://pkg.go.dev/{go})",
            f"* Java: `com.pulumi:{schema['name']}`, the jar of a [release]({schema['homepage']}/releases)",
            "* YAML: nothing to install",
        ]
    )


def _plugin(schema: dict[str, Any]) -> str:
    return (
        f"```bash\npulumi plugin install resource {schema['name']} VERSION --server {schema['pluginDownloadURL']}\n```"
    )


def _configuration(schema: dict[str, Any]) -> str:
    secret = {True: " (secret)", False: ""}
    lines = [
        f"| `{schema['name']}:{key}`{secret[one.get('secret', False)]} | {one['description']} |"
        for key, one in schema["config"]["variables"].items()
    ]
    return "\n".join([CONFIGURATION, *lines])
