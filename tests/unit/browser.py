"""Headless Chromium, driven over its debugging protocol: opens a file from disk and says what the page is like."""

from __future__ import annotations

import asyncio
import base64
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

from tests.engine.compiled import npm_package

AXE = "4.14.1"
QUIET = ("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync")
T = TypeVar("T")


class Page:
    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._number = 0
        self.asked: list[str] = []
        """URLs that the page has asked for, its own included."""

    async def send(self, method: str, **params: Any) -> Any:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": params})
        while True:
            message = await self._socket.receive_json()
            if message.get("method") == "Network.requestWillBeSent":
                self.asked.append(message["params"]["request"]["url"])
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]

    async def run(self, script: str) -> Any:
        """The value of an expression in the page; of a promise what it comes to."""
        found = await self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    async def open(self, file: Path) -> None:
        await self.send("Network.enable")
        await self.send("Page.navigate", url=file.as_uri())
        while await self.run("document.documentElement?.dataset.ready") != "yes":
            await asyncio.sleep(0.02)

    async def picture(self, file: Path) -> None:
        found = await self.send("Page.captureScreenshot", format="png")
        file.write_bytes(base64.b64decode(found["data"]))


class Browser:
    def __init__(self, origin: str) -> None:
        self.origin = origin

    def visit(self, look: Callable[[Page], Awaitable[T]]) -> T:
        """What `look` returns, with a new page."""
        return asyncio.run(self._visited(look))

    async def _visited(self, look: Callable[[Page], Awaitable[T]]) -> T:
        async with aiohttp.ClientSession() as session:
            async with session.put(f"{self.origin}/json/new?about:blank") as answer:
                target = await answer.json()
            async with session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                return await look(Page(socket))


@contextmanager
def browser(width: int = 1200, height: int = 900) -> Iterator[Browser]:
    """`chromium`, as Debian's package of that name installs it; it cannot reach a network."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", *QUIET]
        arguments += ["--proxy-server=127.0.0.1:9", f"--window-size={width},{height}", "--remote-debugging-port=0"]
        command = ["chromium", *arguments, f"--user-data-dir={profile}", "about:blank"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                yield Browser(f"http://127.0.0.1:{_port(Path(profile) / 'DevToolsActivePort')}")
            finally:
                process.terminate()


def _port(file: Path) -> str:
    until = time.monotonic() + 60
    while not (file.exists() and file.read_text().count("\n")):
        assert time.monotonic() < until, "Chromium does not start"
        time.sleep(0.05)
    return file.read_text().splitlines()[0]


def axe() -> str:
    """The script of axe-core, which finds what a page puts in the way of people who do not use eyes and mouse."""
    return (npm_package("axe-core", AXE) / "axe.min.js").read_text()
