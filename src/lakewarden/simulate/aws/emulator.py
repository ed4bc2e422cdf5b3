"""moto's server application, with an account of its own for every server in the process.

moto keeps its state in module globals, keyed by AWS account. Each emulator therefore lives in a
private account inside moto and wears `ACCOUNT_ID` outside: the two numbers are equally long and
are swapped in whatever goes in and comes out. What stays shared are S3 bucket names, which are
unique world-wide on AWS too.
"""

from __future__ import annotations

import itertools
import os
from functools import cache
from io import BytesIO
from threading import RLock
from typing import TYPE_CHECKING, Any

from moto.backend_index import backend_url_patterns
from moto.backends import list_of_moto_modules
from moto.core.base_backend import BackendDict
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.sts.models import sts_backends
from werkzeug.test import run_wsgi_app

from lakewarden.simulate.aws import repairs
from lakewarden.simulate.aws.wire import ACCOUNT_ID, Answer

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

_private_accounts = itertools.count(900_000_000_001)
_moto = RLock()  # moto is not written for concurrent calls


class Emulator:
    """The AWS services that moto knows, as one account."""

    def __init__(self) -> None:
        # Nothing here looks at moto's 1,300 machine images, and they take a second to load.
        os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        repairs.apply()
        self._account = str(next(_private_accounts))
        self._application = _Dispatcher(create_backend_app)

    def answer(self, environ: WSGIEnvironment, body: bytes) -> Answer:
        """Let moto answer a request, with this body in place of its own.

        Raises:
            NotImplementedError: moto has no such operation.
        """
        inside = {
            name: value.replace(ACCOUNT_ID, self._account) if isinstance(value, str) else value
            for name, value in environ.items()
        }
        inside["wsgi.input"] = BytesIO(_swap(body, ACCOUNT_ID, self._account))
        inside["CONTENT_LENGTH"] = str(len(body))
        inside["HTTP_X_MOTO_ACCOUNT_ID"] = self._account
        with _moto:
            chunks, status, headers = run_wsgi_app(self._application, inside, buffered=True)
        content = b"".join(chunks)
        if content.startswith(b"<!doctype html>"):  # how werkzeug says that no route fits
            raise NotImplementedError(environ["PATH_INFO"])
        return Answer(
            int(status.partition(" ")[0]),
            _swap(content, self._account, ACCOUNT_ID),
            tuple(
                (name, value.replace(self._account, ACCOUNT_ID))
                for name, value in headers
                if name.lower() != "content-length"
            ),
        )

    def identity(self, access_key: str) -> tuple[str, str]:
        """Return the unique id and the ARN of whom an access key belongs to, as STS tells them."""
        with _moto:
            backend = sts_backends[self._account]["aws"]
            unique, arn, _ = backend.get_caller_identity(access_key, "us-east-1")
        return unique, arn.replace(self._account, ACCOUNT_ID)

    def close(self) -> None:
        """Forget the account and all that is in it."""
        with _moto:
            states: list[dict[str, Any]] = list(BackendDict._instances)  # type: ignore[misc] # noqa: SLF001 -- moto has no public list of its states
            for services in states:
                account = services.pop(self._account, None)
                if account is not None:
                    account.reset()


class _Dispatcher(DomainDispatcherApplication):
    """moto's dispatcher, with a quicker way to the service."""

    def get_backend_for_host(self, host: str | None) -> str | None:
        """Find the service that a host name means."""
        return _service_of(host)


@cache
def _service_of(host: str | None) -> str | None:
    """Find the service that a host name means; moto's own way reads a folder at every request.

    Raises:
        NotImplementedError: moto has no such service.
    """
    if host is None or host in list_of_moto_modules():
        return host
    for service, pattern in backend_url_patterns:
        if pattern.match(f"http://{host}"):
            return str(service)
    raise NotImplementedError(host)


def _swap(body: bytes, one: str, other: str) -> bytes:
    return body.replace(one.encode(), other.encode())
