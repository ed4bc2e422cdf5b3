"""New rows into a table, each once, whoever else is writing.

An `id` says what a row is about. A commit holds ids only that the table did not have at the
version before it; if somebody else made that version in the meantime, the commit is refused, and
the ids are held against what came.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from uuid import uuid4

from deltalake.transaction import AddAction
from duckdb import DuckDBPyConnection

from lakewarden.errors import LakewardenError
from lakewarden.store.lake import duck
from lakewarden.store.lake.log import ConflictError, DataFile, Log, State
from lakewarden.store.lake.tables import ROW, Table
from lakewarden.store.lake.writing import write

_WRITERS: Final = 2
"""How many partitions are written at once: one of a few thousand rows keeps no more than a core."""

_MANY: Final = 10_000
"""A view is computed for each partition where they have so many rows, and else once for all."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of some rows.

    Attributes:
        new: how many the table did not have.
        duplicate: how many it had, or that came again among themselves.
        version: of the table afterwards.
    """

    new: int
    duplicate: int
    version: int


def merge(log: Log, connection: DuckDBPyConnection, relation: str) -> Merged:
    """Add the rows of a relation that a table does not have.

    Raises:
        LakewardenError: other writers came first every time, or a row would be lost.
    """
    with _staged(connection, relation, log.table) as batch:
        try:
            for state in log.attempts():
                batch.leave_out(log, state)
                if not batch.rows:
                    return Merged(0, batch.total, state.version)
                batch.write(log)
                version = batch.commit(log, state)
                if version is not None:
                    return Merged(batch.rows, batch.total - batch.rows, version)
        finally:
            batch.discard(log)
    raise AssertionError  # attempts raises first


class _Span(NamedTuple):
    """A partition, and the lowest and highest value in it of the column by which files differ."""

    partition: tuple[str, ...]
    low: int
    high: int


@dataclass(slots=True)
class _Batch:
    """The rows that are to be added.

    Attributes:
        connection: where they are.
        staged: the table or view that has them.
        row: the column of it that tells them apart.
        fresh: the table that says where the first of each id is.
        shared: whether other cursors of the connection see them.
        total: how many came.
        rows: how many are left.
        written: what adds the files that they were written to.
        seen: the files of the table that are known to hold none of them.
    """

    connection: DuckDBPyConnection
    staged: str
    row: str
    fresh: str
    shared: bool
    total: int
    rows: int
    written: list[AddAction] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def leave_out(self, log: Log, state: State) -> None:
        """Leave out the rows whose ids a version has."""
        if log.table.latest:
            return
        files = [file for file in state.files if file.name not in self.seen]
        self.seen.update(file.name for file in files)
        suspects = list(_suspects(self, log.table, files))
        if not suspects:
            return
        paths = duck.files(log.place.paths(file.name for file in suspects))
        gone = self.connection.execute(
            f"DELETE FROM {self.fresh} WHERE id IN (SELECT there.id FROM read_parquet({paths},"
            f" hive_partitioning = false) there SEMI JOIN {self.fresh} USING (id))"
        ).fetchone()
        if gone and gone[0]:
            self.rows -= gone[0]
            self.discard(log)

    def write(self, log: Log) -> None:
        """Write the rows that are left, unless they are written as they are.

        Raises:
            LakewardenError: they are not all in what was written.
        """
        if self.written:
            return
        pool = ThreadPoolExecutor(_WRITERS if self.shared else 1)
        writing: list[Future[list[AddAction]]] = []
        try:
            writing += (pool.submit(self._write_one, log, each) for each in self.spans(log.table))
            for each in writing:
                each.result()
        finally:
            pool.shutdown(cancel_futures=True)
            done = [each for each in writing if not each.cancelled() and not each.exception()]
            self.written = [action for each in done for action in each.result()]
        self._insist_on_all(log)
        log.place.publish(action.path for action in self.written)

    def _insist_on_all(self, log: Log) -> None:
        count = sum(json.loads(action.stats)["numRecords"] for action in self.written)
        if count != self.rows:
            raise LakewardenError(
                f"of {self.rows} rows {count} were written",
                where=log.place.url,
                next_step="This is a fault of lakewarden; nothing of them was kept. Report it",
            )

    def _write_one(self, log: Log, span: _Span) -> list[AddAction]:
        """Write the rows of one partition; of different ones at once, where others see the rows."""
        table = log.table
        pairs = zip(table.partitions, span.partition, strict=True)
        own = " AND ".join(f"{column} = {duck.text(value)}" for column, value in pairs) or "true"
        wanted = f"{self.row} IN (SELECT row_id FROM {self.fresh} WHERE {own})"
        if table.span:  # so that others need not be looked at
            wanted += f" AND {table.span} BETWEEN {span.low} AND {span.high}"
        query = f"SELECT * FROM {self.staged} WHERE {wanted}"
        connection = self.connection.cursor() if self.shared else self.connection
        return write(connection, query, table, log.place, span.partition)

    def commit(self, log: Log, state: State) -> int | None:
        """Make the written files the next version, and return it; None when another one came.

        An answer that was lost on its way looks like a conflict: whether the files are in the log
        is what counts, and while nobody knows that, they stay.
        """
        written, self.written = self.written, []
        try:
            return state.commit(written)
        except ConflictError:
            if log.holds(state.version, {action.path for action in written}):
                return state.version + 1
            self.written = written
            return None

    def spans(self, table: Table) -> list[_Span]:
        """Return the partitions that the rows belong to."""
        bounds = f"min({table.span or 'NULL'}), max({table.span or 'NULL'})"
        listed = f"SELECT {', '.join((*table.partitions, bounds))} FROM {self.fresh} GROUP BY ALL"
        rows = self.connection.execute(f"{listed} ORDER BY ALL").fetchall()
        return [_Span(row[:-2], *row[-2:]) for row in rows]

    def discard(self, log: Log) -> None:
        """Remove what was written and not committed."""
        log.place.discard(action.path for action in self.written)
        self.written = []


@contextmanager
def _staged(connection: DuckDBPyConnection, relation: str, table: Table) -> Iterator[_Batch]:
    """Have the rows of a relation in a table, and in another where the first of each id is."""
    held, row = _row(connection, relation)
    token = uuid4().hex
    staged, fresh = f"staged_{token}", f"fresh_{token}"
    rows = duck.name(relation) if held else staged
    try:
        if not held:
            names = ", ".join(duck.name(column.name) for column in table.columns)
            source = f"SELECT {names} FROM {duck.name(relation)}"
            connection.execute(f"CREATE TABLE {staged} AS {source}")
        connection.execute(f"CREATE TABLE {fresh} AS {_keys(rows, table, row)}")
        needed = table.bounds if table.latest else ("id", *table.bounds)
        lacking = " OR ".join(f"{column} IS NULL" for column in needed) or "false"
        some = f"(SELECT count(*) FROM {fresh})"
        counts = connection.execute(
            f"SELECT count(*), {some}, count(*) FILTER ({lacking}) FROM {rows}"
        ).fetchone()
        total, left, wrong = counts or (0, 0, 0)
        if wrong:
            raise ValueError(f"{wrong} rows have no {', no '.join(needed)}")
        batch = _Batch(connection, rows, row, fresh, row == ROW or not held, total, left)
        if row == ROW and left < _MANY * len(batch.spans(table)):
            connection.execute(f"CREATE TABLE {staged} AS FROM {rows}")
            batch.staged = staged
        yield batch
    finally:
        connection.execute(f"DROP TABLE IF EXISTS {fresh}; DROP TABLE IF EXISTS {staged}")


def _row(connection: DuckDBPyConnection, relation: str) -> tuple[bool, str]:
    """Return whether a relation can be read where it is, and what tells its rows apart then."""
    asked = (
        "SELECT (SELECT count(*) FROM duckdb_tables() WHERE table_name = $name),"
        " (SELECT count(*) FROM duckdb_columns() WHERE table_name = $name AND column_name = $row)"
    )
    found = connection.execute(asked, {"name": relation, "row": ROW}).fetchone()
    stored, told = found or (0, 0)
    return bool(stored or told), ROW if told and not stored else "rowid"


def _keys(rows: str, table: Table, row: str) -> str:
    """Return the query for what tells the rows of a batch apart, and where they belong."""
    if table.latest:
        return f"SELECT {row} AS row_id FROM {rows}"
    bounds = (f"arg_min({column}, {row}) AS {column}" for column in table.bounds)
    values = ", ".join([f"min({row}) AS row_id", *bounds])
    return f"SELECT id, {values} FROM {rows} GROUP BY id"


def _suspects(batch: _Batch, table: Table, files: list[DataFile]) -> Iterator[DataFile]:
    """Yield the files that may hold a row of the batch."""
    if not table.span:
        yield from files
        return
    spans = {span.partition: span for span in batch.spans(table)}
    for file in files:
        span = spans.get(file.partition)
        if span and (not file.span or (file.span[0] <= span.high and span.low <= file.span[1])):
            yield file
