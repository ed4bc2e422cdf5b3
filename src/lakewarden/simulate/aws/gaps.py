"""Serves the operations that moto lacks, and CloudTrail's event history."""

from __future__ import annotations

import json
from threading import Lock
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from lakewarden.simulate.aws import gap_account, gap_ec2, gap_events, gap_network
from lakewarden.simulate.aws.gap import GapError, Request, State
from lakewarden.simulate.aws.wire import (
    JSON_PROTOCOLS,
    Answer,
    Call,
    error_answer,
    form,
    json_answer,
    xml_answer,
)

if TYPE_CHECKING:
    from lakewarden.simulate.aws.operations import Operation

HANDLERS = gap_account.HANDLERS | gap_ec2.HANDLERS | gap_events.HANDLERS | gap_network.HANDLERS

_EC2_NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"


class Gaps:
    """The filled operations of one account."""

    def __init__(self) -> None:
        self._state = State()
        self._lock = Lock()

    def answer(self, call: Call, operation: Operation) -> Answer | None:
        """Answer a call; None when the operation is not one of these."""
        handler = HANDLERS.get(str(operation))
        if handler is None:
            return None
        try:
            with self._lock:
                body = handler(self._state, _request(call, operation))
        except GapError as error:
            return error_answer(operation.protocol, error.status, error.code, str(error))
        if operation.protocol in JSON_PROTOCOLS:
            return json_answer(body)
        name = f"{operation.name}Response"
        inner = "".join(_element(key, value) for key, value in body.items())
        return xml_answer(f'<{name} xmlns="{_EC2_NAMESPACE}">{inner}</{name}>')

    def observe(self, call: Call, operation: Operation, answer: Answer) -> None:
        """Enter a call into the event history, as CloudTrail does with management events."""
        event = gap_events.event(call, operation, answer)
        if event is not None:
            with self._lock:
                self._state.events.appendleft(event)


def _request(call: Call, operation: Operation) -> Request:
    if operation.protocol in JSON_PROTOCOLS:
        parameters: dict[str, Any] = json.loads(call.body or b"{}")
        parameters |= call.query
    else:
        parameters = dict(form(call))
    return Request(parameters, call.region, tuple(call.path.strip("/").split("/")))


def _element(name: str, value: Any) -> str:
    if isinstance(value, dict):
        text = "".join(_element(key, item) for key, item in value.items())
    else:
        text = escape(str(value).lower() if isinstance(value, bool) else str(value))
    return f"<{name}>{text}</{name}>"
