"""The list of commands; each is a module that is loaded when it is needed."""

from importlib import import_module

import click

from .. import __version__

NAMES = ("check", "discover", "doctor", "emulator", "report", "who")


class Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*NAMES]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in NAMES:
            return None
        found: click.Command = import_module(f".{cmd_name}", __package__).command
        return found


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="bitbucket-user")
def commands() -> None:
    """Who may do what in Bitbucket Cloud: put it under Pulumi, review it, see what one person can reach.

    Nothing is ever written in Bitbucket. The credential is read from the environment: BITBUCKET_EMAIL and
    BITBUCKET_API_TOKEN, or BITBUCKET_ACCESS_TOKEN, or BITBUCKET_OAUTH_CLIENT_ID and BITBUCKET_OAUTH_CLIENT_SECRET; with
    --stack NAME from a Pulumi stack.

    \b
    Exit codes: 0 done · 1 done, and there is something to look at · 2 could not be done
    """
