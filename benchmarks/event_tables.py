"""What it costs to take in events once, beside DuckDB writing the same rows to one Parquet file.

`python -m benchmarks.event_tables [EVENTS]`; 1,100,000 are about 1 GB of JSON.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from duckdb import DuckDBPyConnection

from lakewarden.store.lake import duck
from lakewarden.store.lake.lake import Lake
from lakewarden.store.lake.tables import DUCKDB, EVENTS

_EVENTS: Final = 1_100_000
_DAYS: Final = 5
_AT_ONCE: Final = 220_000
"""About what one batch of ingesting holds."""
_FIRST: Final = 1_767_225_600_000
_PARAMETERS: Final = """MAP {
  'user': 'user' || i * 7919 % 2500 || '@example.com', 'requestId': uuid()::VARCHAR,
  'clusterId': '0101-' || hash(i) % 100000, 'notebookId': (hash(i) % 1000000)::VARCHAR,
  'path': '/Users/' || i % 2500 || '/project' || hash(i) % 500 || '/n' || hash(i) % 9999,
  'commandText': repeat('x = spark.read.table("t' || hash(i) % 1000 || '") ', 1 + (i % 4)::INT)}"""
_SAID: Final = {
    "id": "md5(i::VARCHAR)",
    "ts": f"{_FIRST} + i * {_DAYS} * 86400000 // $events",
    "account_id": "'7a99b43c-b46c-432b-b0a7-814217701909'",
    "workspace_id": "(1000000000000 + i % 12)::VARCHAR",
    "level": "'WORKSPACE_LEVEL'",
    "service": "['accounts', 'clusters', 'notebook', 'jobs'][1 + (hash(i * 3) % 4)::INT]",
    "action": "'action' || hash(i * 5) % 12",
    "actor": "'user' || i * 7919 % 2500 || '@example.com'",
    "actor_kind": "'user'",
    "src_ip": "'198.51.' || hash(i * 11) % 256 || '.' || hash(i * 13) % 256",
    "ip_kind": "'public'",
    "ip_key": "'4:' || printf('%08x', (3325256704 + hash(i * 11) % 65536)::BIGINT)",
    "user_agent": "'Mozilla/5.0 (X11; Linux x86_64) Chrome/' || 100 + i % 40 || '.0.0.0'",
    "session_id": "md5((hash(i) % 50000)::VARCHAR)",
    "request_id": "uuid()::VARCHAR",
    "status": "CASE WHEN hash(i * 17) % 50 = 0 THEN 403 ELSE 200 END",
    "ok": "hash(i * 17) % 50 <> 0",
    "p_user": "'user' || i * 7919 % 2500 || '@example.com'",
    "p_cluster": "CASE WHEN i % 4 = 1 THEN '0101-' || hash(i) % 100000 END",
    "p_object": "CASE WHEN i % 4 = 2 THEN 'main.s' || i % 50 || '.t' || hash(i) % 2000 END",
    "params": _PARAMETERS,
    "source": "'databricks'",
    "day": "strftime(make_timestamp(ts * 1000), '%Y-%m-%d')",
}
_QUESTION: Final = (
    "SELECT count(*) FROM events WHERE service = 'clusters' AND action = 'action7'"
    " AND params['path'] LIKE '%/n7'"
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What something cost.

    Attributes:
        cpu: seconds of all threads.
        wall: seconds.
    """

    cpu: float
    wall: float

    def __str__(self) -> str:
        return f"{self.cpu:.1f} s of CPU, {self.wall:.1f} s"


def cost_of(work: Callable[[], Any]) -> Cost:
    """Do something and return what it cost."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return Cost(time.process_time() - cpu, time.perf_counter() - wall)


def main() -> None:
    """Print each cost, and its ratio to the bare writing."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else _EVENTS
    with tempfile.TemporaryDirectory() as folder, duck.open(threads=2) as connection:
        lake = Lake.create(f"{folder}/lake")
        bare, merged, again = Cost(0, 0), Cost(0, 0), Cost(0, 0)
        for start in range(0, events, _AT_ONCE):
            _stage(connection, events, range(start, min(events, start + _AT_ONCE)))
            bare = _sum(bare, cost_of(lambda: _copy(connection, Path(folder, "bare.parquet"))))
            merged = _sum(merged, cost_of(lambda: lake.merge(connection, "batch")))
            again = _sum(again, cost_of(lambda: lake.merge(connection, "batch")))
        print(f"{events:,} events: DuckDB to Parquet {bare}")
        print(f"  merged {merged}: {merged.cpu / bare.cpu:.2f} of the CPU")
        print(f"  the same again, all of it known {again}: {again.cpu / bare.cpu:.2f}")
        before = _asked(lake, connection)
        print(f"  compacted, which sorts {cost_of(lambda: lake.compact(threads=2))}")
        print(f"  a question about a parameter {before}, compacted {_asked(lake, connection)}")


def _stage(connection: DuckDBPyConnection, events: int, numbers: range) -> None:
    columns = ", ".join(
        f"({_SAID.get(column.name, 'NULL')})::{DUCKDB[column.kind]} AS {column.name}"
        for column in EVENTS.columns
    ).replace("$events", str(events))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE batch AS SELECT {columns}"  # noqa: S608  # of ours alone
        f" FROM range({numbers.start}, {numbers.stop}) numbers(i)"
    )


def _copy(connection: DuckDBPyConnection, file: Path) -> None:
    options = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20000"
    connection.execute(f"COPY batch TO {duck.text(str(file))} ({options})")


def _asked(lake: Lake, connection: DuckDBPyConnection) -> Cost:
    lake.view(connection)
    connection.execute(_QUESTION)
    return cost_of(lambda: connection.execute(_QUESTION).fetchall())


def _sum(one: Cost, other: Cost) -> Cost:
    return Cost(one.cpu + other.cpu, one.wall + other.wall)


if __name__ == "__main__":
    main()
