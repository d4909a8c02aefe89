"""A Bitbucket that remembers: the user API and its successors, served on this machine for tests and demos.

It refuses what the real one refuses; under `/_emulator/` it tells what it was asked, and scripts what goes wrong. It
knows the API from the description in contract/ and from documentation, and shares no code with the provider.
"""

from .emulator import Emulator
from .faults import Fault
from .log import Exchange
from .operations import OPERATIONS
from .world import World

__all__ = ["OPERATIONS", "Emulator", "Exchange", "Fault", "World"]
