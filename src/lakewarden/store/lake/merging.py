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
from typing import Final
from uuid import uuid4

from deltalake.transaction import AddAction
from duckdb import DuckDBPyConnection

from lakewarden.errors import LakewardenError
from lakewarden.store.lake import duck
from lakewarden.store.lake.log import ConflictError, DataFile, Log, State
from lakewarden.store.lake.tables import Table
from lakewarden.store.lake.writing import write

_WRITERS: Final = 2
"""How many partitions are written at once: one of a few thousand rows keeps no more than a core."""


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


@dataclass(slots=True)
class _Batch:
    """The rows that are to be added.

    Attributes:
        connection: where they are.
        staged: the table that has them.
        fresh: the table that says where the first of each id is.
        shared: whether other cursors of the connection see that table.
        total: how many came.
        rows: how many are left.
        written: what adds the files that they were written to.
        seen: the files of the table that are known to hold none of them.
    """

    connection: DuckDBPyConnection
    staged: str
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
        partitions = self._partitions(log.table.partitions)
        pool = ThreadPoolExecutor(_WRITERS if self.shared else 1)
        writing: list[Future[list[AddAction]]] = []
        try:
            writing += (pool.submit(self._write_one, log, each) for each in partitions)
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

    def _write_one(self, log: Log, partition: tuple[str, ...]) -> list[AddAction]:
        """Write the rows of one partition; of different ones at once, where others see the rows."""
        columns = log.table.partitions
        tests = [f"{c} = {duck.text(v)}" for c, v in zip(columns, partition, strict=True)]
        if self.rows != self.total:
            tests.append(f"rowid IN (SELECT row_id FROM {self.fresh})")
        query = f"SELECT * FROM {self.staged} WHERE {' AND '.join(tests) or 'true'}"
        connection = self.connection.cursor() if self.shared else self.connection
        return write(connection, query, log.table, log.place, partition)

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

    def _partitions(self, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
        if not columns:
            return [()]
        listed = f"SELECT DISTINCT {', '.join(columns)} FROM {self.fresh} ORDER BY ALL"
        return self.connection.execute(listed).fetchall()

    def discard(self, log: Log) -> None:
        """Remove what was written and not committed."""
        log.place.discard(action.path for action in self.written)
        self.written = []


@contextmanager
def _staged(connection: DuckDBPyConnection, relation: str, table: Table) -> Iterator[_Batch]:
    """Have the rows of a relation in a table, and in another where the first of each id is."""
    listed = "SELECT count(*) FROM duckdb_tables() WHERE table_name = ?"
    held = connection.execute(listed, [relation]).fetchone() != (0,)
    token = uuid4().hex
    staged, fresh = f"staged_{token}", f"fresh_{token}"
    rows = duck.name(relation) if held else staged
    try:
        if not held:
            names = ", ".join(duck.name(column.name) for column in table.columns)
            source = f"SELECT {names} FROM {duck.name(relation)}"
            connection.execute(f"CREATE TABLE {staged} AS {source}")
        connection.execute(f"CREATE TABLE {fresh} AS {_keys(rows, table)}")
        needed = table.bounds if table.latest else ("id", *table.bounds)
        lacking = " OR ".join(f"{column} IS NULL" for column in needed) or "false"
        some = f"(SELECT count(*) FROM {fresh})"
        counts = connection.execute(
            f"SELECT count(*), {some}, count(*) FILTER ({lacking}) FROM {rows}"
        ).fetchone()
        total, left, wrong = counts or (0, 0, 0)
        if wrong:
            raise ValueError(f"{wrong} rows have no {', no '.join(needed)}")
        yield _Batch(connection, rows, fresh, not held, total, left)
    finally:
        connection.execute(f"DROP TABLE IF EXISTS {fresh}; DROP TABLE IF EXISTS {staged}")


def _keys(rows: str, table: Table) -> str:
    """Return the query for what tells the rows of a batch apart, and where they belong."""
    if table.latest:
        return f"SELECT rowid AS row_id FROM {rows}"
    bounds = (f"arg_min({column}, rowid) AS {column}" for column in table.bounds)
    values = ", ".join(["min(rowid) AS row_id", *bounds])
    return f"SELECT id, {values} FROM {rows} GROUP BY id"


def _suspects(batch: _Batch, table: Table, files: list[DataFile]) -> Iterator[DataFile]:
    """Yield the files that may hold a row of the batch."""
    if not table.span:
        yield from files
        return
    listed = batch.connection.execute(
        f"SELECT {', '.join(table.partitions)}, min({table.span}), max({table.span})"
        f" FROM {batch.fresh} GROUP BY ALL"
    ).fetchall()
    spans = {tuple(row[:-2]): (row[-2], row[-1]) for row in listed}
    for file in files:
        span = spans.get(file.partition)
        if span and (not file.span or (file.span[0] <= span[1] and span[0] <= file.span[1])):
            yield file
