"""Log files as the platforms deliver them, and what a lake has of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection

from lakewarden.events.columns import Source
from lakewarden.events.delivery import Origin
from lakewarden.store.lake import duck
from lakewarden.store.lake.lake import Lake
from lakewarden.store.lake.tables import ROW
from lakewarden.store.raw.folder import Folder
from lakewarden.store.raw.forms import SHAPES
from lakewarden.store.raw.joining import Spooled
from lakewarden.store.raw.spool import spool
from lakewarden.store.raw.staging import VIEW, Counted, Staging
from lakewarden.watch.ingest import Ingested, ingest

AT = 1_790_000_000_000
MOMENT = "2026-09-21T14:13:20"


def lines(*records: Any) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def trail(*records: Any) -> bytes:
    return json.dumps({"Records": list(records)}).encode()


def delivered(**other: Any) -> dict[str, Any]:
    return {
        "version": "2.0",
        "timestamp": AT,
        "workspaceId": "1001",
        "sourceIPAddress": "198.51.100.7:443",
        "userAgent": "",
        "sessionId": None,
        "userIdentity": {"email": "ann@example.com", "subjectName": None},
        "serviceName": "accounts",
        "actionName": "login",
        "requestId": "r1",
        "requestParams": {"user": "ann@example.com", "authentication_method": "BROWSER"},
        "response": {"statusCode": 200, "errorMessage": None, "result": None},
        "auditLevel": "WORKSPACE_LEVEL",
        "accountId": "11111111-2222-3333-4444-555555555555",
        **other,
    }


def system(**other: Any) -> dict[str, Any]:
    return {
        "event_time": f"{MOMENT}.000Z",
        "event_date": "2026-09-21",
        "event_id": "e1",
        "workspace_id": 1001,
        "account_id": "11111111-2222-3333-4444-555555555555",
        "audit_level": "WORKSPACE_LEVEL",
        "service_name": "accounts",
        "action_name": "login",
        "user_identity": {"email": "ann@example.com", "subject_name": None},
        "source_ip_address": "198.51.100.7",
        "user_agent": None,
        "session_id": None,
        "request_id": "r1",
        "request_params": {"authentication_method": "BROWSER", "user": "ann@example.com"},
        "response": {"status_code": 200, "error_message": None, "result": None},
        "identity_metadata": {"run_by": "bob@example.com", "run_as": "ann@example.com"},
        **other,
    }


def diagnostic(**other: Any) -> dict[str, Any]:
    return {
        "time": f"{MOMENT}Z",
        "resourceId": "/SUBSCRIPTIONS/S/PROVIDERS/MICROSOFT.DATABRICKS/WORKSPACES/W",
        "operationName": "Microsoft.Databricks/accounts/login",
        "operationVersion": "1.0.0",
        "category": "accounts",
        "identity": json.dumps({"email": "ann@example.com", "subjectName": None}),
        "properties": {
            "sourceIPAddress": "198.51.100.7:0",
            "userAgent": "",
            "serviceName": "accounts",
            "actionName": "login",
            "requestId": "r1",
            "workspaceId": "1001",
            "requestParams": json.dumps(
                {"user": "ann@example.com", "authentication_method": "BROWSER"}
            ),
            "response": json.dumps({"statusCode": 200}),
            "logId": "l1",
        },
        **other,
    }


def call(**other: Any) -> dict[str, Any]:
    role = "arn:aws:iam::111122223333:role/Admin"
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROA:ann",
            "arn": "arn:aws:sts::111122223333:assumed-role/Admin/ann",
            "accountId": "111122223333",
            "accessKeyId": "ASIAEXAMPLE",
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "arn": role, "userName": "Admin"},
                "attributes": {"creationDate": f"{MOMENT}Z", "mfaAuthenticated": "true"},
            },
        },
        "eventTime": f"{MOMENT}Z",
        "eventSource": "lambda.amazonaws.com",
        "eventName": "UpdateFunctionCode20150331v2",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "[aws-cli]",
        "requestParameters": {"functionName": "f", "dryRun": False, "list": [1, {"a": "b"}]},
        "responseElements": {"codeSize": 5, "gone": None},
        "additionalEventData": {"k": "v"},
        "requestID": "q1",
        "eventID": "i1",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "eventCategory": "Management",
        "recipientAccountId": "111122223333",
        "vpcEndpointId": "vpce-1",
        **other,
    }


HEADER = (
    b"version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes"
    b" start end action log-status\n"
)
FLOW = b"2 111122223333 eni-1 10.0.0.1 8.8.8.8 1234 53 17 1 60 1790000000 1790000060 ACCEPT OK\n"


class Reader:
    """Reads files as far as DuckDB, without a lake."""

    def __init__(self, root: Path, connection: DuckDBPyConnection) -> None:
        self._root = root
        self._connection = connection
        self._count = 0

    def read(self, source: Source | str, files: Mapping[str, bytes]) -> Read:
        self._count += 1
        folder = self._root / str(self._count)
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        origin, source = Folder(folder), Source(source)
        spooled = spool(list(origin.listed()), origin, source, folder / "_spool")
        counted = self.load(source, spooled, origin)
        by_record = any(
            _rows(self._connection, f'{shape.name} WHERE "~line" IS NOT NULL')
            for shape in SHAPES
            if shape.source is source
        )
        events = _rows(self._connection, f"(SELECT * EXCLUDE ({ROW}) FROM {VIEW})")
        return Read(events, counted, spooled, by_record)

    def load(self, source: Source, spooled: Spooled, origin: Origin) -> list[Counted]:
        return Staging(self._connection, source).load(spooled, origin)


@dataclass
class Read:
    events: list[dict[str, Any]]
    counted: list[Counted]
    spooled: Spooled
    by_record: bool

    @property
    def one(self) -> dict[str, Any]:
        (event,) = self.events
        return event

    @property
    def refused(self) -> list[tuple[str, int, int, str]]:
        return sorted(
            (one.item.key, record.line, record.start, record.reason)
            for one in self.counted
            for record in one.refused
        )


def _rows(connection: DuckDBPyConnection, table: str) -> list[dict[str, Any]]:
    found = connection.execute(f"FROM {table} ORDER BY ALL")
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


class Logs:
    """A folder of log files, and a lake that they are read into."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "logs"
        self.lake = Lake.create(str(root / "lake"))

    def put(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def ingest(self) -> Ingested:
        return ingest(self.lake, Folder(self.folder), Source.DATABRICKS)

    def rows(self, table: str = "events") -> list[dict[str, Any]]:
        with duck.open() as connection:
            self.lake.view(connection, table)
            return _rows(connection, table)
