"""A call as CloudTrail records it."""

from __future__ import annotations

import json
import re
import time
import uuid
from datetime import UTC, datetime
from http import HTTPStatus
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from lakewarden.simulate.aws.spelling import request_parameters
from lakewarden.simulate.aws.wire import ACCOUNT_ID, JSON_PROTOCOLS

if TYPE_CHECKING:
    from lakewarden.simulate.aws.operations import Operation
    from lakewarden.simulate.aws.wire import Answer, Call

_READS = re.compile(
    r"Get|List|Describe|Head|Lookup|Search|BatchGet|Select|Simulate|AssumeRole"
    r"|Decrypt|Encrypt|ReEncrypt|GenerateDataKey"
)
_DATA_EVENTS = re.compile(r"s3:(?!.*ObjectLockConf).*(Object|Part|Upload)|kinesis:Put")

# Operations whose events have another name than they have themselves.
_NAMES = {
    "s3:PutBucketLifecycleConfiguration": "PutBucketLifecycle",
    "s3:GetBucketLifecycleConfiguration": "GetBucketLifecycle",
    "s3:PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "s3:GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "s3:DeletePublicAccessBlock": "DeleteBucketPublicAccessBlock",
    "s3:PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "s3:GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "s3:PutBucketNotificationConfiguration": "PutBucketNotification",
    "s3:GetBucketNotificationConfiguration": "GetBucketNotification",
    "s3control:PutPublicAccessBlock": "PutAccountPublicAccessBlock",
    "s3control:GetPublicAccessBlock": "GetAccountPublicAccessBlock",
    "s3control:DeletePublicAccessBlock": "DeleteAccountPublicAccessBlock",
}


def is_read(operation: Operation) -> bool:
    """Return whether an operation changes nothing."""
    return _READS.match(operation.name) is not None


def is_management(operation: Operation) -> bool:
    """Return whether an operation is one of management, which every trail records."""
    return operation.name != "Unknown" and not _DATA_EVENTS.match(str(operation))


def record(
    call: Call,
    operation: Operation,
    answer: Answer,
    identity: dict[str, Any],
    address: str,
) -> dict[str, Any]:
    """Describe a call and its answer.

    Args:
        call: The request.
        operation: What it asks for.
        answer: What the caller was told.
        identity: Who signed it, as `userIdentity` has it.
        address: Where callers on this machine seem to come from.
    """
    entry: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": identity,
        "eventTime": datetime.fromtimestamp(time.time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{call.signing_name}.amazonaws.com",
        "eventName": _NAMES.get(str(operation), operation.name),
        "awsRegion": call.region,
        "sourceIPAddress": _source(call, address),
        "userAgent": call.headers.get("user-agent", ""),
        "requestParameters": request_parameters(call, operation),
        "responseElements": None,
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": is_read(operation),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT_ID,
        "eventCategory": "Management",
    }
    if answer.status >= HTTPStatus.BAD_REQUEST:
        entry["errorCode"], entry["errorMessage"] = _refusal(operation, answer)
    return entry


def user_identity(principal_id: str, arn: str, access_key: str) -> dict[str, Any]:
    """Describe who signed a call with an access key.

    Args:
        principal_id: Its unique id; of a session, the role's id and the session's name.
        arn: The ARN that `sts:GetCallerIdentity` tells.
        access_key: The access key id.
    """
    common = {"principalId": principal_id, "accountId": ACCOUNT_ID, "accessKeyId": access_key}
    kind, _, name = arn.rpartition(":")[2].partition("/")
    if kind != "assumed-role":
        return {
            "type": "IAMUser",
            "arn": f"arn:aws:iam::{ACCOUNT_ID}:user/{name}",
            "userName": name.rpartition("/")[2],
            **common,
        }
    role = name.partition("/")[0]
    issuer = {
        "type": "Role",
        "principalId": principal_id.partition(":")[0],
        "arn": f"arn:aws:iam::{ACCOUNT_ID}:role/{role}",
        "accountId": ACCOUNT_ID,
        "userName": role,
    }
    context = {"sessionIssuer": issuer, "attributes": {"mfaAuthenticated": "false"}}
    return {"type": "AssumedRole", "arn": arn, "sessionContext": context, **common}


def _source(call: Call, address: str) -> str:
    forwarded = call.headers.get("x-forwarded-for", "").split(",")[0].strip()
    try:
        return str(ip_address(forwarded))
    except ValueError:
        return address


def _refusal(operation: Operation, answer: Answer) -> tuple[str, str]:
    """Read an error's code and message."""
    if operation.protocol in JSON_PROTOCOLS:
        body = _object(answer.body)
        headers = {name.lower(): value for name, value in answer.headers}
        code = body.get("__type") or body.get("code") or headers.get("x-amzn-errortype", "")
        message = body.get("message") or body.get("Message") or ""
        return str(code).rpartition("#")[2], str(message)
    found = {
        name: re.search(rf"<{name}>([^<]*)</{name}>", answer.body.decode(errors="replace"))
        for name in ("Code", "Message")
    }
    code, message = (found[name] for name in ("Code", "Message"))
    return (code[1] if code else str(answer.status)), (message[1] if message else "")


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
