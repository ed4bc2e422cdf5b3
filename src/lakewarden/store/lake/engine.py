"""DuckDB as the engine of detection rules."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from lakewarden.errors import LakewardenError
from lakewarden.events.columns import COLUMNS, Kind
from lakewarden.events.views import EVENTS, VIEWS
from lakewarden.store.lake import duck
from lakewarden.store.lake.tables import DUCKDB


class DuckEngine:
    """Runs rules over the views of one connection."""

    dialect = "duckdb"

    def __init__(self, connection: DuckDBPyConnection) -> None:
        """Take a connection, and give it the small views, empty.

        What Parquet files say of themselves is kept, since every rule reads the same files.
        """
        self.connection = connection
        connection.execute("SET parquet_metadata_cache = true")
        for view in VIEWS:
            self.put(view, ())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query.

        Raises:
            LakewardenError: it cannot be run.
        """
        try:
            return self.connection.execute(query).fetchall()
        except duckdb.Error as error:
            what = str(error).splitlines()[0]
            raise LakewardenError(
                f"a query failed: {what}", next_step="Check the rule, or the room on disk"
            ) from None

    def look_at(self, view: str, table: str) -> None:
        """Make one of the views of events one of a table that has their columns."""
        self.connection.execute(f"CREATE OR REPLACE VIEW {view} AS SELECT * FROM {table}")

    def put(self, view: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Make one of the small views of rows; a column that a row lacks is null."""
        columns = VIEWS[view]
        self.connection.execute(f"CREATE OR REPLACE TABLE {view} ({_declared(columns)})")
        written = [json.dumps({name: row.get(name) for name in columns}) for row in rows]
        if written:
            shape = json.dumps({name: DUCKDB[kind] for name, kind in columns.items()})
            self.connection.execute(
                f"INSERT INTO {view} SELECT unnest(from_json(line, {duck.text(shape)})) "
                "FROM (SELECT unnest($lines) AS line)",
                {"lines": written},
            )


def no_events(connection: DuckDBPyConnection, table: str) -> None:
    """Make an empty table of events."""
    columns = {column.name: column.kind for column in COLUMNS}
    connection.execute(f"CREATE OR REPLACE TABLE {table} ({_declared(columns)})")


@contextmanager
def opened(threads: int = 0) -> Iterator[DuckEngine]:
    """Open an engine with no events, for the length of a block."""
    with duck.open(threads=threads) as connection:
        engine = DuckEngine(connection)
        no_events(connection, "no_events")
        for view in EVENTS:
            engine.look_at(view, "no_events")
        yield engine


def _declared(columns: Mapping[str, Kind]) -> str:
    return ", ".join(f"{duck.name(name)} {DUCKDB[kind]}" for name, kind in columns.items())
