"""Rolls out: previews all stacks, prints who gains and who loses what, and after a yes brings them up in order.

    python rollout.py                         dev, staging and prod, one after the other
    python rollout.py staging --yes           one of them, in a pipeline
    python rollout.py prod --save agreed.json     previews, and keeps what the preview said
    python rollout.py prod --agreed agreed.json   does that, and nothing else

It stops at the first failure and says what is done. Exit status 0: all is done. 1: it is not. 2: a preview failed, and
nothing was changed.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

import tables
from changes import Change, beyond
from stacks import ORDER, Failed, Preview, bring_up, opened, preview

Previews = dict[str, Preview]


def previewed(names: list[str]) -> Previews:
    found: Previews = {}
    for name in names:
        try:
            found[name] = preview(opened(name))
        except Failed as failure:
            raise Failed(f"{name}: {failure}") from None
    return found


def brought_up(previews: Previews) -> int:
    done: list[str] = []
    for name, one in previews.items():
        if one.is_unchanged:
            print(f"{name}: unchanged")
            continue
        print(f"{name}: under way", flush=True)
        try:
            bring_up(one)
        except Failed as failure:
            print(f"{name}: failed: {failure}", file=sys.stderr)
            left = [other for other in [*previews][[*previews].index(name) + 1 :] if not previews[other].is_unchanged]
            here = f"{name} (in part, perhaps)" if failure.touched else name
            print(f"\nDone: {', '.join(done) or 'nothing'}. Not done: {', '.join([here, *left])}.", file=sys.stderr)
            print("Run the same command again: what is done stays as it is.", file=sys.stderr)
            return 1
        done.append(name)
        print(f"{name}: done, {tables.summary({name: one.changes})}")
    return 0


def is_wanted() -> bool:
    try:
        return input("\nBring them up? Only yes does it: ").strip() == "yes"
    except EOFError:  # nobody is there to answer
        print()
        return False


def agreed_in(file: Path) -> dict[str, list[Change]]:
    return {name: [Change(**one) for one in changes] for name, changes in json.loads(file.read_text()).items()}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stacks", nargs="*", metavar="STACK", help=f"of {', '.join(ORDER)}; all of them without it")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--save", type=Path, metavar="FILE", help="only preview, and write what it says")
    parser.add_argument("--agreed", type=Path, metavar="FILE", help="do what this preview said and nothing more")
    given = parser.parse_args(arguments)
    if unknown := {*given.stacks} - {*ORDER}:
        parser.error(f"no such stack: {', '.join(sorted(unknown))}")
    try:
        previews = previewed([name for name in ORDER if name in (given.stacks or ORDER)])
    except Failed as failure:
        print(f"{failure}\nNothing was changed.", file=sys.stderr)
        return 2
    changed = {name: one.changes for name, one in previews.items()}
    print(tables.columns(changed))
    print(f"\n{tables.summary(changed)}")
    if given.save:
        given.save.write_text(json.dumps({name: [asdict(one) for one in it] for name, it in changed.items()}))
        return 0
    agreed = agreed_in(given.agreed) if given.agreed else changed
    more = [f"{name}: {one}" for name in changed for one in beyond(agreed.get(name, []), changed[name])]
    if more:
        print("\nThis is more than was agreed to. Nothing was changed.", *more, sep="\n", file=sys.stderr)
        return 1
    if all(one.is_unchanged for one in previews.values()):
        return 0
    if not (given.yes or given.agreed or is_wanted()):
        print("Nothing was changed.")
        return 1
    return brought_up(previews)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
