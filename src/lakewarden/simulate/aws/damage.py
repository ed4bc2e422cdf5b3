"""What a fault does to an AWS answer."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from lakewarden.simulate.aws.operations import service_model
from lakewarden.simulate.aws.wire import JSON_PROTOCOLS, Answer, Protocol, error_answer

if TYPE_CHECKING:
    from botocore.model import Shape

    from lakewarden.simulate.aws.operations import Operation

_DENIED: dict[Protocol, str] = {
    "ec2": "UnauthorizedOperation",
    "json": "AccessDeniedException",
    "rest-json": "AccessDeniedException",
}
_THROTTLED: dict[Protocol, str] = {
    "ec2": "RequestLimitExceeded",
    "json": "ThrottlingException",
    "rest-json": "ThrottlingException",
    "rest-xml": "SlowDown",
}


def denial(operation: Operation, principal: str, status: int = 403) -> Answer:
    """Refuse a caller who lacks the grant for an operation."""
    code = _DENIED.get(operation.protocol, "AccessDenied")
    message = f"User: {principal} is not authorized to perform: {operation}"
    return error_answer(operation.protocol, status, code, message)


def refusal(operation: Operation, status: int, principal: str) -> Answer:
    """Answer with an error of this status in place of the call.

    404 says `NotFound`, a code that none of the services uses for "this is not configured".
    """
    protocol = operation.protocol
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return denial(operation, principal, status)
    if status == HTTPStatus.NOT_FOUND:
        return error_answer(protocol, status, "NotFound", "The resource was not found.")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        code = _THROTTLED.get(protocol, "Throttling")
        return error_answer(protocol, status, code, "Rate exceeded")
    return error_answer(protocol, status, "InternalError", "An internal error occurred.")


def truncate(answer: Answer) -> Answer:
    """Keep the first half of a body under status and framing that look sound."""
    return replace(answer, body=answer.body[: len(answer.body) // 2])


def drop(answer: Answer, operation: Operation, field: str) -> Answer:
    """Take a field out of an answer wherever it occurs.

    Args:
        answer: The true answer.
        operation: Whose answer it is.
        field: The field's name as boto3 gives it or as the wire has it.
    """
    names, is_body = _wire_names(operation, field)
    if is_body:
        return replace(answer, body=b"", spoiled=bool(answer.body))
    lowered = {name.lower() for name in names}
    headers = tuple(header for header in answer.headers if header[0].lower() not in lowered)
    body = _without(answer.body, operation.protocol, names)
    changed = body != answer.body or headers != answer.headers
    return replace(answer, body=body, headers=headers, spoiled=changed)


def _without(body: bytes, protocol: Protocol, names: set[str]) -> bytes:
    if not body:
        return body
    if protocol in JSON_PROTOCOLS:
        return json.dumps(_without_keys(json.loads(body), names)).encode()
    for name in names:
        tag = re.escape(name.encode())
        element = rb"<(%b)(?:\s[^>]*)?(?:/>|(?<!/)>.*?</\1>)" % tag
        body = re.sub(element, b"", body, flags=re.DOTALL)
    return body


def _without_keys(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {k: _without_keys(v, names) for k, v in value.items() if k not in names}
    if isinstance(value, list):
        return [_without_keys(item, names) for item in value]
    return value


def _wire_names(operation: Operation, field: str) -> tuple[set[str], bool]:
    """Find what an operation calls a field on the wire, and whether it is the whole body."""
    model = service_model(operation.service)
    if model is None or operation.name not in model.operation_names:
        return {field}, False
    output: Any = model.operation_model(operation.name).output_shape
    if output is None:
        return {field}, False
    names = {field}
    _gather_names(output, field, names, set())
    return names, output.serialization.get("payload") == field


def _gather_names(shape: Shape, field: str, names: set[str], seen: set[str]) -> None:
    if shape.name in seen:
        return
    seen.add(shape.name)
    described: Any = shape
    if shape.type_name == "list":
        _gather_names(described.member, field, names, seen)
    elif shape.type_name == "map":
        _gather_names(described.value, field, names, seen)
    elif shape.type_name == "structure":
        for name, member in described.members.items():
            if name == field:
                names.add(member.serialization.get("name", name))
            _gather_names(member, field, names, seen)
