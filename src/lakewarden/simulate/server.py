"""Serving a world: a port for the account, one for each workspace, one background thread."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn

from lakewarden.simulate import account as account_families
from lakewarden.simulate import workspace as workspace_families
from lakewarden.simulate import world as worlds
from lakewarden.simulate.actions import Delivery, act, sign_in
from lakewarden.simulate.app import App, Weather
from lakewarden.simulate.audit import AuditLog
from lakewarden.simulate.cloudtrail import Trail
from lakewarden.simulate.faults import Fault, parse_all
from lakewarden.simulate.gate import Persona
from lakewarden.simulate.rate_limits import RateLimits
from lakewarden.simulate.request_log import RequestLog
from lakewarden.simulate.seeding import Built, Extras, build
from lakewarden.simulate.state import Account, Workspace
from lakewarden.simulate.web import ACCOUNT, WORKSPACE

_MakeApp = Callable[[Persona], "App"]


def load_families() -> None:
    """Import every API family, so that its routes and seeders are registered."""
    for package in (account_families, workspace_families):
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")


class _Thread(threading.Thread):
    """An event loop with a uvicorn server for each socket."""

    def __init__(self, apps: Sequence[App], sockets: Sequence[socket.socket]) -> None:
        super().__init__(name="simulate", daemon=True)
        self._apps = apps
        self._sockets = sockets
        self._servers = [uvicorn.Server(_config(app)) for app in apps]
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self) -> None:
        """Serve until `stop`."""
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        pairs = zip(self._servers, self._sockets, strict=True)
        await asyncio.gather(*(server._serve([sock]) for server, sock in pairs))  # noqa: SLF001 - serve() would take over the signal handlers

    def wait_started(self) -> None:
        """Return once every server accepts connections."""
        while not all(server.started for server in self._servers):
            if not self.is_alive():
                raise RuntimeError("the simulator's servers did not start")
            time.sleep(0.005)

    def stop(self) -> None:
        """End the servers, also those that are hanging on purpose."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._end)
        self.join()

    def _end(self) -> None:
        for app in self._apps:
            app.closing.set()
        for server in self._servers:
            server.should_exit = True
            server.force_exit = True


def _config(app: App) -> uvicorn.Config:
    return uvicorn.Config(
        app, log_level="critical", access_log=False, lifespan="off", proxy_headers=False
    )


