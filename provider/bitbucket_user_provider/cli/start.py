"""Where the console script starts: with the libraries of the extra `cli`, or with the line that installs them."""

import sys
from importlib.util import find_spec
from io import TextIOWrapper

LIBRARIES = ("click", "rich", "jinja2", "yaml")


def main() -> None:
    if any(find_spec(library) is None for library in LIBRARIES):
        sys.exit(_install())
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal may not know every letter of a name
    from .commands import commands

    commands(prog_name="bitbucket-user")


def _install() -> int:
    print("bitbucket-user needs a few libraries more: pip install 'pulumi-bitbucket-user[cli]'", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
