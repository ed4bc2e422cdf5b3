"""What the platforms would have recorded of the events of an example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from lakewarden.events.columns import Source

_ACCOUNT: Final = "111122223333"
_SECOND: Final = 1000
_FLOW: Final = {
    "version": "5",
    "interface-id": "eni-0a1b2c3d4e5f60718",
    "srcaddr": "10.0.1.5",
    "dstaddr": "10.0.2.7",
    "srcport": "40000",
    "dstport": "443",
    "protocol": "6",
    "packets": "10",
    "bytes": "1000",
    "action": "ACCEPT",
    "log-status": "OK",
    "flow-direction": "egress",
}
_FLOW_NAMES: Final = {
    "src": "srcaddr",
    "dst": "dstaddr",
    "sport": "srcport",
    "dport": "dstport",
    "interface": "interface-id",
    "account": "account-id",
}


def account_of(number: int, source: Source) -> str:
    """Return the account of an example: each has one of its own, so that they do not mix."""
    return f"account-{number}" if source is Source.DATABRICKS else f"{number:012}"


def record_of(
    event: Mapping[str, Any], at: int, name: str, number: int, sources: Sequence[Source]
) -> tuple[Source, Mapping[str, Any]]:
    """Return the record of one event.

    Args:
        event: what the example says of it.
        at: when, in ms.
        name: its id on the platform.
        number: the example; it becomes the account, so that examples do not mix.
        sources: where the rule's events are recorded; the first is meant unless the event says.

    Raises:
        ValueError, KeyError: it cannot be one.
    """
    source = Source(event.get("source", sources[0]))
    if source is Source.DATABRICKS:
        record = _databricks(event, at, name, number)
    elif source is Source.CLOUDTRAIL:
        record = _cloudtrail(event, at, name, number)
    else:
        record = _flow(event, at, number)
    return source, _changed(record, event.get("record", {}))


def _changed(record: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with fields set, or taken away where null says so."""
    gone = {key for key, value in changes.items() if value is None}
    return {key: value for key, value in {**record, **changes}.items() if key not in gone}


def _databricks(event: Mapping[str, Any], at: int, name: str, number: int) -> dict[str, Any]:
    service, _, action = event["do"].partition(".")
    workspace = str(event.get("workspace", "1001"))
    status = event.get("status", 200)
    answer = {
        "statusCode": status,
        "errorMessage": event.get("error"),
        "result": event.get("result"),
    }
    return {
        "version": "2.0",
        "auditLevel": "ACCOUNT_LEVEL" if workspace == "0" else "WORKSPACE_LEVEL",
        "timestamp": at,
        "accountId": event.get("account", account_of(number, Source.DATABRICKS)),
        "workspaceId": workspace,
        "sourceIPAddress": event.get("ip"),
        "userAgent": event.get("agent"),
        "sessionId": event.get("session"),
        "userIdentity": {"email": event.get("who"), "subjectName": None},
        "serviceName": service,
        "actionName": action,
        "requestId": event.get("request", name),
        "requestParams": event.get("params", {}),
        "response": None if status is None else answer,
    }


def _cloudtrail(event: Mapping[str, Any], at: int, name: str, number: int) -> dict[str, Any]:
    service, _, action = event["do"].partition(".")
    moment = datetime.fromtimestamp(at / 1000, UTC)
    record = {
        "eventVersion": "1.11",
        "eventID": name,
        "eventTime": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": action,
        "awsRegion": event.get("region", "eu-central-1"),
        "sourceIPAddress": event.get("ip"),
        "userAgent": event.get("agent"),
        "userIdentity": _identity(event),
        "requestParameters": event.get("params"),
        "responseElements": event.get("response"),
        "additionalEventData": event.get("extra"),
        "requestID": event.get("request", name),
        "eventType": "AwsApiCall",
        "eventCategory": "Management",
        "recipientAccountId": event.get("account", account_of(number, Source.CLOUDTRAIL)),
    }
    if "error" in event:
        record["errorCode"] = event["error"]
    return record


def _identity(event: Mapping[str, Any]) -> dict[str, Any]:
    arn, role = event.get("who"), event.get("role")
    identity: dict[str, Any] = {"type": "IAMUser", "accountId": _ACCOUNT}
    if arn and arn.endswith(":root"):
        identity["type"] = "Root"
    if arn:
        identity |= {"arn": arn, "accountId": arn.split(":")[4] or _ACCOUNT}
    if role:
        session = role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/session"
        issuer = {"type": "Role", "arn": role, "userName": role.rsplit("/", 1)[-1]}
        attributes = {"mfaAuthenticated": "false"}
        identity |= {
            "type": "AssumedRole",
            "arn": arn or session,
            "accountId": role.split(":")[4],
            "sessionContext": {"sessionIssuer": issuer, "attributes": attributes},
        }
    return {**identity, **event.get("identity", {})}


def _flow(event: Mapping[str, Any], at: int, number: int) -> dict[str, Any]:
    if at % _SECOND:
        raise ValueError("flow logs know whole seconds only")
    times = {"start": str(at // _SECOND), "end": str(at // _SECOND + 60)}
    skipped = {"at", "times", "every", "source", "record"}
    given = {_FLOW_NAMES.get(k, k): str(v) for k, v in event.items() if k not in skipped}
    return {**_FLOW, "account-id": account_of(number, Source.VPCFLOW), **times, **given}
