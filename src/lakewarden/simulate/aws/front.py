"""The WSGI application in front of moto: names, logs, spoils and refuses calls, and fills gaps."""

from __future__ import annotations

import re
import time
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from lakewarden.simulate.aws import damage
from lakewarden.simulate.aws.assumed import completed
from lakewarden.simulate.aws.bucket_policies import BucketPolicies
from lakewarden.simulate.aws.gaps import Gaps
from lakewarden.simulate.aws.object_locks import ObjectLocks
from lakewarden.simulate.aws.operations import Operation, identify
from lakewarden.simulate.aws.recording import is_management, is_read, record, user_identity
from lakewarden.simulate.aws.wire import Answer, Call, error_answer, read_call

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from threading import Event
    from wsgiref.types import StartResponse, WSGIEnvironment

    from lakewarden.simulate.aws.emulator import Emulator
    from lakewarden.simulate.cloudtrail import Trail
    from lakewarden.simulate.faults import Fault

# The hand that builds the world: no fault, latency, denial or log line concerns it.
BUILDER_KEY = "AKIALAKEWARDENBUILD"

_TIMEOUT_SECONDS = 120.0

# moto takes a subresource it does not know for none at all, and lists or creates the bucket.
_MISTAKEN = re.compile(
    r"s3:.*(Abac|Analytics|Annotation|Directory|IntelligentTiering|Metadata|Metrics"
    r"|RequestPayment|Session)"
)


class Log(Protocol):
    """Where calls are written down; `lakewarden.simulate.request_log.RequestLog` is one."""

    def write(self, method: str, path: str, status: int, principal: str, **more: Any) -> None:
        """Record one call."""


class Front:
    """Answers every AWS call, from the gaps' stores or else from moto.

    Args:
        emulator: Answers what the gaps do not.
        faults: Which answers to break, and how.
        deny: Globs over `service:Operation` that an access key id may not call.
        latency_ms: Milliseconds to wait before each answer.
        log: Where to write calls down.
        trail: Where CloudTrail delivers what it records.
        address: Where callers on this machine seem to come from.
        closing: Set when the server stops, which ends every wait.
    """

    def __init__(
        self,
        emulator: Emulator,
        *,
        faults: Sequence[Fault],
        deny: Mapping[str, Sequence[str]],
        latency_ms: float,
        log: Log | None,
        trail: Trail,
        address: str,
        closing: Event,
    ) -> None:
        self._emulator = emulator
        self._gaps = Gaps()
        self._policies = BucketPolicies()
        self._locks = ObjectLocks()
        self._faults = faults
        self._deny = deny
        self._latency = latency_ms / 1000
        self._log = log
        self._trail = trail
        self._address = address
        self._closing = closing

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        began = time.perf_counter()
        call = read_call(environ)
        operation = identify(call)
        building = call.access_key == BUILDER_KEY
        if building:
            answer = self._true_answer(environ, call, operation)
        else:
            self._closing.wait(self._latency)
            answer = self._answer(environ, call, operation)
            self._write(call, operation, answer, began)
        if is_management(operation):
            self._record(call, operation, answer, deliver=self._trail.delivers and not building)
        status = f"{answer.status} {_reason(answer.status)}"
        start_response(status, [*answer.headers, ("Content-Length", str(len(answer.body)))])
        return [b"" if call.method == "HEAD" else answer.body]

    def _answer(self, environ: WSGIEnvironment, call: Call, operation: Operation) -> Answer:
        fault = next((fault for fault in self._faults if fault.hits("AWS", str(operation))), None)
        kind = fault.kind if fault else ""
        if kind == "timeout":
            self._closing.wait(_TIMEOUT_SECONDS)
            return damage.refusal(operation, 503, call.access_key)
        if kind.isdigit():
            return damage.refusal(operation, int(kind), call.access_key)
        if any(fnmatchcase(str(operation), glob) for glob in self._deny.get(call.access_key, ())):
            return damage.denial(operation, call.access_key)
        answer = self._true_answer(environ, call, operation)
        if kind == "truncate":
            return damage.truncate(answer)
        if kind.startswith("drop:"):
            return damage.drop(answer, operation, kind.removeprefix("drop:"))
        return answer

    def _true_answer(self, environ: WSGIEnvironment, call: Call, operation: Operation) -> Answer:
        answer = self._gaps.answer(call, operation)
        if answer is None:
            answer = self._emulated(environ, call, operation)
        return answer

    def _emulated(self, environ: WSGIEnvironment, call: Call, operation: Operation) -> Answer:
        if operation.name == "Unknown" or _MISTAKEN.match(str(operation)):
            return _unavailable(operation)
        try:
            body = completed(self._policies.reduced(call, operation), operation)
            answer = self._emulator.answer(environ, body)
        except NotImplementedError:
            return _unavailable(operation)
        except Exception as error:  # noqa: BLE001 -- whatever breaks inside moto is its 500
            return error_answer(operation.protocol, 500, "InternalError", repr(error))
        answer = self._locks.corrected(call, operation, answer)
        return self._policies.restored(call, operation, answer)

    def _record(self, call: Call, operation: Operation, answer: Answer, *, deliver: bool) -> None:
        """Let CloudTrail know of a call: one record, for whoever looks events up and for files."""
        seen = not is_read(operation)
        if not seen and not deliver:
            return
        identity = user_identity(*self._emulator.identity(call.access_key), call.access_key)
        found = record(call, operation, answer, identity, self._address)
        if seen:
            self._gaps.observe(found)
        if deliver:
            self._trail.write(found)

    def _write(self, call: Call, operation: Operation, answer: Answer, began: float) -> None:
        if self._log is not None:
            elapsed = round((time.perf_counter() - began) * 1000, 1)
            principal = call.access_key
            more = {"spoiled": True} if answer.spoiled else {}
            self._log.write("AWS", str(operation), answer.status, principal, ms=elapsed, **more)


def _unavailable(operation: Operation) -> Answer:
    message = f"The simulator has no {operation}"
    return error_answer(operation.protocol, 501, "NotImplemented", message)


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
