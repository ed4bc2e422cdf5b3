"""A lake: the event tables under one folder, or under one prefix of a bucket."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from duckdb import DuckDBPyConnection

from lakewarden.store.lake import duck
from lakewarden.store.lake.log import Log
from lakewarden.store.lake.merging import Merged, merge
from lakewarden.store.lake.place import Folder
from lakewarden.store.lake.tables import DUCKDB, TABLES


class Lake:
    """The tables `events`, `files` and `quarantine`.

    Attributes:
        url: the folder or the prefix.
    """

    def __init__(self, url: str, logs: Mapping[str, Log]) -> None:
        self.url = url
        self._logs = logs

    @classmethod
    def open(cls, url: str, storage_options: Mapping[str, str] | None = None) -> Lake:
        """Open a lake.

        Args:
            url: a folder, or `s3://bucket/prefix`.
            storage_options: what opens a bucket, as Delta names it.

        Raises:
            StoreError: there is none, or it was made by a later version, or it cannot be read.
        """
        lake = cls(url, _logs(url, storage_options or {}))
        for log in lake._logs.values():
            log.state()
        return lake

    @classmethod
    def create(cls, url: str, storage_options: Mapping[str, str] | None = None) -> Lake:
        """Open a lake, and make what is not there of it.

        Raises:
            StoreError: it was made by a later version, or it cannot be read or written.
        """
        for log in _logs(url, storage_options or {}).values():
            log.create()
        return cls.open(url, storage_options)

    def merge(self, connection: DuckDBPyConnection, relation: str, table: str = "events") -> Merged:
        """Add the rows of a relation that a table does not have yet.

        Rows of `files` are all added; the one that was read last counts for each key.

        Args:
            connection: a database that knows the relation.
            relation: the name of a table or view with all columns of the table.
            table: `events`, `files` or `quarantine`.

        Raises:
            LakewardenError: other writers came first every time, or the disk is full.
        """
        return merge(self._logs[table], connection, relation)

    def version(self, table: str = "events") -> int:
        """Return the newest version of a table."""
        return self._logs[table].state().version

    def files(
        self,
        *,
        sources: Collection[str] | None = None,
        days: Collection[str] | None = None,
        table: str = "events",
    ) -> list[str]:
        """Return the Parquet files of a table, where they can be read.

        Args:
            sources: only of these.
            days: only of these.
            table: `events`, `files` or `quarantine`.
        """
        log = self._logs[table]
        wanted = {"source": sources, "day": days}
        tests = [wanted[name] for name in log.table.partitions]
        return log.place.paths(
            file.name
            for file in log.state().files
            if all(
                test is None or value in test
                for test, value in zip(tests, file.partition, strict=True)
            )
        )

    def view(
        self,
        connection: DuckDBPyConnection,
        table: str = "events",
        *,
        files: Collection[str] | None = None,
    ) -> None:
        """Make a view of a table, under its own name, of the version that is the newest now.

        Args:
            connection: where to make it.
            table: `events`, `files` or `quarantine`.
            files: only these of its files, as `files` returned them.
        """
        spec = self._logs[table].table
        paths = self.files(table=table) if files is None else files
        names = ", ".join(duck.name(column.name) for column in spec.columns)
        if paths:
            hive = ", ".join(f"{duck.name(name)}: VARCHAR" for name in spec.partitions)
            types = f", hive_types = {{{hive}}}" if hive else ""
            source = f"read_parquet({duck.texts(paths)}, hive_partitioning = {bool(hive)}{types})"
            query = f"SELECT {names} FROM {source}"
        else:
            nulls = ", ".join(
                f"NULL::{DUCKDB[column.kind]} AS {duck.name(column.name)}"
                for column in spec.columns
            )
            query = f"SELECT {nulls} WHERE false"
        if spec.latest:
            *keys, newest = spec.latest
            rank = f"row_number() OVER (PARTITION BY {', '.join(keys)} ORDER BY {newest} DESC)"
            query += f" QUALIFY {rank} = 1"
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {spec.name} AS {query}")


def _logs(url: str, storage_options: Mapping[str, str]) -> Mapping[str, Log]:
    _ = storage_options
    root = Path(url).expanduser().absolute()
    return {name: Log(Folder(root / name), table) for name, table in TABLES.items()}
