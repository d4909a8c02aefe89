"""A small stand-in for Pulumi's engine: makes the calls to the core that a program leads to."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bitbucket_user_emulator import Emulator
from bitbucket_user_provider.errors import PartialFailure
from bitbucket_user_provider.lifecycle import Diff, Lifecycle
from bitbucket_user_provider.models.validation import Failure
from bitbucket_user_provider.operation import operation

from tests.unit.core import ADA, serve

Bag = dict[str, Any]
Program = Mapping[str, tuple[str, Bag]]
"""By name: kind and inputs."""


def urn_of(kind: str, name: str) -> str:
    return f"urn:pulumi:dev::test::bitbucket-user:index:{kind}::{name}"


class Refused(Exception):
    """A check that failed."""

    def __init__(self, failures: list[Failure]) -> None:
        super().__init__("; ".join(f"{prop}: {reason}" if prop else reason for prop, reason in failures))
        self.failures = failures


@dataclass
class Resource:
    id: str
    inputs: Bag
    outputs: Bag
    unfinished: bool = False


class Stack:
    """A stack. Each run has a new core, as of a new process, and its remarks and differences stay until the next."""

    def __init__(
        self,
        bitbucket: Emulator,
        config: Mapping[str, Any] = ADA,
        environ: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        self.bitbucket = bitbucket
        self.config = {**config, **more}
        self.environ = environ
        self.state: dict[tuple[str, str], Resource] = {}
        self.start()

    def start(self) -> Lifecycle:
        """Starts a run, with a new core."""
        self.provider = serve(self.bitbucket, self.config, self.environ)
        self.said: list[str] = []
        self.warned: list[str] = []
        self.diffs: dict[str, Diff] = {}
        return self.provider

    @contextmanager
    def on(self, kind: str, name: str) -> Iterator[None]:
        with operation(urn_of(kind, name), self.said.append, self.warned.append):
            yield

    def preview(self, program: Program) -> dict[str, Bag]:
        """The outputs that a preview shows, by name."""
        self.start()
        before = len(self.bitbucket.requests)
        shown = {}
        for name, (kind, inputs) in program.items():
            old = self._checked(kind, name, inputs)
            with self.on(kind, name):
                if old is None:
                    self.said += filter(None, [self.provider.summary(kind, inputs)])
                shown[name] = self.provider.preview(kind, inputs, old.outputs if old else None)
        assert len(self.bitbucket.requests) == before, "a preview has sent something"
        return shown

    def up(self, program: Program, ahead: bool = False, parallel: int = 16, refresh: bool = False) -> None:
        """Raises Refused, and what the provider raises. What was done until then is in the state.

        `ahead`: all are checked before the first is touched, and then worked on at once, as the engine does with what
        waits for nothing, until one fails: `parallel` at a time, in the order of the program. A delete of one may wait
        there for the create of another.
        """
        self.start()
        if refresh:
            self._refresh()
        wanted = {(kind, name): inputs for name, (kind, inputs) in program.items()}
        if ahead:
            checked = [(*key, inputs, self._checked(*key, inputs)) for key, inputs in wanted.items()]
            failed = threading.Event()
            with ThreadPoolExecutor(parallel) as pool:
                steps = [pool.submit(self._unless, failed, *one) for one in checked]
            replaced = [step.result() for step in steps]
        else:
            replaced = [self._bring_about(*key, inputs, self._checked(*key, inputs)) for key, inputs in wanted.items()]
        for kind, name, old in filter(None, replaced):
            with self.on(kind, name):
                self.provider.delete(kind, old.id, old.outputs)
        for kind, name in [key for key in self.state if key not in wanted]:
            self._delete(kind, name, self.state[kind, name])

    def _unless(self, failed: threading.Event, *one: Any) -> tuple[str, str, Resource] | None:
        try:
            return None if failed.is_set() else self._bring_about(*one)
        except BaseException:
            failed.set()
            raise

    def _bring_about(self, kind: str, name: str, inputs: Bag, old: Resource | None) -> tuple[str, str, Resource] | None:
        """The steps of one resource, one after another; what its replacement leaves to be deleted at the end."""
        found = self.diffs.get(name)
        if old is None:
            self._create(kind, name, inputs)
        elif found and found.replaces:
            if found.delete_first:
                self._delete(kind, name, old)
            self._create(kind, name, inputs)
            return None if found.delete_first else (kind, name, old)
        elif found or old.unfinished:
            self._update(kind, name, inputs, old)
        return None

    def refresh(self) -> None:
        self.start()
        self._refresh()

    def _refresh(self) -> None:
        """Reads, and asks for the difference to what was there before, which the engine shows."""
        for (kind, name), old in list(self.state.items()):
            with self.on(kind, name):
                found = self.provider.read(kind, old.id, old.outputs, old.inputs)
                if found:
                    self.provider.diff(kind, old.id, found.outputs, old.inputs)
            if found is None:
                del self.state[kind, name]
            else:
                self.state[kind, name] = Resource(found.id, found.inputs, found.outputs)

    def bring_in(self, kind: str, name: str, id: str) -> Bag:
        """`pulumi import`; the inputs that it writes into the program."""
        self.start()
        with self.on(kind, name):
            found = self.provider.read(kind, id)
        assert found, f"nothing to import under {id}"
        self.state[kind, name] = Resource(found.id, found.inputs, found.outputs)
        return found.inputs

    def destroy(self) -> None:
        self.start()
        for (kind, name), old in list(self.state.items()):
            self._delete(kind, name, old)

    def outputs(self, name: str) -> Bag:
        return next(one.outputs for (_, known), one in self.state.items() if known == name)

    def _checked(self, kind: str, name: str, inputs: Bag) -> Resource | None:
        """The resource of the last run, after check and diff."""
        old = self.state.get((kind, name))
        with self.on(kind, name):
            if failures := self.provider.check(kind, inputs, old.inputs if old else {}):
                raise Refused(failures)
            if old:
                self.diffs[name] = self.provider.diff(kind, old.id, old.outputs, inputs)
                self.said += filter(None, [self.diffs[name].summary])
        return old

    def _create(self, kind: str, name: str, inputs: Bag) -> None:
        with self.on(kind, name), self._keeping(kind, name, inputs):
            id, outputs = self.provider.create(kind, inputs)
            self.state[kind, name] = Resource(id, inputs, outputs)

    def _update(self, kind: str, name: str, inputs: Bag, old: Resource) -> None:
        with self.on(kind, name), self._keeping(kind, name, inputs):
            outputs = self.provider.update(kind, old.id, old.outputs, inputs)
            self.state[kind, name] = Resource(old.id, inputs, outputs)

    def _delete(self, kind: str, name: str, old: Resource) -> None:
        with self.on(kind, name):
            self.provider.delete(kind, old.id, old.outputs)
        del self.state[kind, name]

    @contextmanager
    def _keeping(self, kind: str, name: str, inputs: Bag) -> Iterator[None]:
        try:
            yield
        except PartialFailure as failure:
            self.state[kind, name] = Resource(failure.id, inputs, dict(failure.state), unfinished=True)
            raise
