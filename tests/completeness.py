"""What a resource or function still lacks, by the list in CONTRIBUTING.md: `python -m tests.completeness`."""

from __future__ import annotations

import pkgutil
import re
import sys
from collections.abc import Iterator

from bitbucket_user_emulator import OPERATIONS as SERVED
from bitbucket_user_provider import functions, resources
from bitbucket_user_provider.functions import FUNCTIONS
from bitbucket_user_provider.functions.function import Function
from bitbucket_user_provider.resources import RESOURCES
from bitbucket_user_provider.resources.resource import Resource
from pydantic.alias_generators import to_snake

from tests.acceptance.calls import CALLS
from tests.acceptance.lives import every_life
from tests.engine import examples
from tests.engine.builds import ROOT
from tests.operations import OPERATIONS, SUCCESSORS


def missing() -> list[str]:
    """One sentence for each thing that is not there yet."""
    return [*_not_listed(), *_not_served(), *_not_lived(), *_not_shown(), *_not_called(), *_not_illustrated()]


def _not_listed() -> Iterator[str]:
    for package, base, listed in ((resources, Resource, RESOURCES), (functions, Function, FUNCTIONS)):
        stems = {to_snake(name) for name in listed}
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            found = __import__(module.name, fromlist=["*"])
            for kind in vars(found).values():
                is_own = isinstance(kind, type) and issubclass(kind, base) and kind.__module__ == module.name
                if is_own and hasattr(kind, "ARGS") and to_snake(kind.__name__) not in stems:
                    yield f"{kind.__name__} is not in the list of {package.__name__}"


def _not_served() -> Iterator[str]:
    every = OPERATIONS + SUCCESSORS
    serving = {name for one in every for name in one.served_by.split()}
    yield from (f"{name} serves no operation of tests/operations.py" for name in {*RESOURCES, *FUNCTIONS} - serving)
    yield from (
        f"tests/operations.py names {name}, which is no resource or function"
        for name in serving - {*RESOURCES, *FUNCTIONS}
    )
    for one in every:
        if one.name not in {f"{served.method} {served.route}" for served in SERVED}:
            yield f"The emulator has no route for {one.name}"
        try:
            _ = one.path
        except LookupError as error:
            yield str(error)


def _not_lived() -> Iterator[str]:
    for kind in RESOURCES.keys() - every_life().keys():
        yield f"{kind} has no life: tests/acceptance/lives/{to_snake(kind)}.py"


def _not_shown() -> Iterator[str]:
    programs = [path.read_text() for path in ROOT.glob("examples/*/__main__.py")]
    for kind in RESOURCES:
        if not any(re.search(rf"\b{kind}\(", program) for program in programs):
            yield f"{kind} is in no program of examples/"


def _not_called() -> Iterator[str]:
    for name in FUNCTIONS:
        if to_snake(name) not in CALLS:
            yield f"{name} has no arguments in tests/acceptance/calls.py"


def _not_illustrated() -> Iterator[str]:
    sources, wanted = (
        {path.stem for path in examples.FOLDER.iterdir()},
        {to_snake(name) for name in [*RESOURCES, *FUNCTIONS]},
    )
    yield from (
        f"docs/examples/{stem}.yaml, which the documentation of {stem} needs, is missing" for stem in wanted - sources
    )
    yield from (f"docs/examples/{stem}.yaml is the example of nothing" for stem in sources - wanted)


if __name__ == "__main__":
    sys.exit("\n".join(missing()) or None)
