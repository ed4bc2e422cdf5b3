"""What a filled operation gets and gives: its input, the records it may keep, its refusal."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Record = dict[str, Any]


class GapError(Exception):
    """An operation refuses.

    Args:
        code: The AWS error code.
        message: What a person reads.
        status: The HTTP status.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass
class State:
    """What the filled operations remember.

    Attributes:
        tables: Records by table, then by key.
        events: CloudTrail's event history, the newest first.
    """

    tables: dict[str, dict[str, Record]] = field(default_factory=dict)
    events: deque[Record] = field(default_factory=lambda: deque(maxlen=10_000))

    def table(self, name: str, region: str) -> dict[str, Record]:
        """Return a region's records of one kind by their keys; there are none at first."""
        return self.tables.setdefault(f"{region}/{name}", {})


@dataclass(frozen=True, slots=True)
class Request:
    """A call to a filled operation.

    Attributes:
        parameters: The decoded input; of a query protocol, its flat form.
        region: The region called.
        path: The parts of a REST call's path.
    """

    parameters: Record
    region: str
    path: tuple[str, ...] = ()


Handler = Callable[[State, Request], Record]


def page(
    name: str,
    records: list[Record],
    request: Request,
    *,
    size: int = 100,
    lower: bool = False,
) -> Record:
    """Answer one page of a list under `name`, with a NextToken while there are more.

    Args:
        name: What the list is called on the wire.
        records: All of it.
        request: Says which page is asked for.
        size: The length of a page, unless the request says it.
        lower: Write the token's name with a small letter, as EC2 does.
    """
    start = int(request.parameters.get("NextToken") or 0)
    end = start + int(request.parameters.get("MaxResults") or size)
    more = {"nextToken" if lower else "NextToken": str(end)} if end < len(records) else {}
    return {name: records[start:end]} | more


def found(records: dict[str, Record], key: str, code: str = "ResourceNotFoundException") -> Record:
    """Return a record.

    Raises:
        GapError: There is none under this key.
    """
    if key not in records:
        raise GapError(code, f"There is no resource {key}.")
    return records[key]
