"""The emulator as tests use it: a server in a thread, what it holds and saw, and what is done to it by hand."""

from __future__ import annotations

import asyncio
import base64
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

from requests import Response, Session

from .by_hand import ByHand
from .faults import Fault
from .limits import Limits
from .log import Exchange
from .server import Server, begin, listen
from .switches import Switches
from .world import DeployKey, GpgKey, SshKey


class Emulator(ByHand):
    """`with Emulator() as bitbucket:` listens on a free port of 127.0.0.1 until the block ends."""

    def __init__(
        self,
        latency_ms: float = 0,
        requests_per_hour: int | None = None,
        data: str | Path | None = None,
        port: int = 0,
        seed: str | Path | None = None,
    ) -> None:
        self.server = Server(latency_ms, requests_per_hour, data, seed)
        self.origin = ""
        self._port = port
        self._started = Event()
        self._problem: BaseException | None = None
        self._stop: Callable[[], object] = lambda: None
        self._thread = Thread(target=lambda: asyncio.run(self._serve()), name="emulator", daemon=True)

    def __enter__(self) -> Emulator:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self._thread.start()
        self._started.wait()
        if self._problem:
            raise self._problem

    def stop(self) -> None:
        self._stop()
        self._thread.join()

    async def _serve(self) -> None:
        loop, ending = asyncio.get_running_loop(), asyncio.Event()
        try:
            runner, self.origin = await listen(self.server, self._port)
        except OSError as problem:
            self._problem = problem
            return
        finally:
            self._stop = lambda: None if loop.is_closed() else loop.call_soon_threadsafe(ending.set)
            self._started.set()
        await ending.wait()
        await runner.cleanup()

    # What it is and saw

    @property
    def url(self) -> str:
        return f"{self.origin}/2.0"

    @property
    def switches(self) -> Switches:
        return self.server.world.switches

    @property
    def latency_ms(self) -> float:
        """How long each answer is held back; may be changed at any time."""
        return self.server.latency_ms

    @latency_ms.setter
    def latency_ms(self, latency_ms: float) -> None:
        self.server.latency_ms = latency_ms

    @property
    def requests(self) -> list[Exchange]:
        return list(self.server.log.exchanges)

    @property
    def peak(self) -> int:
        """The most requests that were under way at once."""
        return self.server.log.peak

    def calls(self) -> Counter[str]:
        """How often each "METHOD route" was called."""
        return self.server.log.calls()

    def count(self, method: str | None = None, route_contains: str | None = None) -> int:
        return sum(
            (method is None or one.method == method) and (route_contains or "") in one.route for one in self.requests
        )

    def clear(self) -> None:
        """Forget the log."""
        self.server.log.clear()

    def reset(self, seed: str | Path | None = None) -> None:
        """Be as if just started: nothing asked, no fault scripted, and in the world what a YAML file says."""
        with self.server.changing():
            self.server.world, self.server.limits, self.server.latency_ms = begin(seed), Limits(), 0
            self.server.between_pages.clear()
        self.clear()
        self.clear_faults()

    def forget_rate(self) -> None:
        """Let a new hour begin."""
        self.server.limits.forget()

    @property
    def clock(self) -> Callable[[], float]:
        """What the limits count by, in seconds; put another in its place to let time pass at will."""
        return self.server.limits.clock

    @clock.setter
    def clock(self, clock: Callable[[], float]) -> None:
        self.server.limits.clock = clock

    def fault(self, route: str, method: str | None = None, **what: Any) -> None:
        """Script the next calls of a route; see Fault for what may be said."""
        self.server.faults.waiting.append(Fault(route, method, **what))

    def clear_faults(self) -> None:
        self.server.faults.waiting.clear()

    # How to speak to it over HTTP

    @property
    def environ(self) -> dict[str, str]:
        """The environment in which a program finds it, with the API token of its first administrator."""
        token = next(one for one in self.world.credentials.values() if one.kind == "api-token")
        return {
            "BITBUCKET_BASE_URL": self.url,
            "BITBUCKET_EMAIL": token.email or "",
            "BITBUCKET_API_TOKEN": token.secret,
        }

    def authorization(self, secret: str) -> str:
        """The Authorization header of one of its credentials."""
        credential = self.world.credentials[secret]
        if credential.kind == "api-token":
            return "Basic " + base64.b64encode(f"{credential.email}:{secret}".encode()).decode()
        return f"{'JWT' if credential.kind == 'jwt' else 'Bearer'} {secret}"

    def mint(self, consumer: str = "acme-consumer") -> str:
        """An OAuth token, had over HTTP as everybody has it."""
        known = self.world.consumers[consumer]
        form, basic = {"grant_type": "client_credentials"}, (known.key, known.secret)
        answer = self.ask("POST", f"{self.origin}/site/oauth2/access_token", None, data=form, auth=basic)
        return str(answer.json()["access_token"])

    def ask(self, method: str, path: str, secret: str | None = "ada-api-token", **how: Any) -> Response:
        """One request, by the holder of `secret`; in `path`, UUIDs may stand in plain braces."""
        headers = {"Authorization": self.authorization(secret)} if secret else {}
        headers |= how.pop("headers", {})
        url = path if path.startswith("http") else self.url + path
        with Session() as session:
            session.trust_env = False
            return session.request(method, url, headers=headers, timeout=10, **how)

    # What it holds, in the words of a test

    def repository_permissions(self, workspace: str, slug: str) -> dict[str, str]:
        """Direct grants: display name → permission."""
        return self._named(self.world.workspaces[workspace].repositories[slug].users)

    def project_permissions(self, workspace: str, key: str) -> dict[str, str]:
        return self._named(self.world.workspaces[workspace].projects[key].users)

    def group_permissions(self, workspace: str, place: str) -> dict[str, str]:
        """Of a repository by slug or a project by key: group slug → permission."""
        return dict(self.place(workspace, place).groups)

    def workspace_variables(self, workspace: str) -> dict[str, dict[str, Any]]:
        """Key → value and secured."""
        return self.variables(workspace)

    def user_variables(self, user: str) -> dict[str, dict[str, Any]]:
        return self.variables(user)

    def properties(self, user: str) -> dict[str, dict[str, Any]]:
        """`app key/property name` → value."""
        return dict(self.person(user).properties)

    def ssh_keys(self, user: str) -> list[SshKey]:
        return list(self.person(user).ssh_keys.values())

    def deploy_keys(self, workspace: str, place: str) -> list[DeployKey]:
        """Of a repository by slug or a project by key."""
        return list(self.place(workspace, place).deploy_keys.values())

    def gpg_keys(self, user: str) -> list[GpgKey]:
        return list(self.person(user).gpg_keys.values())

    def _named(self, grants: dict[str, str]) -> dict[str, str]:
        return {self.world.people[uuid].display_name: level for uuid, level in list(grants.items())}
