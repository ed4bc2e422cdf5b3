"""A lake: the event tables under one folder, or under one prefix of a bucket."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import duckdb
from deltalake.exceptions import DeltaError
from duckdb import DuckDBPyConnection

from lakewarden.errors import LakewardenError, StoreError
from lakewarden.store.home import expanded
from lakewarden.store.lake import duck, upkeep
from lakewarden.store.lake.bucket import Bucket, Objects
from lakewarden.store.lake.log import DataFile, Log, said
from lakewarden.store.lake.merging import Merged, merge
from lakewarden.store.lake.place import Folder, Place
from lakewarden.store.lake.tables import DUCKDB, TABLES
from lakewarden.store.lake.upkeep import Compacted

_TARGET_MB: Final = 256
_DAMAGED: Final = {duckdb.Error, duckdb.InvalidInputException, duckdb.SerializationException}
"""What DuckDB says of a file that is no Parquet, or not all of it."""
_MANY: Final = 50
"""A small table that has more files than this is compacted by whoever adds to it."""


class Lake:
    """The tables `events`, `files` and `quarantine`.

    Attributes:
        url: the folder or the prefix.
    """

    def __init__(self, url: str, logs: Mapping[str, Log]) -> None:
        self.url = url
        self._logs = logs

    @classmethod
    def open(cls, url: str, objects: Objects | None = None) -> Lake:
        """Open a lake.

        Args:
            url: a folder, or `s3://bucket/prefix`.
            objects: the bucket, for a lake that is in one.

        Raises:
            StoreError: there is none, or it was made by a later version, or it cannot be read.
        """
        lake = cls(url, _logs(url, objects))
        for log in lake._logs.values():
            log.state()
        return lake

    @classmethod
    def create(cls, url: str, objects: Objects | None = None) -> Lake:
        """Open a lake, and make what is not there of it.

        Raises:
            StoreError: it was made by a later version, or it cannot be read or written, or of its
                tables the events alone are gone.
        """
        logs = _logs(url, objects)
        with _said(logs["files"], StoreError):
            if logs["files"].made() and not logs["events"].made():  # made in the other order
                raise StoreError(
                    "has no events any more, and a note of the files that they were read from",
                    where=url,
                    next_step="Restore them; or remove the lake, and ingest anew",
                )
        for log in logs.values():
            with _said(log, StoreError):
                log.create()
        return cls.open(url, objects)

    def merge(self, connection: DuckDBPyConnection, relation: str, table: str = "events") -> Merged:
        """Add the rows of a relation that a table does not have yet.

        Rows of `files` are all added; the one that was read last counts for each key.

        Args:
            connection: a database that knows the relation.
            relation: the name of a table or view with all columns of the table. A table is read
                where it is; what a view says is stored first, so that it is computed once. A view
                with the column `tables.ROW` is read where it is too, several times, and has to be
                one that other cursors of the connection see.
            table: `events`, `files` or `quarantine`.

        Raises:
            LakewardenError: other writers came first every time, or it cannot be written.
        """
        log = self._logs[table]
        with _said(log):
            merged = merge(log, connection, relation)
            if not log.table.partitions and len(log.state().files) > _MANY:
                upkeep.compact(log, connection, target_mb=_TARGET_MB)
        return merged

    def identity(self) -> str:
        """Return what tells the events from those of any other lake, whatever its address."""
        return self._logs["events"].state().id

    def version(self, table: str = "events") -> int:
        """Return the newest version of a table."""
        return self._logs[table].state().version

    def files(
        self,
        table: str = "events",
        *,
        since_version: int | None = None,
        sources: Collection[str] | None = None,
        days: Collection[str] | None = None,
        fetch: bool = True,
    ) -> list[str]:
        """Return the Parquet files of a table, where they can be read.

        Args:
            table: `events`, `files` or `quarantine`.
            since_version: only those with rows that this version did not have; they may have
                older rows as well, where compaction put them together.
            sources: only of these.
            days: only of these.
            fetch: have those of a bucket on this machine; else it is said where they are kept.
        """
        log = self._logs[table]
        state = log.state()
        files = state.files if since_version is None else log.added(since_version, state)
        wanted = {"source": sources, "day": days}
        tests = [wanted[name] for name in log.table.partitions]
        names = [file.name for file in files if _meets(file, tests)]
        if not fetch:
            return [f"{log.place.url}/{name}" for name in names]
        with _said(log):
            return log.place.paths(names)

    def view(
        self,
        connection: DuckDBPyConnection,
        table: str = "events",
        *,
        files: Collection[str] | None = None,
        name: str | None = None,
    ) -> None:
        """Make a view of a table as it is now; what is added later is not in it.

        Args:
            connection: where to make it.
            table: `events`, `files` or `quarantine`.
            files: only these of its files, as `files` returned them.
            name: of the view; None for that of the table.

        Raises:
            StoreError: a file is damaged.
        """
        spec = self._logs[table].table
        paths = self.files(table) if files is None else files
        if paths:
            hive = ", ".join(f"{duck.name(each)}: VARCHAR" for each in spec.partitions)
            types = f", hive_types = {{{hive}}}" if hive else ""
            names = ", ".join(duck.name(column.name) for column in spec.columns)
            source = f"read_parquet({duck.files(paths)}, hive_partitioning = {bool(hive)}{types})"
            query = f"SELECT {names} FROM {source}"
        else:
            nulls = (f"NULL::{DUCKDB[c.kind]} AS {duck.name(c.name)}" for c in spec.columns)
            query = f"SELECT {', '.join(nulls)} WHERE false"
        view = duck.name(name or table)
        with self.reading(table):
            connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {query}{spec.newest}")

    @contextmanager
    def reading(self, table: str = "events") -> Iterator[None]:
        """Say of files of a table that cannot be read, for the length of a block, where they are.

        Raises:
            StoreError: one is damaged.
        """
        with _said(self._logs[table], StoreError):
            yield

    def compact(
        self, *, target_mb: int = _TARGET_MB, before: str | None = None, threads: int = 0
    ) -> Compacted:
        """Put small files of a day together, their rows in order.

        Args:
            target_mb: about how large a file should be.
            before: only days before this one, as `2026-11-27`.
            threads: how many to use; 0 for one a core.

        Raises:
            LakewardenError: a file is damaged, or it cannot be written.
        """
        done = Compacted(0, 0)
        with duck.open(threads=threads) as connection:
            for log in self._logs.values():
                with _said(log):
                    one = upkeep.compact(log, connection, target_mb=target_mb, before=before)
                done = Compacted(done.before + one.before, done.after + one.after)
        return done

    def retain(self, days: Mapping[str, int], now: datetime) -> int:
        """Drop whole days of events, and return how many events there were.

        What was read stays in `files`, so that nothing of it is read again.

        Args:
            days: how many to keep of each source; all of one that is not named.
            now: the present, in UTC.
        """
        log = self._logs["events"]
        first = {source: f"{now - timedelta(days=kept):%Y-%m-%d}" for source, kept in days.items()}
        with _said(log):
            return upkeep.retain(log, lambda file: file.day < first.get(file.partition[0], ""))

    def vacuum(self, grace_h: int = 168, *, force: bool = False) -> int:
        """Delete the files that no version needs any more, and return how many.

        Args:
            grace_h: hours for which a file is kept after it left its table, or after it was
                written by a run that did not come to its end.
            force: allow less than the longest run takes, when nothing is running.

        Raises:
            UsageError: the time is too short.
        """
        count = 0
        for log in self._logs.values():
            with _said(log):
                count += upkeep.vacuum(log, grace_h, force=force)
        return count


def _logs(url: str, objects: Objects | None) -> Mapping[str, Log]:
    return {name: Log(_place(url, name, objects), table) for name, table in TABLES.items()}


def _place(url: str, table: str, objects: Objects | None) -> Place:
    if not url.startswith("s3://"):
        folder = expanded(url).absolute()
        _insist_on_name(folder)
        return Folder(folder / table)
    if objects is None:
        raise ValueError(f"nothing to reach {url} with")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    _insist_on_name(cache)
    copies = cache / "lakewarden" / hashlib.sha256(url.encode()).hexdigest()[:16]
    return Bucket(f"{url.rstrip('/')}/{table}", objects, copies / table)


def _insist_on_name(folder: Path) -> None:
    if "\\" in str(folder) or not duck.readable(str(folder)):
        raise StoreError(
            "has a backslash in its path, or what is no UTF-8",
            where=ascii(str(folder)),
            next_step="Name another folder",
        )


def _meets(file: DataFile, tests: Collection[Collection[str] | None]) -> bool:
    pairs = zip(tests, file.partition, strict=True)
    return all(test is None or value in test for test, value in pairs)


@contextmanager
def _said(log: Log, kind: type[LakewardenError] = LakewardenError) -> Iterator[None]:
    """Say of a disk that is full or lets nobody in, and of a damaged file, where it is."""
    try:
        yield
    except (OSError, DeltaError, duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise kind(
            f"cannot be read or written ({said(error)})",
            where=log.place.url,
            next_step="Check the rights on it, and the room on disk",
        ) from None
    except duckdb.Error as error:
        if type(error) not in _DAMAGED:
            raise
        raise kind(
            f"has a file that is damaged ({said(error)})",
            where=log.place.url,
            next_step="Restore the table from a copy, or ingest it anew",
        ) from None
