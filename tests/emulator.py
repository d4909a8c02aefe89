"""The emulator's former place: `python -m tests.emulator` and `from tests.emulator import Emulator` keep working."""

import sys

import bitbucket_user_emulator
from bitbucket_user_emulator import OPERATIONS, Emulator, Exchange, Fault, World
from bitbucket_user_emulator.__main__ import main

__all__ = ["OPERATIONS", "Emulator", "Exchange", "Fault", "World"]

for name, module in list(sys.modules.items()):
    if name.startswith(f"{bitbucket_user_emulator.__name__}."):
        sys.modules.setdefault(name.replace(bitbucket_user_emulator.__name__, "tests.emulator", 1), module)

if __name__ == "__main__":
    main()
