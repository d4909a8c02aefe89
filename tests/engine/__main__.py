"""Prepare the engine; the last line of output is the folder that holds its commands."""

import sys

from tests.engine import engine
from tests.engine.builds import Unavailable

if __name__ == "__main__":
    try:
        print(engine())
    except Unavailable as error:
        sys.exit(str(error))
