"""CloudTrail's event history: which management calls changed something, for LookupEvents."""

from __future__ import annotations

import json
from datetime import datetime

from lakewarden.simulate.aws.gap import Handler, Record, Request, State, page


def event(record: Record) -> Record:
    """Describe a record of CloudTrail as its event history does."""
    return {
        "EventId": record["eventID"],
        "EventName": record["eventName"],
        "EventTime": datetime.fromisoformat(record["eventTime"]).timestamp(),
        "EventSource": record["eventSource"],
        "ReadOnly": str(record["readOnly"]).lower(),
        "AccessKeyId": record["userIdentity"]["accessKeyId"],
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
