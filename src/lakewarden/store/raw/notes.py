"""What was read and what was refused, as rows of the tables `files` and `quarantine`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import islice
from typing import Any, Final

from duckdb import DuckDBPyConnection

from lakewarden.events.columns import Source
from lakewarden.events.delivery import about
from lakewarden.store.lake import duck
from lakewarden.store.lake.lake import Lake
from lakewarden.store.lake.tables import DUCKDB, TABLES
from lakewarden.store.raw.refusal import Refused
from lakewarden.store.raw.staging import Counted

_AT_ONCE: Final = 10_000


def note(
    lake: Lake, connection: DuckDBPyConnection, source: Source, counted: Iterable[Counted]
) -> None:
    """Note what became of files: first what was refused, then that they were read.

    Raises:
        LakewardenError: the lake cannot be written.
    """
    counted = list(counted)
    now = int(time.time() * 1000)
    refused = (_refused(source, one.item.key, r, now) for one in counted for r in one.refused)
    _put(lake, connection, "quarantine", refused)
    _put(lake, connection, "files", (_file(source, one, now) for one in counted))


def _put(
    lake: Lake, connection: DuckDBPyConnection, table: str, rows: Iterator[Mapping[str, Any]]
) -> None:
    """Add rows to a table of the lake; few of them are in memory at a time."""
    columns = {column.name: DUCKDB[column.kind] for column in TABLES[table].columns}
    declared = ", ".join(f"{duck.name(name)} {kind}" for name, kind in columns.items())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE noted ({declared})")
    read = f"unnest(from_json(line, {duck.text(json.dumps(columns))}))"
    adding = f"INSERT INTO noted SELECT {read} FROM (SELECT unnest(?::VARCHAR[]) AS line)"  # noqa: S608  # quoted
    count = 0
    while some := [json.dumps(row) for row in islice(rows, _AT_ONCE)]:
        connection.execute(adding, [some])
        count += len(some)
    if count:
        lake.merge(connection, "noted", table)


def _refused(source: Source, key: str, record: Refused, now: int) -> Mapping[str, Any]:
    parts = (source, key, str(record.start), record.digest)
    return {
        "id": sha256("\x1f".join(parts).encode()).hexdigest()[:32],
        "source": source,
        "file": key,
        "reason": record.reason,
        "sha256": record.digest,
        "start": record.start,
        "line": record.line,
        "bytes": record.size,
        "seen": now,
    }


def _file(source: Source, one: Counted, now: int) -> Mapping[str, Any]:
    said = about(one.item.key)
    return {
        "source": source,
        "key": one.item.key,
        "etag": one.item.etag,
        "account_id": said.account_id,
        "workspace_id": said.workspace_id,
        "region": said.region,
        "size": one.item.size,
        "arrived": one.item.arrived,
        "read": now,
        "first_ts": one.first_ts,
        "last_ts": one.last_ts,
        "records": one.records,
        "quarantined": len(one.refused),
    }
