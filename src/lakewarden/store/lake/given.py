"""Events from records that are given: they go through the same SQL as those in files."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from duckdb import DuckDBPyConnection

from lakewarden.events import address
from lakewarden.events.columns import Source
from lakewarden.store.lake import duck
from lakewarden.store.lake.shapes import cloudtrail, databricks_delivered, vpcflow
from lakewarden.store.lake.shapes.shape import ADDRESSES, PLACE, Shape, made, select

_SHAPES: Final = {
    shape.source: shape for shape in (databricks_delivered.SHAPE, cloudtrail.SHAPE, vpcflow.SHAPE)
}


def put_events(
    connection: DuckDBPyConnection,
    table: str,
    records: Iterable[tuple[Source, Mapping[str, Any]]],
) -> None:
    """Add events to a table, from what the platforms recorded.

    Args:
        connection: where the table is.
        table: has the columns of an event.
        records: each with its source, as it is delivered; flow logs as a map of fields.
    """
    sorted_out: dict[Source, list[Mapping[str, Any]]] = {}
    for source, record in records:
        sorted_out.setdefault(source, []).append(record)
    for source, each in sorted_out.items():
        shape = _SHAPES[source]
        _read(connection, shape, each)
        _read_addresses(connection, shape)
        connection.execute(f"INSERT INTO {table} {select(shape)}")


def _read(connection: DuckDBPyConnection, shape: Shape, records: list[Mapping[str, Any]]) -> None:
    columns = dict(shape.columns)
    if shape is vpcflow.SHAPE:
        columns = dict.fromkeys(
            dict.fromkeys(name for record in records for name in record), "VARCHAR"
        )
    place = ", ".join(f"0::{kind} AS {duck.name(name)}" for name, kind in PLACE.items())
    with tempfile.TemporaryDirectory(prefix="lakewarden-") as folder:
        file = Path(folder) / "records.json"
        file.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
        written = ", ".join(
            f"{duck.text(name)}: {duck.text(kind)}" for name, kind in columns.items()
        )
        read = (
            f"read_json({duck.files([str(file)])}, format='newline_delimited',"
            f" columns={{{written}}})"
        )
        query = f"SELECT *, {place} FROM {read}"
        if shape is vpcflow.SHAPE:
            query = vpcflow.reading(columns, read, place)
        connection.execute(f"CREATE OR REPLACE TABLE {shape.name} AS {made(shape, query)}")
    connection.execute("CREATE OR REPLACE TABLE context (file INTEGER, region VARCHAR)")


def _read_addresses(connection: DuckDBPyConnection, shape: Shape) -> None:
    sides = (shape.src_ip, shape.dst_ip)
    raw = " UNION ".join(f"SELECT {side} FROM {shape.name}" for side in sides)
    texts = [row[0] for row in connection.execute(raw).fetchall() if row[0]]
    columns = ", ".join(f"{name} VARCHAR" for name in ("raw", *address.Address._fields))
    connection.execute(f"CREATE OR REPLACE TABLE {ADDRESSES} ({columns})")
    if texts:
        connection.executemany(
            f"INSERT INTO {ADDRESSES} VALUES (?, ?, ?, ?)",
            [(text, *address.read(text)) for text in texts],
        )
