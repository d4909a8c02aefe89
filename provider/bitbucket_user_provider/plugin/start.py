"""Where the plugin's process starts: with the messages of Pulumi's protocol, without the SDK that they lie in.

The whole SDK would take a third of the time until the first answer, which every run of the engine waits for.
"""

import sys
from importlib.util import find_spec, module_from_spec


def main() -> None:
    for package in ("pulumi", "pulumi.runtime"):
        spec = find_spec(package)
        if spec and package not in sys.modules:
            sys.modules[package] = module_from_spec(spec)  # its folder, none of its code
    from .server import main

    main()


if __name__ == "__main__":
    main()
