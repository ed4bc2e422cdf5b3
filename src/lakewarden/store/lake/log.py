"""The log of a table: which files it consists of at a version, and how it comes to the next."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from deltalake import CommitProperties, DeltaTable, Field, PostCommitHookProperties, Schema
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.schema import MapType
from deltalake.transaction import AddAction, RemoveAction

from lakewarden.errors import StoreError
from lakewarden.events.columns import Kind
from lakewarden.store.lake.place import Place
from lakewarden.store.lake.tables import VERSION, Table

_CONFIGURATION: Final = {
    "lakewarden.version": str(VERSION),
    "delta.checkpointInterval": "50",
    "delta.logRetentionDuration": "interval 30 days",
    "delta.deletedFileRetentionDuration": "interval 7 days",
    "delta.enableExpiredLogCleanup": "true",
}
_ONCE: Final = CommitProperties(max_commit_retries=0)
"""The library does not try again by itself: what is committed was held against one version."""


class ConflictError(Exception):
    """Somebody committed first."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file of a table.

    Attributes:
        name: its path in the folder of the table.
        size: in bytes.
        rows: how many.
        partition: the values of the columns that are not in it.
        span: the lowest and the highest value of the column by which files are told apart; None
            where that is not known.
    """

    name: str
    size: int
    rows: int
    partition: tuple[str, ...]
    span: tuple[int, int] | None


class Log:
    """The log of one table."""

    def __init__(self, place: Place, table: Table) -> None:
        self.place = place
        self.table = table

    def create(self) -> None:
        """Make the table, unless it is there."""
        if DeltaTable.is_deltatable(self.place.url, dict(self.place.options)):
            return
        with suppress(CommitFailedError):  # another process made it in this moment
            DeltaTable.create(
                self.place.url,
                _schema(self.table),
                mode="ignore",
                partition_by=list(self.table.partitions),
                name=self.table.name,
                configuration=_CONFIGURATION,
                storage_options=dict(self.place.options),
                commit_properties=_ONCE,
                raise_if_key_not_exists=False,
            )

    def state(self) -> State:
        """Read the newest version.

        Raises:
            StoreError: there is no table, or it is none that this program reads.
        """
        where = self.place.url
        try:
            delta = DeltaTable(where, storage_options=dict(self.place.options))
        except TableNotFoundError:
            raise StoreError(
                "is no lake", where=where, next_step="`lakewarden watch ingest` makes one"
            ) from None
        except (DeltaError, OSError) as error:
            raise StoreError(
                f"cannot be read ({_short(error)})",
                where=where,
                next_step="Check the rights on it, and that nobody altered its _delta_log",
            ) from None
        _check(delta, where)
        return State(self, delta)

    def commits(self, after: int, until: int) -> Iterator[list[dict[str, Any]] | None]:
        """Yield the actions of each commit after a version; None for one that was cleaned up."""
        for version in range(after + 1, until + 1):
            text = self.place.log(version)
            yield None if text is None else [json.loads(line) for line in text.splitlines()]


class State:
    """A table at one version."""

    def __init__(self, log: Log, delta: DeltaTable) -> None:
        self._log = log
        self._delta = delta
        self.version = delta.version()
        self.files = tuple(_files(delta, log.table))

    def commit(self, adds: Iterable[AddAction], removes: Iterable[RemoveAction] = ()) -> int:
        """Make the next version, and return it.

        Raises:
            ConflictError: this is the newest version no more.
        """
        table = self._log.table
        try:
            self._delta.create_write_transaction(
                [*adds, *removes],
                "append",
                _schema(table),
                partition_by=list(table.partitions),
                commit_properties=_ONCE,
                post_commithook_properties=PostCommitHookProperties(),
            )
        except CommitFailedError:
            raise ConflictError from None
        self._log.place.settle(self.version + 1)
        return self.version + 1


def remove(file: DataFile, table: Table, *, change: bool) -> RemoveAction:
    """Return what takes a file out of a table; `change` says whether its rows go with it."""
    partition: dict[str, str | None] = dict(zip(table.partitions, file.partition, strict=True))
    return RemoveAction(file.name, change, int(time.time() * 1000), file.size, partition)


def _check(delta: DeltaTable, where: str) -> None:
    """Insist that a table can be read by listing its files."""
    made = delta.metadata().configuration.get("lakewarden.version")
    if made is None:
        raise StoreError(
            "is a table that lakewarden did not make",
            where=where,
            next_step="Name an empty folder, or the lake itself",
        )
    if int(made) > VERSION or delta.protocol().min_reader_version > 1:
        raise StoreError(
            "was made or changed by a later version", where=where, next_step="Update lakewarden"
        )


def _schema(table: Table) -> Schema:
    kinds = {kind: kind.value for kind in Kind} | {Kind.TEXTS: MapType("string", "string")}
    return Schema([Field(column.name, kinds[column.kind]) for column in table.columns])


def _files(delta: DeltaTable, table: Table) -> Iterator[DataFile]:
    actions = delta.get_add_actions(flatten=True)
    names = actions.column_names
    if not actions.num_rows:
        return
    span = f"min.{table.span}", f"max.{table.span}"
    wanted = ["path", "size_bytes", "num_records", *(f"partition.{p}" for p in table.partitions)]
    known = set(span) <= set(names)
    columns = [actions.column(c).to_pylist() for c in (*wanted, *(span if known else ()))]
    for path, size, rows, *rest in zip(*columns, strict=True):
        count = len(table.partitions)
        low, high = rest[count:] if known else (None, None)
        yield DataFile(
            path,
            size,
            rows,
            tuple(rest[:count]),
            None if low is None or high is None else (low, high),
        )


def _short(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
