"""One AWS call and its answer as they are on the wire, and errors in each protocol's shape."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

Protocol = Literal["rest-xml", "rest-json", "query", "ec2", "json"]

ACCOUNT_ID = "123456789012"
JSON_PROTOCOLS: frozenset[Protocol] = frozenset({"json", "rest-json"})

_WITH_HOST = re.compile(r"^https?://[^/?]*")  # how a client writes to its proxy


@dataclass(frozen=True, slots=True)
class Call:
    """A request, read whole.

    Attributes:
        method: The HTTP method.
        path: The path as the client wrote it, percent-encoding kept.
        query: The query string's parameters; one without a value has "".
        headers: Header values by lower-case name.
        body: The body, empty when there is none.
        access_key: The access key id that signed the request, "" when it is unsigned.
        region: The region of the signature.
        signing_name: The service name of the signature, such as "servicequotas".
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    access_key: str
    region: str
    signing_name: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, whole.

    Attributes:
        status: The HTTP status code.
        body: The body's bytes.
        headers: Header names and values, without Content-Length.
        spoiled: Whether a fault took something out of it.
    """

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = field(default=())
    spoiled: bool = False


def read_call(environ: WSGIEnvironment) -> Call:
    """Read a WSGI request to its end; `environ` keeps a body that can be read again."""
    body = _read_body(environ)
    uri = _WITH_HOST.sub("", environ["REQUEST_URI"])
    path, _, query = uri.partition("?")
    parameters = _parameters(query)
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    headers["content-type"] = environ.get("CONTENT_TYPE", "")
    scope = _credential_scope(headers.get("authorization", ""), parameters)
    return Call(environ["REQUEST_METHOD"], path, parameters, headers, body, *scope)


def _read_body(environ: WSGIEnvironment) -> bytes:
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        body: bytes = stream.read()
    else:
        body = stream.read(int(environ.get("CONTENT_LENGTH") or 0))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ["wsgi.input"] = BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    return body


def _parameters(encoded: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(encoded, keep_blank_values=True).items()}


def _credential_scope(authorization: str, query: dict[str, str]) -> tuple[str, str, str]:
    """Take access key, region and service out of `AKIA…/20260101/us-east-1/s3/aws4_request`."""
    credential = query.get("X-Amz-Credential", "")
    if "Credential=" in authorization:
        credential = authorization.partition("Credential=")[2].partition(",")[0]
    match credential.strip().split("/"):
        case [access_key, _, region, service, _]:
            return access_key, region, service
    return "", "us-east-1", "s3"


def form(call: Call) -> dict[str, str]:
    """Read the parameters of a query-protocol call from its form body, or else its query."""
    if "application/x-www-form-urlencoded" in call.headers["content-type"] and call.body:
        return _parameters(call.body.decode())
    return call.query


def json_answer(body: object, status: int = 200) -> Answer:
    """Answer with a JSON document."""
    headers = (("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-RequestId", _request_id()))
    return Answer(status, json.dumps(body).encode(), headers)


def xml_answer(body: str, status: int = 200) -> Answer:
    """Answer with an XML document."""
    headers = (("Content-Type", "text/xml"), ("x-amz-request-id", _request_id()))
    return Answer(status, f'<?xml version="1.0" encoding="UTF-8"?>{body}'.encode(), headers)


def error_answer(protocol: Protocol, status: int, code: str, message: str) -> Answer:
    """Refuse a call in the words of its protocol.

    Args:
        protocol: The call's protocol, which decides the shape.
        status: The HTTP status.
        code: The AWS error code, such as `AccessDenied`.
        message: What a person reads.
    """
    if protocol in JSON_PROTOCOLS:
        answer = json_answer({"__type": code, "message": message}, status)
        return Answer(status, answer.body, (*answer.headers, ("x-amzn-ErrorType", code)))
    error = f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    request_id = _request_id()
    if protocol == "ec2":
        error = f"<Response><Errors>{error}</Errors><RequestID>{request_id}</RequestID></Response>"
    elif protocol == "query":
        error = f"<ErrorResponse>{error}<RequestId>{request_id}</RequestId></ErrorResponse>"
    return xml_answer(error, status)


def _request_id() -> str:
    return str(uuid.uuid4())
