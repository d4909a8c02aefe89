"""`bitbucket-user emulator`: a Bitbucket on this machine, which the extra [testing] brings."""

from __future__ import annotations

import click

INSTALL = "This needs more: pip install 'pulumi-bitbucket-user[testing]'"


@click.command("emulator", context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Serve a Bitbucket that remembers, for trying things and for tests."""
    try:
        from bitbucket_user_emulator.__main__ import main
    except ModuleNotFoundError as error:
        raise click.ClickException(f"{INSTALL} ({error.name} is missing)") from None
    main(arguments, prog="bitbucket-user emulator")
