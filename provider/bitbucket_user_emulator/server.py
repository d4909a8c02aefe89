"""The HTTP side: each request is logged, delayed, perhaps spoiled by a fault, and answered from the world."""

from __future__ import annotations

import asyncio
import json
import pkgutil
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from threading import RLock
from urllib.parse import unquote

from aiohttp import web

from . import access, errors, faults, from_yaml, oauth, pages, people, spoil, store
from .limits import Limits
from .log import Exchange, Log, masked, parsed
from .operations import OPERATIONS, Answer, Call, Operation
from .seed import default_world
from .world import World

ROOT = "/2.0"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
    if not module.name.startswith("__"):
        import_module(f".{module.name}", __package__)  # its routes enter OPERATIONS


def begin(seed: str | Path | None = None) -> World:
    """What there is before anything is asked: what a YAML file says, or a small company."""
    return from_yaml.read(seed) if seed else default_world()


LARGEST_STATE = 64 * 2**20
"""Bytes of a `PUT /_emulator/state`: thousands of people are some megabytes."""


class Server:
    def __init__(
        self,
        latency_ms: float = 0,
        requests_per_hour: int | None = None,
        data: str | Path | None = None,
        seed: str | Path | None = None,
    ) -> None:
        self.latency_ms = latency_ms
        self.data = Path(data) if data else None
        self.world: World = store.load(self.data) if self.data and self.data.exists() else begin(seed)
        self.log = Log()
        self.faults = faults.Faults()
        self.between_pages: list[tuple[str, Callable[[], object]]] = []  # a part of a route; what happens there, once
        self.lock = RLock()  # held while an operation works; hold it for several reads that belong together
        self.limits = Limits()
        if requests_per_hour is not None:
            self.world.switches.requests_per_hour = requests_per_hour
        self.save()

    def application(self) -> web.Application:
        from . import control

        application = web.Application(client_max_size=LARGEST_STATE)
        control.add_routes(application, self)
        application.router.add_post(oauth.ROUTE, self.handler(oauth.ROUTE, None))
        for operation in OPERATIONS:
            pattern = ROOT + operation.route.replace("}", ":[^/]+}")
            application.router.add_route(operation.method, pattern, self.handler(operation.route, operation))
        application.router.add_route("*", "/{anything:.*}", self.handler("", None))
        return application

    def save(self) -> None:
        if self.data:
            store.save(self.world, self.data)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """The body changes the world: nobody else does meanwhile, and the file keeps it."""
        with self.lock:
            yield
            self.save()

    def handler(self, route: str, operation: Operation | None) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            self.log.in_flight += 1
            self.log.peak = max(self.log.peak, self.log.in_flight)
            try:
                return await self._handle(request, route, operation)
            finally:
                self.log.in_flight -= 1

        return handle

    async def _handle(self, request: web.Request, route: str, operation: Operation | None) -> web.StreamResponse:
        content = await request.read()
        path = unquote(request.raw_path.partition("?")[0]).removeprefix(ROOT)
        exchange = Exchange(
            method=request.method,
            path=path,
            raw_path=request.raw_path,
            route=route,
            query=dict(request.query),
            request_headers=masked(dict(request.headers)),
            credential=None,
            actor=None,
            request_body=parsed(content),
        )
        fault = self.faults.take(request.method, route, path, pages.number(request.query))
        delay = self.latency_ms + (fault.delay_ms if fault else 0)
        if delay:
            await asyncio.sleep(delay / 1000)
        response = None
        if fault is None or fault.works:
            response = self._work(request, exchange, operation, content)
        if fault and fault.alters:
            exchange.fault = True
            response = spoil.spoiled(fault, response)
        if response is None or (fault and fault.drop in ("before", "after")):
            self.log.exchanges.append(exchange)
            return spoil.hang_up(request)
        exchange.status = response.status
        exchange.response_headers = dict(response.headers)
        body = response.body if isinstance(response.body, bytes) else b""
        exchange.response_body = parsed(body)
        if route == oauth.ROUTE and isinstance(exchange.response_body, dict):
            exchange.response_body = {**exchange.response_body, "access_token": "***"}
        self.log.exchanges.append(exchange)
        return await spoil.send(request, response, fault) if fault else response

    def _work(
        self, request: web.Request, exchange: Exchange, operation: Operation | None, content: bytes
    ) -> web.Response:
        with self.lock:
            try:
                answer = self._answer(request, exchange, operation, content)
            except errors.Refusal as refusal:
                if refusal.text is not None:
                    return web.Response(status=refusal.status, text=refusal.text, headers=refusal.headers)
                answer = Answer(refusal.body, refusal.status, refusal.headers)
            except Exception:
                traceback.print_exc()
                answer = Answer({"type": "error", "error": {"message": "The emulator itself is at fault"}}, 500)
            if request.method != "GET" and answer.status < 400:
                self.save()
        for part, headers in self.world.switches.deprecated.items():
            if part in exchange.route:
                answer.headers = {**answer.headers, **headers}
        if answer.body is None:
            return web.Response(status=answer.status, headers=answer.headers)
        whole = operation is None or answer.status >= 400  # `fields` takes nothing out of an error
        body = answer.body if whole else pages.partial(answer.body, request.query.get("fields"))
        text = json.dumps(body if self.world.switches.account_ids else people.without_account_ids(body))
        return web.Response(
            status=answer.status, text=text, headers=answer.headers, content_type="application/json", charset="utf-8"
        )

    def _answer(self, request: web.Request, exchange: Exchange, operation: Operation | None, content: bytes) -> Answer:
        header = request.headers.get("Authorization")
        if exchange.route == oauth.ROUTE:
            return oauth.token(self.world, header, content)
        if "{" in request.raw_path.partition("?")[0]:
            raise errors.pipelines(400, "Bad request", "Unexpected response body", "unexpected.response.body")
        credential = access.authenticate(self.world, header)
        exchange.credential = credential.kind
        exchange.actor = self.world.people[credential.actor].display_name
        switches = self.world.switches
        self.limits.check(credential, switches, self.log.in_flight)
        browned_out = bool(switches.brownout) and switches.brownout in exchange.route
        gone = 410 if browned_out else switches.gone.get(exchange.route)
        if gone or operation is None:
            raise errors.removed(gone or 404)
        access.authorize(operation, credential)
        if pages.number(exchange.query) > 1:
            self._happen(exchange.route)
        origin = f"{request.scheme}://{request.host}"
        parameters = dict(request.match_info)
        return operation.answer(Call(self.world, operation, parameters, exchange.query, content, origin, credential))

    def _happen(self, route: str) -> None:
        for due in [one for one in self.between_pages if one[0] in route]:
            self.between_pages.remove(due)
            due[1]()


async def listen(server: Server, port: int) -> tuple[web.AppRunner, str]:
    """Start on loopback; the runner to clean up, and the origin."""
    runner = web.AppRunner(server.application(), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"
