"""The HTTP side: each request is logged, delayed, perhaps spoiled by a fault, and answered from the world."""

from __future__ import annotations

import asyncio
import json
import time
import traceback
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from threading import RLock
from urllib.parse import unquote

from aiohttp import web

from . import (
    access,
    errors,
    faults,
    oauth,
    pages,
    people,
    permissions,
    properties,
    search,
    ssh_keys,
    store,
    variables,
    workspaces,
)
from .log import Exchange, Log, masked, parsed
from .operations import OPERATIONS, Answer, Call, Operation
from .seed import default_world
from .world import World

SUBJECTS = (people, permissions, properties, search, ssh_keys, variables, workspaces)  # their import enters OPERATIONS
ROOT = "/2.0"
RATE_LIMITED = "Rate limit for this resource has been exceeded"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    def __init__(
        self, latency_ms: float = 0, requests_per_hour: int | None = None, data: str | Path | None = None
    ) -> None:
        self.latency_ms = latency_ms
        self.requests_per_hour = requests_per_hour
        self.data = Path(data) if data else None
        self.world: World = store.load(self.data) if self.data and self.data.exists() else default_world()
        self.log = Log()
        self.faults = faults.Faults()
        self.lock = RLock()  # held while an operation works; hold it for several reads that belong together
        self._recent: dict[str, deque[float]] = {}
        self.save()

    def application(self) -> web.Application:
        from . import control

        application = web.Application()
        control.add_routes(application, self)
        application.router.add_post(oauth.ROUTE, self.handler(oauth.ROUTE, None))
        for operation in OPERATIONS:
            pattern = ROOT + operation.route.replace("}", ":[^/]+}")
            application.router.add_route(operation.method, pattern, self.handler(operation.route, operation))
        application.router.add_route("*", "/{anything:.*}", self.handler("", None))
        return application

    def save(self) -> None:
        if self.data:
            with self.lock:
                store.save(self.world, self.data)

    def forget_rate(self) -> None:
        self._recent.clear()

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
        fault = self.faults.take(request.method, route, path)
        delay = self.latency_ms + (fault.delay_ms if fault else 0)
        if delay:
            await asyncio.sleep(delay / 1000)
        response = None
        if fault is None or fault.works:
            response = self._work(request, exchange, operation, content)
        if fault and fault.alters:
            exchange.fault = True
            response = spoiled(fault, response)
        if response is None or (fault and fault.drop in ("before", "after")):
            self.log.exchanges.append(exchange)
            return hang_up(request)
        exchange.status = response.status
        exchange.response_headers = dict(response.headers)
        body = response.body if isinstance(response.body, bytes) else b""
        exchange.response_body = parsed(body)
        if route == oauth.ROUTE and isinstance(exchange.response_body, dict):
            exchange.response_body = {**exchange.response_body, "access_token": "***"}
        self.log.exchanges.append(exchange)
        if fault and fault.drop == "during":
            return await break_off(request, response, body)
        return response

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
            if self.data and request.method != "GET" and answer.status < 400:
                store.save(self.world, self.data)
        if answer.body is None:
            return web.Response(status=answer.status, headers=answer.headers)
        whole = operation is None or answer.status >= 400  # `fields` takes nothing out of an error
        text = json.dumps(answer.body if whole else pages.partial(answer.body, request.query.get("fields")))
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
        self._check_rate(credential.secret)
        gone = self.world.switches.gone.get(exchange.route)
        if gone or operation is None:
            raise errors.removed(gone or 404)
        access.authorize(operation, credential)
        origin = f"{request.scheme}://{request.host}"
        parameters = dict(request.match_info)
        return operation.answer(Call(self.world, operation, parameters, exchange.query, content, origin, credential))

    def _check_rate(self, secret: str) -> None:
        """A rolling window for each credential; what is refused does not count."""
        if self.requests_per_hour is None:
            return
        recent, switches = self._recent.setdefault(secret, deque()), self.world.switches
        moment = time.monotonic()
        while recent and recent[0] <= moment - switches.rate_window_seconds:
            recent.popleft()
        if len(recent) >= self.requests_per_hour:
            refusal = errors.error(429, RATE_LIMITED)
            refusal.headers = {"Retry-After": switches.retry_after} if switches.retry_after else {}
            raise refusal
        recent.append(moment)


def spoiled(fault: faults.Fault, response: web.Response | None) -> web.Response:
    status = fault.status or (response.status if response is not None else 200)
    body = response.body if response is not None and isinstance(response.body, bytes) else b""
    content_type = "application/json"
    if fault.html:
        body, content_type = faults.HTML.encode(), "text/html"
    elif fault.empty:
        body = b""
    elif fault.body is not None:
        is_text = isinstance(fault.body, str)
        body = (fault.body if is_text else json.dumps(fault.body)).encode()
        content_type = "text/plain" if is_text else content_type
    elif fault.status is not None:
        body = json.dumps({"type": "error", "error": {"message": f"Scripted answer {fault.status}"}}).encode()
    if fault.truncate:
        body = body[: len(body) // 2]
    kept = {"Location": response.headers["Location"]} if response is not None and "Location" in response.headers else {}
    made = web.Response(status=status, body=body, headers=kept, content_type=content_type)
    made.headers.update(fault.headers)
    return made


def hang_up(request: web.Request) -> web.Response:
    if request.transport:
        request.transport.close()
    return web.Response()


async def break_off(request: web.Request, response: web.Response, body: bytes) -> web.StreamResponse:
    """Promise the whole body, send half, close the connection."""
    started = web.StreamResponse(status=response.status, headers=response.headers)
    started.content_length = max(len(body), 2)
    await started.prepare(request)
    await started.write(body[: len(body) // 2] or b"{")
    if request.transport:
        request.transport.close()
    return started


async def listen(server: Server, port: int) -> tuple[web.AppRunner, str]:
    """Start on loopback; the runner to clean up, and the origin."""
    runner = web.AppRunner(server.application(), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"
