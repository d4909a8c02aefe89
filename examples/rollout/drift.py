"""Looks for what was changed by hand since the last rollout, in all stacks. Exit status 1 when there is something."""

import sys

import tables
from stacks import ORDER, Failed, drift, opened


def main() -> int:
    try:
        changed = {name: drift(opened(name)) for name in ORDER}
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 2
    if not any(changed.values()):
        print(f"Nothing was changed by hand in {', '.join(ORDER)}.")
        return 0
    print(f"Changed by hand since the last rollout:\n\n{tables.columns(changed, 'nothing')}")
    print("\nTake it into the program, or undo it with the next rollout.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
