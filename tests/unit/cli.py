"""The command line in this process, against an emulator."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bitbucket_user_emulator import Emulator
from bitbucket_user_provider.cli.commands import commands
from click.testing import CliRunner

ADA = {"BITBUCKET_EMAIL": "ada@acme.example", "BITBUCKET_API_TOKEN": "ada-api-token"}
GRACE = {"BITBUCKET_EMAIL": "grace@acme.example", "BITBUCKET_API_TOKEN": "grace-api-token"}


class Ended(NamedTuple):
    code: int
    out: str
    err: str


def run(
    bitbucket: Emulator | None, *arguments: str | Path, environ: Mapping[str, str] = ADA, cache: Path | None = None
) -> Ended:
    """A command with the credential of one of the emulator's people. It must have no traceback and write nothing."""
    env: dict[str, Any] = {"BITBUCKET_BASE_URL": bitbucket.url if bitbucket else "http://127.0.0.1:9", **environ}
    if cache:
        env["XDG_CACHE_HOME"] = str(cache)
    done = CliRunner().invoke(commands, [*map(str, arguments)], env=env)
    assert "Traceback" not in done.output
    if bitbucket:
        tokens = "/site/oauth2/access_token"
        assert {one.method for one in bitbucket.requests if one.path != tokens} <= {"GET"}
    return Ended(done.exit_code, done.stdout, done.stderr)
