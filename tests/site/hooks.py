"""What MkDocs calls while it builds the site: it gets the generated pages, and lists of them for the navigation.

In mkdocs.yml a path that ends in a slash stands for the generated pages in that folder. In a page written by hand,
`<!-- generated: NAME -->` stands for the text of SECTIONS.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from tests.site import errors, reference, scopes

PAGES = reference.pages()
MARKER = re.compile(r"<!-- generated: (\w+) -->")
SECTIONS: dict[str, Callable[[str], str]] = {
    "errors": errors.all_of_them,
    "scopes": lambda up: scopes.table(),
    "every_scope": lambda up: scopes.every(),
}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    config.nav = _listed(config.nav)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for path, text in PAGES.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    up = "../" * (len(PurePosixPath(page.file.src_uri).parts) - 1)
    return MARKER.sub(lambda found: SECTIONS[found[1]](up), markdown)


def _listed(nav: Any) -> Any:
    if isinstance(nav, list):
        return [_listed(one) for one in nav]
    if isinstance(nav, dict):
        return {title: _listed(inner) for title, inner in nav.items()}
    if nav.endswith("/"):
        return [path for path in PAGES if path.startswith(nav)]
    return nav
