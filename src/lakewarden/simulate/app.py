"""A persona over HTTP: what stands between a client and the gate."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from lakewarden.simulate import world as worlds
from lakewarden.simulate.faults import SILENT, Fault
from lakewarden.simulate.gate import Incoming, Persona, serve
from lakewarden.simulate.rate_limits import RateLimits
from lakewarden.simulate.request_log import RequestLog

HANG_SECONDS = 120.0


@dataclass
class Weather:
    """What happens to calls whatever they ask for: faults, latency (seconds) and rate limits."""

    faults: Sequence[Fault]
    latency: float = 0.0
    limits: RateLimits | None = None

    def fault(self, http: HttpRequest, raw: bytes) -> Fault | None:
        """The fault that hits a call."""
        path, query = http.url.path, http.url.query
        return next((f for f in self.faults if f.hits(http.method, path, query, raw)), None)


class App:
    """A persona as an ASGI application, with its weather in front of it."""

    def __init__(self, persona: Persona, weather: Weather, log: RequestLog) -> None:
        self._persona = persona
        self._weather = weather
        self._log = log
        self.closing = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP call."""
        if scope["type"] != "http":
            return
        began = time.monotonic()
        http = HttpRequest(scope, receive)
        raw = await http.body()
        if self._weather.latency:
            await asyncio.sleep(self._weather.latency)
        fault = self._weather.fault(http, raw)
        if fault is not None and fault.kind in SILENT:
            self._write(http, 0, "", began)
            await (self._hang() if fault.kind == "timeout" else _cut(receive))
            return
        response, principal = self._respond(http, raw, fault)
        self._write(http, response.status_code, principal, began)
        await response(scope, receive, send)

    def _respond(self, http: HttpRequest, raw: bytes, fault: Fault | None) -> tuple[Response, str]:
        reply, principal = fault.refusal() if fault else None, ""
        if reply is None and self._weather.limits is not None:
            reply = self._weather.limits.refusal(
                self._persona, http.method, http.url.path, time.monotonic()
            )
        if reply is None:
            outcome = serve(self._persona, self._incoming(http, raw))
            reply, principal = outcome.reply, outcome.principal
        content = reply.content()
        if fault is not None:
            whole, content = content, fault.spoil(content, reply.media_type)
            http.scope["spoiled"] = content != whole
        return Response(content, reply.status, reply.headers, reply.media_type), principal

    def _incoming(self, http: HttpRequest, raw: bytes) -> Incoming:
        address = _address(http)
        if ipaddress.ip_address(address).is_loopback:
            address = worlds.client_address(self._persona.account, self._persona.workspace)
        return Incoming(
            method=http.method,
            path=http.url.path,
            now=int(time.time() * 1000),
            address=address,
            query=dict(http.query_params),
            headers=dict(http.headers),
            raw=raw,
        )

    async def _hang(self) -> None:
        try:
            await asyncio.wait_for(self.closing.wait(), HANG_SECONDS)
        except TimeoutError:
            return

    def _write(self, http: HttpRequest, status: int, principal: str, began: float) -> None:
        elapsed = round((time.monotonic() - began) * 1000, 2)
        more = {"spoiled": True} if http.scope.get("spoiled") else {}
        self._log.write(
            http.method, http.url.path, status, principal, query=http.url.query, ms=elapsed, **more
        )


def _address(http: HttpRequest) -> str:
    """Where a call comes from: what X-Forwarded-For says if it is an address, else the socket."""
    forwarded = http.headers.get("x-forwarded-for", "").split(",")[0].strip()
    try:
        return str(ipaddress.ip_address(forwarded))
    except ValueError:
        return http.client.host if http.client else "127.0.0.1"


async def _cut(receive: Receive) -> None:
    """End a connection without a word; uvicorn's `receive` belongs to what holds it."""
    cycle: Any = getattr(receive, "__self__", None)
    cycle.transport.abort()
    await asyncio.sleep(0)
