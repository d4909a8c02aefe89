"""A stack under the real engine: Automation API, inline program, local file backend, a folder that is thrown away.

A command of the engine is a `Run`: what it did to which resource, and what it said about each, from its events.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from pulumi import automation as auto
from pulumi.automation import EngineEvent, _stack, events
from pulumi.automation._server import LanguageServer
from pulumi.automation._stack import StackInitMode
from pulumi.runtime.proto.language_pb2 import RunResponse

from tests.engine.builds import digest

PROJECT = "acceptance"
QUIET = {
    "PULUMI_CONFIG_PASSPHRASE": "passphrase",
    "PULUMI_SKIP_UPDATE_CHECK": "1",
    "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
    "GOGC": "off",  # the engine spends a fifth of its short life collecting garbage
    "GOMEMLIMIT": "2GiB",
}
AFTERWORD = "Resource monitor has terminated, shutting down"
"""What newer engines say after the error of a resource, about no resource."""
Program = Callable[[], None]


@dataclass
class Run:
    """One command of the engine; resources go by their logical names."""

    stdout: str = ""
    stderr: str = ""
    failed: bool = False
    steps: list[tuple[str, str]] = field(default_factory=list)
    """(resource, operation) in the order in which they began."""
    results: list[tuple[str, str]] = field(default_factory=list)
    """(resource, operation) as they were in the end: a refresh names what it found."""
    details: dict[str, dict[str, str]] = field(default_factory=dict)
    """Resource → property path → kind of change."""
    said: list[tuple[str, str, str]] = field(default_factory=list)
    """(severity, resource, message); a "remark" is a status line, which the engine shows only while it works."""

    providers: dict[str, list[str]] = field(default_factory=dict)
    """Provider → operations on it, without those that do nothing."""
    is_over: Callable[[], bool] = lambda: True

    def __bool__(self) -> bool:
        return not self.failed

    @property
    def changes(self) -> dict[str, list[str]]:
        """Resource → operations on it, without those that do nothing."""
        found: dict[str, list[str]] = defaultdict(list)
        for name, operation in self.steps:
            if operation not in ("same", "refresh", "read"):
                found[name].append(operation)
        return dict(found)

    @property
    def found(self) -> dict[str, str]:
        """Resource → what a refresh found: update or delete, without unchanged resources."""
        return {name: operation for name, operation in self.results if operation not in ("same", "refresh", "read")}

    @property
    def counts(self) -> Counter[str]:
        """How many of each operation, without those on the stack itself."""
        return Counter(operation for _, operation in self.steps)

    @property
    def errors(self) -> dict[str, str]:
        """Resource → its errors, one a line; errors about no resource stand under the empty name."""
        return self._told("error")

    @property
    def warnings(self) -> dict[str, str]:
        return self._told("warning")

    @property
    def remarks(self) -> dict[str, str]:
        return self._told("remark", "info", "info#err")

    def messages(self, severity: str, resource: str) -> list[str]:
        return [message for kind, name, message in self.said if (kind, name) == (severity, resource)]

    def _told(self, *severities: str) -> dict[str, str]:
        found: dict[str, list[str]] = defaultdict(list)
        for severity, name, message in self.said:
            if severity in severities:
                found[name].append(message)
        return {name: "\n".join(messages) for name, messages in found.items()}

    def note(self, event: EngineEvent) -> None:
        if event.resource_pre_event:
            self._step(event.resource_pre_event.metadata)
        elif event.res_outputs_event:
            metadata = event.res_outputs_event.metadata
            if _is_ours(metadata.type):
                self.results.append((_name(metadata.urn), metadata.op.value))
                self._detail(metadata)
        elif event.diagnostic_event:
            self._said(event.diagnostic_event)

    def _step(self, metadata: events.StepEventMetadata) -> None:
        if metadata.type == "pulumi:providers:bitbucket-user" and metadata.op.value != "same":
            self.providers.setdefault(_name(metadata.urn), []).append(metadata.op.value)
        if _is_ours(metadata.type):
            self.steps.append((_name(metadata.urn), metadata.op.value))
            self._detail(metadata)

    def _detail(self, metadata: events.StepEventMetadata) -> None:
        if metadata.detailed_diff:
            paths = {path: change.diff_kind.value for path, change in metadata.detailed_diff.items()}
            self.details.setdefault(_name(metadata.urn), {}).update(paths)

    def _said(self, said: events.DiagnosticEvent) -> None:
        if said.severity == "debug" or said.message.strip() == AFTERWORD:
            return
        severity = "remark" if said.ephemeral else said.severity
        self.said.append((severity, _name(said.urn or ""), said.message.strip()))


def _is_ours(type: str) -> bool:
    return not type.startswith("pulumi:")


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


class _Program(LanguageServer):
    """Cleans up when the engine stops the program. Pulumi leaves coroutines and an open event loop behind; collected
    later, they would warn in the middle of another test."""

    def Run(self, request: Any, context: Any) -> Any:
        loops: list[asyncio.AbstractEventLoop] = []
        new_event_loop = asyncio.new_event_loop

        def remembered() -> asyncio.AbstractEventLoop:
            loops.append(new_event_loop())
            return loops[-1]

        answer = RunResponse(error="the engine has gone")
        try:
            with patch("asyncio.new_event_loop", remembered), suppress(Exception):
                answer = super().Run(request, context)  # type: ignore[no-untyped-call]
        finally:
            if answer.error:
                _close(loops)
        return answer


def _close(loops: list[asyncio.AbstractEventLoop]) -> None:
    listening, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        while loops:
            loop = loops.pop()
            if not loop.is_closed():
                loop.run_until_complete(loop.shutdown_default_executor())  # its threads may still ask the engine
                loop.close()
            del loop
        gc.collect()
    finally:
        sys.unraisablehook = listening


_stack.LanguageServer = _Program  # type: ignore[attr-defined]


class _Workspace(auto.LocalWorkspace):
    """Makes no stack where there is one, and selects none: the engine's environment says which one is meant."""

    def create_stack(self, stack_name: str) -> None:
        if not [*Path(self.work_dir).glob(f".pulumi/stacks/*/{stack_name}.json")]:
            super().create_stack(stack_name)


