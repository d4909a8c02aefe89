"""Previews a stack and holds the plan against the rules: `python check.py PROJECT STACK PEOPLE.txt`.

Exit status 0: all rules are kept. 1: something is against one. 2: the preview failed. Nothing is changed.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from pulumi import automation as auto
from rules import Planned, Rule, no_direct_administrators, nobody_outside, variables_are_secured

PROVIDER = "bitbucket-user:"
"""In the type of a resource; those of dynamic resources have `pulumi-python:dynamic/` before it."""


def planned(stack: auto.Stack) -> list[Planned]:
    """What the stack will hold, also what does not change. Raises CommandError when the preview fails."""
    found: dict[str, Planned] = {}

    def note(event: auto.EngineEvent) -> None:
        step = event.resource_pre_event.metadata if event.resource_pre_event else None
        if step and step.new and PROVIDER in step.type and not step.type.startswith("pulumi:"):
            inputs = {key: value for key, value in (step.new.inputs or {}).items() if not key.startswith("__")}
            found[step.urn] = Planned(step.urn.rpartition("::")[2], step.type.rpartition(":")[2], inputs)

    stack.preview(on_event=note)
    return [*found.values()]


def broken(plan: list[Planned], rules: Iterable[Rule]) -> list[str]:
    return [sentence for rule in rules for sentence in rule(plan)]


def main(project: str, stack: str, people: str) -> int:
    known = Path(people).read_text().split()
    rules = [no_direct_administrators, nobody_outside(known), variables_are_secured]
    try:
        plan = planned(auto.select_stack(stack, work_dir=project))
    except auto.CommandError as error:
        print(error, file=sys.stderr)
        return 2
    for sentence in broken(plan, rules):
        print(f"✗ {sentence}")
    count = len(broken(plan, rules))
    print(
        f"{len(plan)} resources, {count} against the rules" if count else f"{len(plan)} resources, all as the rules say"
    )
    return 1 if count else 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
