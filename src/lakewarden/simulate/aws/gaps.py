"""Serves the operations that moto lacks, and CloudTrail's event history."""

from __future__ import annotations

import json
from threading import Lock
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from lakewarden.simulate.aws.gap import GapError, Request, State
from lakewarden.simulate.aws.gap_account import HANDLERS as ACCOUNT_HANDLERS
from lakewarden.simulate.aws.gap_ec2 import HANDLERS as EC2_HANDLERS
from lakewarden.simulate.aws.gap_events import HANDLERS as EVENT_HANDLERS
from lakewarden.simulate.aws.gap_events import event
from lakewarden.simulate.aws.gap_firewall import HANDLERS as FIREWALL_HANDLERS
from lakewarden.simulate.aws.gap_network import HANDLERS as NETWORK_HANDLERS
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

HANDLERS = ACCOUNT_HANDLERS | EC2_HANDLERS | EVENT_HANDLERS | FIREWALL_HANDLERS | NETWORK_HANDLERS

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
        except KeyError as missing:
            message = f"The parameter {missing} is missing."
            return error_answer(operation.protocol, 400, "ValidationException", message)
        if operation.protocol in JSON_PROTOCOLS:
            return json_answer(body)
        name = f"{operation.name}Response"
        inner = "".join(_element(key, value) for key, value in body.items())
        return xml_answer(f'<{name} xmlns="{_EC2_NAMESPACE}">{inner}</{name}>')

    def observe(self, record: dict[str, Any]) -> None:
        """Enter a record into the event history, as CloudTrail does with what changes anything."""
        with self._lock:
            self._state.events.appendleft(event(record))


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
    elif isinstance(value, list):
        text = "".join(_element("item", item) for item in value)
    else:
        text = escape(str(value).lower() if isinstance(value, bool) else str(value))
    return f"<{name}>{text}</{name}>"
