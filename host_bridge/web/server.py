"""The HTTP server: /metrics, the page at /, /api/devices and /healthz. It has its own thread and event loop."""

from __future__ import annotations

import asyncio
import gzip
import importlib.resources
import ipaddress
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from aiohttp import web

from host_bridge.options import HttpOptions
from host_bridge.web.blocks import Blocks
from host_bridge.web.devices import Json
from host_bridge.web.page import render

TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
MIN_GZIP_BYTES = 32_768  # a smaller page costs more to compress than to send
RENDERERS = 2  # pages that are drawn at once; more requests wait
MAX_CONNECTIONS = 128  # each is a file descriptor, and sources that select() need theirs below 1024
QUIET_S = 75  # a connection that asks nothing for so long ends; longer than Prometheus' usual minute between scrapes
SEND_S = 30.0  # a client that has not taken its answer by then gets no more of it
STOP_S = 0.4
START_S = 10.0

SECURITY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
STATIC = {
    "/style.css": ("style.css", "text/css"),
    "/live.js": ("live.js", "text/javascript"),
    "/favicon.ico": ("favicon.svg", "image/svg+xml"),
}

T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Pages(Protocol):
    """What the server shows. Called from its threads."""

    version: str

    def metrics(self, openmetrics: bool) -> Sequence[bytes]:
        """The page for Prometheus, in pieces."""

    def fleet(self) -> Json:
        """What web.devices.fleet_json gives."""

    def health(self) -> tuple[bool, Json]:
        """Whether the bridge works, and details."""


class HttpServer:
    """Serves `pages`. The port is taken at construction, so that a port in use is known before anything runs."""

    def __init__(self, options: HttpOptions, pages: Pages) -> None:
        family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
        self._socket = socket.create_server((options.host, options.port), family=family, backlog=128)
        host, port = self._socket.getsockname()[:2]
        self.address = str(host), int(port)  # the port also where a free one was asked for
        self._pages = pages
        self._workers = ThreadPoolExecutor(RENDERERS, thread_name_prefix="pages")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._serving = threading.Event()
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    @property
    def url(self) -> str:
        """Where a browser finds the page."""
        host, port = self.address
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - "everywhere", said as one address of it
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def start(self) -> None:
        """Serve; returns once requests are answered."""
        self._thread.start()
        self._serving.wait(START_S)

    def stop(self) -> None:
        """Answer what is under way, for a moment, and end."""
        if self._loop is not None and self._stopping is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(STOP_S + 0.4)
        self._socket.close()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=STOP_S, keepalive_timeout=QUIET_S)
        await runner.setup()
        listening = await self._loop.create_server(lambda: protocol(runner), sock=self._socket)
        self._serving.set()
        await self._stopping.wait()
        listening.close()
        await runner.cleanup()

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=1024, middlewares=[secure])
        application.router.add_get("/metrics", self._metrics)
        application.router.add_get("/", self._page)
        application.router.add_get("/api/devices", self._devices)
        application.router.add_get("/healthz", self._health)
        for path, (name, content_type) in STATIC.items():
            application.router.add_get(path, static(name, content_type))
        return application

    async def _metrics(self, request: web.Request) -> web.Response:
        openmetrics = wants_openmetrics(request.headers.get("Accept", ""))
        asked = "gzip" in request.headers.get("Accept-Encoding", "")
        remote = request.remote or ""
        pieces, packed = await self._draw(lambda: self._packed_metrics(openmetrics, asked, remote))
        content_type = OPENMETRICS_TYPE if openmetrics else TEXT_TYPE
        headers = {"Vary": "Accept, Accept-Encoding"}
        if packed:
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=Blocks(pieces, content_type), headers=headers)

    def _packed_metrics(self, openmetrics: bool, asked: bool, remote: str) -> tuple[Sequence[bytes], bool]:
        pieces = self._pages.metrics(openmetrics)
        if asked and worth_compressing(sum(map(len, pieces)), remote):
            return [gzip.compress(b"".join(pieces), compresslevel=1)], True
        return pieces, False

    async def _page(self, _request: web.Request) -> web.Response:
        text = await self._draw(lambda: render(self._pages.fleet(), self._pages.version))
        return web.Response(text=text, content_type="text/html")

    async def _devices(self, _request: web.Request) -> web.Response:
        text = await self._draw(lambda: json.dumps(self._pages.fleet(), ensure_ascii=False))
        return web.Response(text=text, content_type="application/json")

    async def _health(self, _request: web.Request) -> web.Response:
        well, details = self._pages.health()
        return web.json_response({"status": "ok" if well else "failing", **details}, status=200 if well else 503)

    async def _draw(self, draw: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._workers, draw)


def wants_openmetrics(accept: str) -> bool:
    """Whether a client prefers OpenMetrics to the text format."""
    quality = {"openmetrics": 0.0, "text": 0.0}
    for part in accept[:1024].split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        names = {"application/openmetrics-text": ("openmetrics",), "text/plain": ("text",), "text/*": ("text",)}
        for name in names.get(media.lower(), ()):
            quality[name] = max(quality[name], _quality(parameters))
    return quality["openmetrics"] > quality["text"]


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return max(0.0, min(1.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0


def worth_compressing(size: int, remote: str) -> bool:
    """Compressing takes ten times as long as drawing the page; that pays on a network, not within one machine."""
    try:
        local = ipaddress.ip_address(remote.partition("%")[0]).is_loopback
    except ValueError:
        local = False
    return size >= MIN_GZIP_BYTES and not local


class Refusal(asyncio.Protocol):
    """One connection too many."""

    ANSWER = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 5\r\nConnection: close\r\n\r\n"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say so and hang up."""
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(self.ANSWER)
        transport.close()


def protocol(runner: web.AppRunner) -> asyncio.BaseProtocol:
    """Who talks on a new connection."""
    server = runner.server
    if server is None or len(server.connections) >= MAX_CONNECTIONS:
        return Refusal()
    return server()


@web.middleware
async def secure(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The same headers on every answer, a refusal too; and no client takes for ever to read one."""
    try:
        response = await handler(request)
    except web.HTTPException as refusal:
        response = web.Response(status=refusal.status, text=f"{refusal.status}: {refusal.reason}\n")
        response.headers.update({name: value for name, value in refusal.headers.items() if name == "Allow"})
    response.headers.update(SECURITY)
    await response.prepare(request)
    try:
        await asyncio.wait_for(response.write_eof(), SEND_S)
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    return response


def static(name: str, content_type: str) -> Handler:
    """A file that is part of the package, read once."""
    body = importlib.resources.files("host_bridge.web").joinpath("static", name).read_bytes()

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type=content_type)

    return answer
