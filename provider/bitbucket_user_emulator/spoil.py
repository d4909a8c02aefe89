"""What a fault makes of an answer, and how it is sent."""

from __future__ import annotations

import asyncio
import contextlib
import json
import zlib
from collections.abc import Iterator
from typing import Any

from aiohttp import web

from .faults import HTML, Fault
from .pages import without

CHUNK = 1 << 16


def spoiled(fault: Fault, response: web.Response | None) -> web.Response:
    status = fault.status or (response.status if response is not None else 200)
    body = response.body if response is not None and isinstance(response.body, bytes) else b""
    content_type = "application/json"
    if fault.html:
        body, content_type = HTML.encode(), "text/html"
    elif fault.empty:
        body = b""
    elif fault.body is not None:
        is_text = isinstance(fault.body, str)
        body = (fault.body if is_text else json.dumps(fault.body)).encode()
        content_type = "text/plain" if is_text else content_type
    elif fault.changes:
        body = json.dumps(_changed(json.loads(body or b"{}"), fault)).encode()
    elif fault.status is not None:
        body = json.dumps({"type": "error", "error": {"message": f"Scripted answer {fault.status}"}}).encode()
    if fault.truncate:
        body = body[: len(body) // 2]
    kept = {"Location": response.headers["Location"]} if response is not None and "Location" in response.headers else {}
    made = web.Response(status=status, body=body, headers=kept, content_type=content_type)
    made.headers.update(fault.headers)
    return made


def _changed(body: Any, fault: Fault) -> Any:
    for path in fault.drop_fields:
        body = without(body, path.split("."))
    return _merged(body, fault.patch)


def _merged(body: Any, patch: Any) -> Any:
    if not (isinstance(body, dict) and isinstance(patch, dict)):
        return patch
    return body | {name: _merged(body.get(name), value) for name, value in patch.items()}


async def send(request: web.Request, response: web.Response, fault: Fault) -> web.StreamResponse:
    body = response.body if isinstance(response.body, bytes) else b""
    if fault.drop == "during":
        return await _break_off(request, response, body)
    if not (fault.trickle_ms or fault.swell):
        return response
    started = web.StreamResponse(status=response.status, headers=response.headers)
    if fault.swell and fault.gzip:
        started.headers["Content-Encoding"] = "gzip"
    if not fault.swell:
        started.content_length = len(body)
    with contextlib.suppress(ConnectionError):  # who hangs up has seen enough
        await started.prepare(request)
        for chunk in _swelling(fault) if fault.swell else (body[at : at + 1] for at in range(len(body))):
            await asyncio.sleep(fault.trickle_ms / 1000)
            if chunk:
                await started.write(chunk)
    return started


def _swelling(fault: Fault) -> Iterator[bytes]:
    """A JSON object of so many bytes, in chunks; some are empty while gzip keeps what it was given."""
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16) if fault.gzip else None
    for chunk in _padding(fault.swell):
        yield packer.compress(chunk) if packer else chunk
    if packer:
        yield packer.flush()


def _padding(size: int) -> Iterator[bytes]:
    head, tail = b'{"padding": "', b'"}'
    yield head
    left = size - len(head) - len(tail)
    while left > 0:
        yield b"x" * min(left, CHUNK)
        left -= CHUNK
    yield tail


def hang_up(request: web.Request) -> web.Response:
    if request.transport:
        request.transport.close()
    return web.Response()


async def _break_off(request: web.Request, response: web.Response, body: bytes) -> web.StreamResponse:
    """Promise the whole body, send half, close the connection."""
    started = web.StreamResponse(status=response.status, headers=response.headers)
    started.content_length = max(len(body), 2)
    await started.prepare(request)
    await started.write(body[: len(body) // 2] or b"{")
    if request.transport:
        request.transport.close()
    return started
