"""Alerts as JSON to a web server, signed where it shares a secret.

`Lakewarden-Signature: t=TIME,v1=DIGEST`: the SHA-256 HMAC, in hexadecimal digits, of the time in
seconds, a full stop, and the body. Who checks it also refuses a time that is long past.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Any

from lakewarden.clients.webhook import post
from lakewarden.watch.sinks.forms import written
from lakewarden.watch.sinks.notice import Notice
from lakewarden.watch.sinks.sink import Means, Sink


class Webhook:
    """Posts notices to a URL."""

    def __init__(self, url: str, secret: str, options: Mapping[str, Any]) -> None:
        self._url = url
        self._secret = secret
        self._options = options

    def tell(self, notice: Notice) -> None:
        """Post one."""
        body = written(notice, self._options).encode()
        headers = {"Content-Type": "application/json", "Lakewarden-Delivery": notice.id}
        if self._secret:
            headers["Lakewarden-Signature"] = signature(self._secret, int(time.time()), body)
        post(self._url, body, headers)


def signature(secret: str, seconds: int, body: bytes) -> str:
    """Return what shows who sent a body, and when."""
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    return f"t={seconds},v1={digest.hexdigest()}"


def sink(options: Mapping[str, Any], means: Means) -> Sink:
    """Return the web server.

    Raises:
        UsageError: a secret is not set.
    """
    url = options.get("url") or means.secret(options, "url_env")
    return Webhook(url, means.secret(options, "secret_env"), options)
