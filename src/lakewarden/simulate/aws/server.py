"""Runs the pretend AWS on loopback, in threads of this process."""

from __future__ import annotations

import contextlib
import socket
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Self

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from lakewarden.simulate.aws.front import Front, Log
from lakewarden.simulate.cloudtrail import Trail
from lakewarden.simulate.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lakewarden.simulate.aws.emulator import Emulator


class AwsServer:
    """A running pretend AWS. Leaving the context closes it.

    Attributes:
        url: The endpoint for every service, such as "http://127.0.0.1:5000".
    """

    def __init__(
        self, server: _Server, emulator: Emulator, orders: list[Fault], closing: Event
    ) -> None:
        self.url = f"http://127.0.0.1:{server.port}"
        self._server = server
        self._emulator = emulator
        self._orders = orders
        self._closing = closing
        self._thread = Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="aws", daemon=True
        )
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def order(self, faults: Iterable[str]) -> None:
        """Break other answers from now on: these, and no longer those ordered before.

        Raises:
            ValueError: A fault cannot be read.
        """
        self._orders[:] = [Fault.parse(text) for text in faults]

    def close(self) -> None:
        """Stop answering, end every thread and forget the account."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()
        self._emulator.close()


def start(
    *,
    port: int = 0,
    latency_ms: float = 0.0,
    faults: Iterable[str] = (),
    request_log: Log | None = None,
    trail: Trail | None = None,
    address: str = "127.0.0.1",
    deny: Mapping[str, Sequence[str]] | None = None,
) -> AwsServer:
    """Serve an empty AWS account, 123456789012, on the loopback interface.

    Args:
        port: TCP port; 0 takes a free one.
        latency_ms: Milliseconds to wait before each answer.
        faults: Faults such as `AWS s3:GetBucketPolicy=403`; the name before `=` is a glob.
        request_log: Is told of each call: method "AWS", path "service:Operation", status and the
            access key id as principal.
        trail: Is told of each call of management, but of none that builds the world.
        address: Where callers on this machine seem to come from.
        deny: What callers may not do: access key id to globs over "service:Operation".

    Raises:
        ValueError: A fault cannot be read.
        OSError: The port is taken.
    """
    from lakewarden.simulate.aws.emulator import (  # noqa: PLC0415 -- moto takes a second to load
        Emulator,
    )

    closing = Event()
    emulator = Emulator()
    orders = [Fault.parse(text) for text in faults]
    front = Front(
        emulator,
        faults=orders,
        deny=deny or {},
        latency_ms=latency_ms,
        log=request_log,
        trail=trail or Trail(None),
        address=address,
        closing=closing,
    )
    with socket.create_server(("127.0.0.1", port), backlog=128) as listener:
        server = _Server("127.0.0.1", port, front, _Handler, listener=listener)
    return AwsServer(server, emulator, orders, closing)


class _Handler(WSGIRequestHandler):
    """Prints nothing."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 -- werkzeug's name
        """Stay silent: the request log is the only record."""


class _Server(ThreadedWSGIServer):
    """Knows its threads and connections, so that it can end them.

    The threads are daemons: a server that nobody closed does not keep the interpreter alive.
    """

    def __init__(
        self,
        host: str,
        port: int,
        app: Front,
        handler: type[WSGIRequestHandler],
        *,
        listener: socket.socket,
    ) -> None:
        self._open: list[tuple[socket.socket, Thread]] = []
        super().__init__(host, port, app, handler, fd=listener.fileno())

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own."""
        thread = Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        thread.start()
        self._open = [pair for pair in self._open if pair[1].is_alive()]
        self._open.append((request, thread))

    def hang_up(self) -> None:
        """Stop listening to every open connection and wait until their threads have ended."""
        for connection, thread in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
            thread.join()
