"""A host on loopback that answers as a test tells it to."""

from __future__ import annotations

import json
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "dapi0123456789abcdef0123456789abcdef"
ME = "/api/2.0/preview/scim/v2/Me"


@dataclass
class Reply:
    """One answer; `hang` never comes, `cut` ends before its announced length."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    cut: int = 0

    def data(self) -> bytes:
        """The body's bytes: text as it is, anything else as JSON."""
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


def error(status: int, code: str, message: str = "no", **headers: str) -> Reply:
    """An error as Databricks words it."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"error_code": code, "message": message}, names)


class Loopback:
    """A server that counts what it was asked."""

    def __init__(self, certificate: str | None = None) -> None:
        self.answers: dict[str, Callable[[int], Reply]] = {}
        self.asked: Counter[str] = Counter()
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.handle_error = lambda *_: None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "https" if certificate else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def answer(self, path: str, *replies: Reply) -> None:
        """Answer a path with each reply in turn, then with the last for ever."""
        self.answers[path] = lambda turn: replies[min(turn, len(replies) - 1)]

    def close(self) -> None:
        """Stop, and let go of whoever hangs."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(host: Loopback) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?", 1)[0]
            turn = host.asked[path]
            host.asked[path] += 1
            reply = host.answers.get(path, lambda _: Reply(404, {"error_code": "NOT_FOUND"}))(turn)
            if reply.hang:
                host.closing.wait(20)
                return
            data = reply.data()
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) - reply.cut])

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
