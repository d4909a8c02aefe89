"""Where the console script starts: with the libraries of the extra `cli`, or with the line that installs them."""

import sys
from importlib.util import find_spec

LIBRARIES = ("click", "rich", "jinja2", "yaml")


def main() -> None:
    if any(find_spec(library) is None for library in LIBRARIES):
        sys.exit(_install())
    from .commands import commands

    commands(prog_name="bitbucket-user")


def _install() -> int:
    print("bitbucket-user needs a few libraries more: pip install 'pulumi-bitbucket-user[cli]'", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
