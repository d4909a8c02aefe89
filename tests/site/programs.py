"""The programs in a description of schema.json, which are written for Pulumi's registry, as tabs of this site."""

from __future__ import annotations

import re

BEGIN, END = "{{% examples %}}", "{{% /examples %}}"
SHORTCODE = re.compile(r"^(\{\{%.*%\}\}|<!--(Start|End) PulumiCodeChooser\s*-->)\n?", re.MULTILINE)
FENCES = re.compile(r"(?:^```[a-z]+\n.*?^```\n*)+", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```([a-z]+)\n(.*?)^```\n*", re.MULTILINE | re.DOTALL)
LANGUAGES = {"python": "Python", "typescript": "TypeScript", "go": "Go", "yaml": "YAML", "csharp": "C#", "java": "Java"}


def split(description: str) -> tuple[str, str]:
    """The text of a description, and its programs as Markdown; the latter is empty where it has none."""
    before, begin, rest = description.partition(BEGIN)
    programs, _, after = rest.partition(END)
    text = "\n\n".join(part.strip() for part in (before, after) if part.strip())
    return text, _tabs(SHORTCODE.sub("", programs)).strip() if begin else ""


def _tabs(text: str) -> str:
    """Programs that follow each other are one program in several languages. Headings go one step down the page."""
    text = re.sub(r"^## Example Usage\n+", "", text, flags=re.MULTILINE)
    return FENCES.sub(lambda found: "".join(map(_tab, _languages(found[0]))) + "\n", text)


def _languages(fences: str) -> list[tuple[str, str]]:
    """(language, program), in this site's order."""
    order = list(LANGUAGES)
    found = [(one[1], one[2]) for one in FENCE.finditer(fences)]
    return sorted(found, key=lambda one: order.index(one[0]) if one[0] in order else len(order))


def _tab(one: tuple[str, str]) -> str:
    language, program = one
    fenced = f"```{language}\n{program}```".replace("\n", "\n    ")
    return f'=== "{LANGUAGES.get(language, language)}"\n\n    {fenced}\n\n'