class _Stack(auto.Stack):
    """Leaves out the commands for outputs and history, which take as much time as the run itself."""

    def outputs(self) -> auto.OutputMap:
        return {}

    def info(self, show_secrets: bool = True) -> auto.UpdateSummary:
        del show_secrets
        return auto.UpdateSummary("", datetime.now(timezone.utc), "", {}, {}, "")


@cache
def _pulumi(executable: str | None) -> auto.PulumiCommand:
    """It asks the engine for its version, which for every stack would take as long as a small preview."""
    del executable
    return auto.PulumiCommand()


class Stack:
    def __init__(
        self,
        home: Path,
        folder: Path,
        program: Program,
        environ: Mapping[str, str],
        config: Mapping[str, Any] | None = None,
        name: str = "dev",
    ) -> None:
        """To make a stack, and again to encrypt a secret, the engine needs half a second: it does so once for all
        stacks in empty folders that begin alike, and the others are copies."""
        self.folder = folder
        self.program = program
        self.name = name
        self.environ: dict[str, str] = {}
        """The environment of the engine and the providers; a test may change it between two commands."""
        own = {"PULUMI_HOME": str(home), "PULUMI_BACKEND_URL": f"file://{folder}", "PULUMI_STACK": name}
        self.environ |= QUIET | own | dict(environ)
        is_new, alike = not any(folder.iterdir()), home / "alike" / digest(name, repr(config))
        is_copy = is_new and alike.exists()
        if is_copy:
            shutil.copytree(alike, folder, dirs_exist_ok=True)
        workspace = _Workspace(
            work_dir=str(folder),
            pulumi_command=_pulumi(shutil.which("pulumi")),
            env_vars=self.environ,
            program=self._run_program,
            project_settings=None if (folder / "Pulumi.yaml").exists() else auto.ProjectSettings(PROJECT, "python"),
        )
        self.automation = _Stack(name, workspace, StackInitMode.CREATE)
        if config and not is_copy:
            self.configure(config)
        if is_new and not is_copy:
            shutil.copytree(folder, alike)

    def _run_program(self) -> None:
        self.program()

    def configure(self, config: Mapping[str, Any]) -> None:
        """Sets keys of the package; None removes one. A value in a tuple is a secret."""
        for key, value in config.items():
            if value is None:
                self.automation.remove_config(f"bitbucket-user:{key}")
        self.automation.set_all_config(
            {
                f"bitbucket-user:{key}": auto.ConfigValue(
                    _text(value[0] if isinstance(value, tuple) else value), secret=isinstance(value, tuple)
                )
                for key, value in config.items()
                if value is not None
            }
        )

    def preview(self, **how: Any) -> Run:
        return self._do(self.automation.preview, **how)

    def up(self, **how: Any) -> Run:
        return self._do(self.automation.up, **how)

    def refresh(self, **how: Any) -> Run:
        return self._do(self.automation.refresh, **how)

    def destroy(self, **how: Any) -> Run:
        return self._do(self.automation.destroy, **how)

    @contextmanager
    def under_way(self, command: str, run: Run | None = None, **how: Any) -> Iterator[Run]:
        """Runs a command in another thread while the body looks at the run so far; waits for its end afterwards."""
        run = run or Run()
        with ThreadPoolExecutor(max_workers=1) as beside:
            ended = beside.submit(self._do, getattr(self.automation, command), run, **how)
            run.is_over = ended.done
            yield run
            ended.result()

    def _do(self, command: Callable[..., Any], run: Run | None = None, **how: Any) -> Run:
        run = run or Run()
        over = threading.Event()

        def note(event: EngineEvent) -> None:
            run.note(event)
            if event.cancel_event:
                over.set()

        try:
            result = command(on_event=note, **{"color": "never", **how})
        except auto.CommandError as error:
            run.failed = True
            run.stdout = str(error)
        else:
            run.stdout, run.stderr = result.stdout, result.stderr
        over.wait(timeout=1 if run.failed else 10)  # a killed engine sends no last event
        return run

    def command(self, *arguments: str) -> str:
        """What another command of the CLI prints. Raises CommandError."""
        workspace = self.automation.workspace
        answer = workspace.pulumi_command.run([*arguments], workspace.work_dir, self.environ)
        return str(answer.stdout)

    @property
    def state_text(self) -> str:
        """The text of the backend's state file."""
        return (self.folder / ".pulumi" / "stacks" / PROJECT / f"{self.name}.json").read_text()

    @property
    def state(self) -> dict[str, dict[str, Any]]:
        """Resource → its entry in the state file; secrets are ciphertext there."""
        return _by_name(json.loads(self.state_text)["checkpoint"]["latest"])

    @property
    def exported(self) -> dict[str, dict[str, Any]]:
        """Resource → its entry, secrets in plain."""
        return _by_name(self.automation.export_stack().deployment)


def engine() -> int:
    """The process id of the engine that this process has started; 0 when none runs."""
    return next((pid for pid in _children(os.getpid()) if _is_engine(pid)), 0)


def processes() -> list[int]:
    """The process ids of the engine and of all that it has started, the engine first; none when none runs."""
    return _family(engine())


def _family(pid: int) -> list[int]:
    return [pid, *(one for child in _children(pid) for one in _family(child))] if pid else []


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    with suppress(OSError):  # it has ended meanwhile
        return [int(child) for task in tasks for child in task.read_text().split()]
    return []


def _is_engine(pid: int) -> bool:
    """Beside it a process may have others, such as those that compile an SDK."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip() == "pulumi"
    return False


def _by_name(deployment: Mapping[str, Any] | None) -> dict[str, dict[str, Any]]:
    resources = (deployment or {}).get("resources", [])
    return {_name(one["urn"]): one for one in resources if _is_ours(one["type"])}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
