"""Servers on loopback that take what sinks send: one of HTTP, one of SMTP."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Web:
    """A web server that keeps what is posted, and answers with the next of its statuses."""

    def __init__(self):
        self.got = []
        self.statuses = []
        self.headers = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _posted(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook/token-4711"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _posted(web):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = web.statuses.pop(0) if web.statuses else 200
            web.got.append((status, self.path, dict(self.headers), body))
            self.send_response(status)
            for name, value in web.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    return Handler


class Post(socketserver.ThreadingTCPServer):
    """A mail server with STARTTLS and a password, that keeps what it takes."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, certificate, *, refuse=()):
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        self.refuse = refuse
        self.mails = []
        self.signed_in = []

    @property
    def port(self):
        return self.server_address[1]

    def handle_error(self, *_):
        """Say nothing of callers that hang up."""


class _Conversation(socketserver.BaseRequestHandler):
    def handle(self):
        self._secure, self._recipients = False, []
        self._file = self.request.makefile("rb")
        self._say("220 here")
        while line := self._file.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            if getattr(self, f"_{verb.lower()}")(rest):
                return

    def finish(self):
        self._file.close()
        self.request.close()

    def _say(self, line):
        self.request.sendall(f"{line}\r\n".encode())

    def _ehlo(self, _):
        more = "250-AUTH PLAIN" if self._secure else "250-STARTTLS"
        self._say(f"250-here\r\n{more}\r\n250 8BITMIME")

    def _starttls(self, _):
        self._say("220 go on")
        self._file.close()
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        self._file, self._secure = self.request.makefile("rb"), True

    def _auth(self, rest):
        _, user, password = base64.b64decode(rest.split()[1]).decode().split("\0")
        fine = self._secure and password == "open sesame"
        self.server.signed_in.append((user, fine))
        self._say("235 in" if fine else "535 no")

    def _mail(self, _):
        self._say("250 fine")

    def _rcpt(self, rest):
        refused = any(name in rest for name in self.server.refuse)
        self._recipients.append(rest)
        self._say("550 nobody" if refused else "250 fine")

    def _rset(self, _):
        self._say("250 fine")

    def _data(self, _):
        self._say("354 go on")
        lines = []
        while (line := self._file.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        self.server.mails.append((self._secure, self._recipients, b"".join(lines)))
        self._say("250 taken")

    def _quit(self, _):
        self._say("221 bye")
        return True


@contextmanager
def served(server):
    """Serve for the length of a block."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
