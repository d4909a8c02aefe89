"""What a long run has read, kept in a file until the run has ended, so that `--resume` asks only for the rest.

One line of JSON for each answer, with when it was read, in the user's cache folder and readable for that user alone.
Values of variables are never among them.
"""

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

LONGEST_SECONDS = 24 * 3600
"""What was read longer ago is asked anew: a review of today must not tell of last month."""


class Journal:
    """Safe for threads. `about` is what the run is about: a run about something else has a journal of its own."""

    def __init__(self, about: dict[str, Any], resume: bool) -> None:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        name = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]
        self.path = cache / "bitbucket-user" / f"{name}.jsonl"
        self._lock = threading.Lock()
        self.known: dict[str, Any] = {}
        self._file: TextIO | None = None
        if resume:
            self._recall()
        self.resumed = len(self.known)

    def ask(self, key: str, work: Callable[[], Any]) -> Any:
        """What the work returns, from memory where an earlier run has done it."""
        if key not in self.known:
            self._note(key, work())
        return self.known[key]

    def done(self) -> None:
        """The run has ended well: nothing is left to go on with."""
        self.close()
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        if self._file:
            self._file.close()

    def _recall(self) -> None:
        try:
            lines = self.path.read_bytes().splitlines()
        except OSError:
            return
        for line in lines:
            try:
                read_at, key, value = json.loads(line)
            except ValueError:  # cut in the middle, or of an older version
                continue
            if time.time() - read_at <= LONGEST_SECONDS:
                self.known[key] = value

    def _note(self, key: str, value: Any) -> None:
        line = json.dumps([time.time(), key, value])
        with self._lock:
            self.known[key] = json.loads(line)[-1]
            if self._file is None:
                self._file = self._opened()
            self._file.write(line + "\n")
            self._file.flush()

    def _opened(self) -> TextIO:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if self.resumed else os.O_TRUNC)
        file = os.fdopen(os.open(self.path, flags, 0o600), "w", encoding="utf-8")
        file.write("\n")  # the last line may have been cut in the middle
        return file