class Simulation:
    """A running world; a context manager that stops it."""

    def __init__(
        self, built: Built, aws: Any, orders: list[Fault], trail: Trail, stack: ExitStack
    ) -> None:
        self.account_id = built.account.id
        self.account_host = built.account.url
        self.workspace_urls = {w.id: w.url for w in built.account.workspaces.values()}
        self.aws_url: str | None = aws.url if aws else None
        self.standby = built.standby
        self.token = built.token
        self.client_id = built.client_id
        self.client_secret = built.client_secret
        self.account = built.account
        self.references = built.references
        self._built = built
        self._aws = aws
        self._orders = orders
        self._trail = trail
        self._stack = stack

    def serve_created(self, persona: Callable[[Workspace], Persona], app: _MakeApp) -> None:
        """Serve workspaces that are created from now on, each on a port of its own."""

        def opened(workspace: Workspace) -> None:
            [sock] = _listen_all(0, 1, self._stack)
            workspace.url = self.workspace_urls[workspace.id] = _url(sock)
            _serve([app(persona(workspace))], [sock], self._stack)

        self.account.opened = opened

    def environment(self) -> dict[str, str]:
        """The environment variables that point official clients here."""
        values = {
            "DATABRICKS_HOST": self.account_host,
            "DATABRICKS_ACCOUNT_ID": self.account_id,
            "DATABRICKS_TOKEN": self.token,
        }
        if self.aws_url:
            values |= {
                "AWS_ENDPOINT_URL": self.aws_url,
                "AWS_ACCESS_KEY_ID": "testing",
                "AWS_SECRET_ACCESS_KEY": "testing",
                "AWS_DEFAULT_REGION": "us-east-1",
            }
        return values

    def order(self, faults: Sequence[str]) -> None:
        """Break other answers from now on: these, and no longer those ordered before.

        Raises:
            ValueError: for an unknown fault.
        """
        here, for_aws = parse_all(faults)
        self._orders[:] = here
        if self._aws is not None:
            self._aws.order(for_aws)

    def deliver(self) -> None:
        """Write what CloudTrail recorded so far, as it does every few minutes."""
        self._trail.deliver()

    def sign_in(self, who: str) -> str:
        """The bearer token that a user or service principal has after signing in.

        Raises:
            SeedError: there is no such principal.
        """
        return sign_in(self._built, who)

    def close(self) -> None:
        """Stop everything that was started."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def start(  # noqa: PLR0913 - one keyword for each thing that can be ordered
    world: str,
    *,
    port: int = 0,
    aws_port: int = 0,
    aws: bool = True,
    audit_dir: Path | str | None = None,
    cloudtrail_dir: Path | str | None = None,
    latency_ms: float = 0.0,
    faults: Sequence[str] = (),
    request_log: Path | str | None = None,
    scale: int | None = None,
    notebooks: int | None = None,
    drawn: tuple[int, int] | None = None,
    standby: bool = False,
    rate_limits: float | None = None,
    retry_after: bool = True,
) -> Simulation:
    """Start a world: the account on ``port``, workspaces on the ports after it (0: any free).

    ``aws=False`` leaves the AWS side out; references to it become fixed ids. ``faults`` are texts
    as `lakewarden.simulate.faults` describes them, ``rate_limits`` and ``retry_after`` what
    `lakewarden.simulate.rate_limits` takes; `Extras` says what else a world may have.

    Raises:
        ValueError: for an unknown world or fault.
    """
    load_families()
    here, for_aws = parse_all(faults)
    spec = worlds.read(world)
    with ExitStack() as stack:
        log, trail = _logs(stack, request_log, cloudtrail_dir)
        options = {"port": aws_port, "latency_ms": latency_ms, "faults": for_aws}
        options |= {"request_log": log, "trail": trail, "address": spec.own["client_address"]}
        aws_server, references = _start_aws(spec, options, stack) if aws else (None, {})
        built = build(spec, references, Extras(scale, notebooks, drawn, standby=standby))
        audit = AuditLog(audit_dir, built.account.id)
        stack.callback(audit.close)
        personas = _personas(built.account, audit)
        sockets = _addressed(personas, port, stack)
        act(built, Delivery(audit, trail), built.now)
        limits = RateLimits(rate_limits, retry_after=retry_after) if rate_limits else None
        app = partial(App, weather=Weather(here, latency_ms / 1000, limits), log=log)
        _serve([app(p) for p in personas], sockets, stack)
        running = Simulation(built, aws_server, here, trail, stack.pop_all())
        running.serve_created(lambda w: Persona(w.account, w, WORKSPACE, audit), app)
        return running


def _logs(
    stack: ExitStack, requests: Path | str | None, cloudtrail: Path | str | None
) -> tuple[RequestLog, Trail]:
    """The request log and CloudTrail, which end with the stack."""
    log, trail = RequestLog(requests), Trail(cloudtrail)
    stack.callback(log.close)
    stack.callback(trail.deliver)
    return log, trail


def _addressed(personas: Sequence[Persona], port: int, stack: ExitStack) -> list[socket.socket]:
    """Open a socket for each persona, and tell its realm the address."""
    sockets = _listen_all(port, len(personas), stack)
    for persona, sock in zip(personas, sockets, strict=True):
        realm = persona.workspace or persona.account
        realm.url = _url(sock)
    return sockets


def _serve(apps: Sequence[App], sockets: Sequence[socket.socket], stack: ExitStack) -> None:
    """Serve applications, each on its socket, until the stack is closed."""
    thread = _Thread(apps, sockets)
    thread.start()
    stack.callback(thread.stop)
    thread.wait_started()


def _url(sock: socket.socket) -> str:
    return f"http://127.0.0.1:{sock.getsockname()[1]}"


def _personas(account: Account, audit: AuditLog) -> list[Persona]:
    workspaces = account.workspaces.values()
    return [
        Persona(account, None, ACCOUNT, audit),
        *(Persona(account, workspace, WORKSPACE, audit) for workspace in workspaces),
    ]


def _start_aws(
    spec: worlds.Spec, options: Mapping[str, Any], stack: ExitStack
) -> tuple[Any, dict[str, str]]:
    """The AWS side and the ids of what its seeding made; nothing for a world without one."""
    if spec.aws is None:
        return None, {}
    aws = importlib.import_module("lakewarden.simulate.aws")
    server = aws.start(**options)
    stack.callback(server.close)
    return server, aws.seed(server.url, spec.aws)


def _listen_all(port: int, count: int, stack: ExitStack) -> list[socket.socket]:
    """Listen on a port and those after it; on any free ones for port 0."""
    sockets: list[socket.socket] = []
    for number in range(count):
        sockets.append(_listen(port + number if port else 0))
        stack.callback(sockets[-1].close)
    return sockets


def _listen(port: int) -> socket.socket:
    # Named as TCP, so that asyncio sends small answers at once instead of gathering them.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(("127.0.0.1", port))
    except OSError:
        sock.close()
        raise
    return sock
