"""Names the operation that a request asks for, as boto3 names it: `s3:GetBucketPolicy`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from botocore.exceptions import UnknownServiceError

from lakewarden.simulate.aws.wire import Protocol, form

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel

    from lakewarden.simulate.aws.wire import Call

# boto3 names these services otherwise than their signatures do.
_CLIENT_NAMES = {
    "access-analyzer": "accessanalyzer",
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "servicequotas": "service-quotas",
    "tagging": "resourcegroupstaggingapi",
}
_S3_CONTROL_PREFIX = "/v20180820/"


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of an AWS service.

    Attributes:
        service: boto3's client name, such as "s3control".
        name: The operation, such as "GetPublicAccessBlock".
        protocol: The wire protocol the request came in.
    """

    service: str
    name: str
    protocol: Protocol

    def __str__(self) -> str:
        return f"{self.service}:{self.name}"


@dataclass(frozen=True, slots=True)
class _Route:
    """What a REST request must have to be one operation."""

    name: str
    method: str
    path: re.Pattern[str]
    query: dict[str, str]
    parameters: frozenset[str]
    headers: frozenset[str]

    def matches(self, call: Call) -> bool:
        return (
            self.method == call.method
            and self.path.fullmatch(call.path.rstrip("/") or "/") is not None
            and all(call.query.get(name) == value for name, value in self.query.items())
            and self.parameters <= call.query.keys()
            and self.headers <= call.headers.keys()
        )


def identify(call: Call) -> Operation:
    """Name a request's operation; its name is "Unknown" where no operation fits.

    JSON protocols say it in `X-Amz-Target`, query protocols in `Action`; for REST protocols
    botocore's service model is asked which operation has this method, path and query.
    """
    service = _CLIENT_NAMES.get(call.signing_name, call.signing_name)
    if target := call.headers.get("x-amz-target"):
        return Operation(service, target.rpartition(".")[2], "json")
    if action := form(call).get("Action"):
        return Operation(service, action, "ec2" if service == "ec2" else "query")
    if service == "s3" and call.path.startswith(_S3_CONTROL_PREFIX):
        service = "s3control"
    model = service_model(service)
    if model is None:
        return Operation(service, "Unknown", "json")
    route = next((route for route in _routes(service) if route.matches(call)), None)
    protocol = cast("Protocol", model.resolved_protocol)
    return Operation(service, route.name if route else "Unknown", protocol)


@lru_cache
def service_model(service: str) -> ServiceModel | None:
    """Load botocore's description of a service; None for one it has never heard of."""
    try:
        return _session().get_service_model(service)
    except UnknownServiceError:
        return None


@lru_cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


@lru_cache
def _routes(service: str) -> tuple[_Route, ...]:
    """Every REST operation of a service, the most demanding first."""
    model = service_model(service)
    operations = (
        [model.operation_model(name) for name in model.operation_names] if model is not None else []
    )
    operations.sort(key=lambda operation: operation.deprecated)
    return tuple(sorted(map(_route, operations), key=_demands, reverse=True))


def _route(operation: OperationModel) -> _Route:
    path, _, query = operation.http["requestUri"].partition("?")
    shape: Any = operation.input_shape
    required = [shape.members[name] for name in shape.required_members] if shape else []
    places = [member.serialization for member in required]
    return _Route(
        operation.name,
        operation.http["method"],
        re.compile(_path_pattern(path)),
        dict(pair.partition("=")[::2] for pair in query.split("&") if pair),
        frozenset(place["name"] for place in places if place.get("location") == "querystring"),
        frozenset(place["name"].lower() for place in places if place.get("location") == "header"),
    )


def _path_pattern(template: str) -> str:
    """Turn `/{Bucket}/{Key+}` into a regular expression."""
    parts = re.split(r"(\{[^}]+\})", template.rstrip("/") or "/")
    return "".join(
        (".+" if part.endswith("+}") else "[^/]+") if part.startswith("{") else re.escape(part)
        for part in parts
    )


def _demands(route: _Route) -> tuple[int, int]:
    literal = len(re.sub(r"\.\+|\[\^/\]\+", "", route.path.pattern))
    return literal, len(route.query) + len(route.parameters) + len(route.headers)
