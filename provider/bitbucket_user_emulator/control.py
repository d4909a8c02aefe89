"""The control side, /_emulator/: the log, faults, switches, and the whole state. Not logged, no credential."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from . import store
from .faults import Fault

if TYPE_CHECKING:
    from .server import Server


def add_routes(application: web.Application, server: Server) -> None:
    async def get_requests(request: web.Request) -> web.Response:
        exchanges = [dataclasses.asdict(one) for one in list(server.log.exchanges)]
        counts = server.log.calls()
        return web.json_response({"total": counts.total(), "counts": counts, "requests": exchanges})

    async def delete_requests(request: web.Request) -> web.Response:
        server.log.clear()
        return web.Response(status=204)

    async def get_faults(request: web.Request) -> web.Response:
        return web.json_response([dataclasses.asdict(one) for one in server.faults.waiting])

    async def post_faults(request: web.Request) -> web.Response:
        """One fault, or a list of them."""
        given = await body(request)
        try:
            made = [Fault(**one) for one in (given if isinstance(given, list) else [given])]
        except (TypeError, ValueError) as problem:
            raise refused(problem) from None
        server.faults.waiting += made
        return web.Response(status=204)

    async def delete_faults(request: web.Request) -> web.Response:
        server.faults.waiting.clear()
        return web.Response(status=204)

    async def get_state(request: web.Request) -> web.Response:
        with server.lock:
            return web.json_response(store.to_json(server.world))

    async def put_state(request: web.Request) -> web.Response:
        given = await body(request)
        try:
            world = store.from_json(given)
        except ValueError as problem:
            raise refused(problem) from None
        with server.changing():
            server.world = world
        return web.Response(status=204)

    async def get_switches(request: web.Request) -> web.Response:
        return web.json_response(dataclasses.asdict(server.world.switches))

    async def patch_switches(request: web.Request) -> web.Response:
        """Only the switches that the body names are changed."""
        given = await body(request)
        try:
            changed = store.switched(server.world.switches, given)
        except ValueError as problem:
            raise refused(problem) from None
        with server.changing():
            server.world.switches = changed
        return web.Response(status=204)

    async def post_clock(request: web.Request) -> web.Response:
        """{"advance": seconds}: the limits count as if so much time had passed."""
        given = await body(request)
        try:
            server.limits.advanced += float(given["advance"])
        except (KeyError, TypeError, ValueError) as problem:
            raise refused(problem) from None
        return web.Response(status=204)

    async def get_index(request: web.Request) -> web.Response:
        """What there is: path → methods."""
        found: dict[str, list[str]] = {}
        for route in application.router.routes():
            path = route.resource.canonical if route.resource else ""
            if path.startswith("/_emulator/") and route.method != "HEAD":
                found.setdefault(path, []).append(route.method)
        return web.json_response(found)

    application.router.add_get("/_emulator", get_index)
    application.router.add_get("/_emulator/requests", get_requests)
    application.router.add_delete("/_emulator/requests", delete_requests)
    application.router.add_get("/_emulator/faults", get_faults)
    application.router.add_post("/_emulator/faults", post_faults)
    application.router.add_delete("/_emulator/faults", delete_faults)
    application.router.add_get("/_emulator/state", get_state)
    application.router.add_put("/_emulator/state", put_state)
    application.router.add_get("/_emulator/switches", get_switches)
    application.router.add_patch("/_emulator/switches", patch_switches)
    application.router.add_post("/_emulator/clock", post_clock)


async def body(request: web.Request) -> Any:
    try:
        return await request.json()
    except ValueError as problem:
        raise refused(problem) from None


def refused(problem: Exception) -> web.HTTPBadRequest:
    text = json.dumps({"type": "error", "error": {"message": str(problem)}})
    return web.HTTPBadRequest(text=text, content_type="application/json")
