"""CloudTrail's event history: which management calls changed something, for LookupEvents."""

from __future__ import annotations

import json
import re
import time
import uuid
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from lakewarden.simulate.aws.gap import Handler, Record, Request, State, page
from lakewarden.simulate.aws.wire import ACCOUNT_ID

if TYPE_CHECKING:
    from lakewarden.simulate.aws.operations import Operation
    from lakewarden.simulate.aws.wire import Answer, Call

_READS = re.compile(r"(Get|List|Describe|Head|Lookup|Search|BatchGet|Select|Simulate|Unknown)")
_DATA_EVENTS = re.compile(r"s3:.*(Object|Part|Upload)|kms:.*(crypt|DataKey)|kinesis:Put")


def event(call: Call, operation: Operation, answer: Answer) -> Record | None:
    """Describe a call as CloudTrail would; None for reads and data events."""
    if _READS.match(operation.name) or _DATA_EVENTS.match(str(operation)):
        return None
    identifier = str(uuid.uuid4())
    now = time.time()
    source = f"{call.signing_name}.amazonaws.com"
    record = {
        "eventVersion": "1.11",
        "eventID": identifier,
        "eventTime": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventName": operation.name,
        "eventSource": source,
        "awsRegion": call.region,
        "readOnly": False,
        "recipientAccountId": ACCOUNT_ID,
        "userIdentity": {"accessKeyId": call.access_key, "accountId": ACCOUNT_ID},
    }
    if answer.status >= HTTPStatus.BAD_REQUEST:
        record["errorCode"] = str(answer.status)
    return {
        "EventId": identifier,
        "EventName": operation.name,
        "EventTime": now,
        "EventSource": source,
        "ReadOnly": "false",
        "AccessKeyId": call.access_key,
        "CloudTrailEvent": json.dumps(record),
    }


def _lookup_events(state: State, request: Request) -> Record:
    wanted = request.parameters
    attributes = wanted.get("LookupAttributes", [])
    begin, end = wanted.get("StartTime", 0), wanted.get("EndTime", float("inf"))
    events = [
        event
        for event in state.events
        if begin <= event["EventTime"] <= end
        and all(
            event.get(attribute["AttributeKey"]) == attribute["AttributeValue"]
            for attribute in attributes
        )
    ]
    return page("Events", events, request, size=50)


HANDLERS: dict[str, Handler] = {"cloudtrail:LookupEvents": _lookup_events}
