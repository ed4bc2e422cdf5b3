"""Rows to Parquet files that a table can take in."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import uuid4

from deltalake.transaction import AddAction
from duckdb import DuckDBPyConnection

from lakewarden.events.columns import Kind
from lakewarden.store.lake import duck
from lakewarden.store.lake.place import Place
from lakewarden.store.lake.tables import Table

FILE_BYTES: Final = 256 * 1024 * 1024
_ROWS: Final = 20_000
"""Rows a group: what is sorted is found by reading few of these, and few have to be in memory."""
_LONG: Final = 64
"""Longer text is left out of the statistics of a file."""


def write(
    connection: DuckDBPyConnection,
    query: str,
    table: Table,
    place: Place,
    partition: tuple[str, ...] = (),
    *,
    change: bool = True,
) -> Iterator[AddAction]:
    """Write the rows of a query to files of one partition, sorted, and yield what adds each.

    Args:
        connection: a database that can run the query.
        query: yields the stored columns of the table, among others.
        table: how they are laid out.
        place: where they go.
        partition: the values of the columns that are in the paths.
        change: whether the rows are new to the table.
    """
    keys = dict(zip(table.partitions, partition, strict=True))
    folder = place.root.joinpath(*(f"{key}={value}" for key, value in keys.items()))
    folder.mkdir(parents=True, exist_ok=True)
    columns = ", ".join(duck.name(column.name) for column in table.stored)
    written = connection.execute(
        f"COPY (SELECT {columns} FROM ({query}))"
        f" TO {duck.text(str(folder))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROWS},"
        f" FILE_SIZE_BYTES {FILE_BYTES}, FILENAME_PATTERN 'part-{uuid4().hex}-{{i}}',"
        " OVERWRITE_OR_IGNORE, RETURN_STATS)"
    )
    now = int(time.time() * 1000)
    for path, rows, size, _, statistics, *_ in written.fetchall():
        name = place.root.joinpath(path).relative_to(place.root).as_posix()
        stats = json.dumps(_stats(table, rows, statistics))
        yield AddAction(name, size, keys, now, change, stats)


def _stats(
    table: Table, rows: int, statistics: Mapping[str, Mapping[str, str]]
) -> Mapping[str, Any]:
    """Return what an engine may know of a file without opening it: of the columns of its order."""
    low, high, nulls = {}, {}, {}
    for column in table.stored:
        if column.name not in table.order:
            continue
        found = statistics[duck.name(column.name)]
        nulls[column.name] = int(found["null_count"])
        if "min" not in found or len(found["max"]) > _LONG:
            continue
        read = int if column.kind is Kind.WHOLE else str
        low[column.name], high[column.name] = read(found["min"]), read(found["max"])
    return {"numRecords": rows, "minValues": low, "maxValues": high, "nullCount": nulls}
