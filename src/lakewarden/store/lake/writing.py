"""Rows to Parquet files that a table can take in."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from deltalake.transaction import AddAction
from duckdb import DuckDBPyConnection

from lakewarden.events.columns import Kind
from lakewarden.store.lake import duck
from lakewarden.store.lake.place import Place
from lakewarden.store.lake.tables import DUCKDB, Table

FILE_BYTES: Final = 256 * 1024 * 1024
SORTED: Final = "sorted-"
"""How the names of files start whose rows are in order."""
_ROWS: Final = 20_000
"""Rows a group: what is sorted is found by reading few of these, and few have to be in memory."""
_LEVEL, _LEVEL_IN_ORDER = 1, 3
"""How hard rows are compressed: those that are in order stay for longer."""
_LONG: Final = 64
"""Longer text is left out of the statistics of a file."""


def write(
    connection: DuckDBPyConnection,
    query: str,
    table: Table,
    place: Place,
    partition: tuple[str, ...] = (),
    *,
    size: int = FILE_BYTES,
    in_order: bool = False,
    change: bool = True,
) -> list[AddAction]:
    """Write the rows of a query to files of one partition, and return what adds each.

    Args:
        connection: a database that can run the query.
        query: yields the stored columns of the table, among others.
        table: how they are laid out.
        place: where they go.
        partition: the values of the columns that are in the paths.
        size: about how large a file may become, in bytes.
        in_order: whether to sort the rows, which costs as much as writing them; the names of the
            files say so.
        change: whether the table did not have the rows.
    """
    keys = dict(zip(table.partitions, partition, strict=True))
    folder = place.root.joinpath(*(f"{key}={value}" for key, value in keys.items()))
    folder.mkdir(parents=True, exist_ok=True)
    order = f" ORDER BY {', '.join(table.order)}" if in_order else ""
    rows = f"SELECT {_columns(table)} FROM ({query}){order}"
    token = f"{SORTED if in_order else 'part-'}{uuid4().hex}"
    level = _LEVEL_IN_ORDER if in_order else _LEVEL
    try:
        written = connection.execute(_copy(rows, folder, token, size, level)).fetchall()
    except BaseException:
        for path in folder.glob(f"*{token}*"):
            path.unlink(missing_ok=True)
        raise
    now = int(time.time() * 1000)
    return [
        AddAction(
            Path(path).relative_to(place.root).as_posix(),
            length,
            keys,
            now,
            change,
            json.dumps(_stats(table, count, statistics)),
        )
        for path, count, length, _, statistics, *_ in written
    ]


def _columns(table: Table) -> str:
    """Return the columns of a file, each of its type whatever it comes as."""
    names = ((duck.name(column.name), DUCKDB[column.kind]) for column in table.stored)
    return ", ".join(f"{name}::{kind} AS {name}" for name, kind in names)


def _copy(rows: str, folder: Path, token: str, size: int, level: int) -> str:
    return (
        f"COPY ({rows}) TO {duck.text(str(folder))} (FORMAT parquet, COMPRESSION zstd,"
        f" COMPRESSION_LEVEL {level}, ROW_GROUP_SIZE {_ROWS}, FILE_SIZE_BYTES {size},"
        f" FILENAME_PATTERN '{token}-{{i}}', OVERWRITE_OR_IGNORE, RETURN_STATS)"
    )


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
