"""`make picture`: docs/report.png, the page that `bitbucket-user report --html` writes, as README.md shows it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bitbucket_user_emulator import Emulator

from tests.engine.builds import ROOT
from tests.unit.browser import Page, browser
from tests.unit.cli import run

PICTURE = ROOT / "docs" / "report.png"


SEED = ROOT / "tests" / "picture.yaml"


def main() -> None:
    with (
        Emulator(seed=SEED) as bitbucket,
        tempfile.TemporaryDirectory() as name,
        browser(1100, 1168) as chromium,
    ):
        before, page = Path(name) / "before.json", Path(name) / "review.html"
        run(bitbucket, "report", "acme", "--json", before, cache=Path(name))
        bitbucket.grant("acme", "billing", "Alan", "write")
        bitbucket.grant("acme", "web", "Grace", "read")
        bitbucket.revoke("acme", "web", "Bob")
        run(bitbucket, "report", "acme", "--since", before, "--html", page, cache=Path(name))

        async def take(shown: Page) -> None:
            await shown.open(page)
            await shown.run("document.documentElement.style.overflow = 'hidden'")
            await shown.picture(PICTURE)

        chromium.visit(take)
    print(PICTURE.relative_to(ROOT))


if __name__ == "__main__":
    main()
