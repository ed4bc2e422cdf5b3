"""The log of a table: which files it consists of at a version, and how it comes to the next."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from deltalake import CommitProperties, DeltaTable, Field, PostCommitHookProperties, Schema
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.schema import MapType, PrimitiveType
from deltalake.transaction import AddAction, RemoveAction

from lakewarden.errors import LakewardenError, StoreError
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
_DRAWN: Final = re.compile(r"\x1b\[\d*m|↳")
"""What the library draws around its messages."""
_LONGEST: Final = 240
_ATTEMPTS: Final = 50
_PAUSE_MS: Final = 200
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

    @property
    def day(self) -> str:
        """The last column that is not in it; empty where all are."""
        return self.partition[-1] if self.partition else ""


class Log:
    """The log of one table."""

    def __init__(self, place: Place, table: Table) -> None:
        self.place = place
        self.table = table

    def made(self) -> bool:
        """Return whether the table is there."""
        return bool(DeltaTable.is_deltatable(self.place.url, self.place.options()))

    def create(self) -> None:
        """Make the table, unless it is there."""
        self.place.prepare()
        if self.made():
            return
        with suppress(CommitFailedError):  # another process made it in this moment
            DeltaTable.create(
                self.place.url,
                _schema(self.table),
                mode="ignore",
                partition_by=list(self.table.partitions),
                name=self.table.name,
                configuration=_CONFIGURATION,
                storage_options=self.place.options(),
                commit_properties=_ONCE,
                raise_if_key_not_exists=False,
            )
            self.place.settle(0)

    def state(self) -> State:
        """Read the newest version.

        Raises:
            StoreError: there is no table, or it is none that this program reads.
        """
        where = self.place.url
        try:
            delta = DeltaTable(where, storage_options=self.place.options())
        except TableNotFoundError:
            raise StoreError(
                "is no lake, or nobody may read it",
                where=where,
                next_step="`lakewarden watch ingest` makes one",
            ) from None
        except (DeltaError, OSError) as error:
            raise StoreError(
                f"cannot be read ({said(error)})",
                where=where,
                next_step="Check the rights on it, and that nobody altered its _delta_log",
            ) from None
        _check(delta, where)
        return State(self, delta)

    def attempts(self) -> Iterator[State]:
        """Yield the newest version as often as it is worth to try to make the next one.

        Raises:
            LakewardenError: other writers came first every time.
        """
        for _ in range(_ATTEMPTS):
            yield self.state()
            time.sleep(secrets.randbelow(_PAUSE_MS) / 1000)
        raise LakewardenError(
            "others kept writing to it", where=self.place.url, next_step="Run it again later"
        )

    def added(self, after: int, state: State) -> tuple[DataFile, ...]:
        """Return the files of a version that hold rows which an earlier version did not have.

        Where new rows were moved to another file, together with older ones, it is that file. All
        files are returned when the log does not reach back that far, or not up to there.
        """
        if after > state.version:
            return state.files
        fresh: set[str] = set()
        for version in range(after + 1, state.version + 1):
            text = self.place.log(version)
            if text is None:
                return state.files
            _follow([json.loads(line) for line in text.splitlines()], fresh)
        return tuple(file for file in state.files if file.name in fresh)

    def holds(self, after: int, names: Container[str]) -> bool:
        """Return whether a file was added after a version, whatever became of it."""
        for version in range(after + 1, self.state().version + 1):
            for line in (self.place.log(version) or b"").splitlines():
                add = json.loads(line).get("add")
                if add and add["path"] in names:
                    return True
        return False


class State:
    """A table at one version.

    Attributes:
        id: what tells the table from any other, even one that was in its place before.
        version: counts its commits.
        files: those that it consists of.
    """

    def __init__(self, log: Log, delta: DeltaTable) -> None:
        self._log = log
        self._delta = delta
        self.id = str(delta.metadata().id)
        self.version = delta.version()
        self.files = tuple(_files(delta, log.table))

    def commit(self, adds: Iterable[AddAction], removes: Iterable[RemoveAction] = ()) -> int:
        """Make the next version, and return it.

        Raises:
            ConflictError: this is the newest version no more.
            LakewardenError: the table may not be changed so.
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
        except CommitFailedError as error:
            if self._log.state().version > self.version:
                raise ConflictError from None
            raise LakewardenError(
                f"cannot be changed ({said(error)})",
                where=self._log.place.url,
                next_step="See what was altered in the properties of the table",
            ) from None
        self._log.place.settle(self.version + 1)
        return self.version + 1


def remove(file: DataFile, table: Table, *, change: bool) -> RemoveAction:
    """Return what takes a file out of a table; `change` says whether its rows go with it."""
    partition: dict[str, str | None] = dict(zip(table.partitions, file.partition, strict=True))
    return RemoveAction(file.name, change, int(time.time() * 1000), file.size, partition)


def _follow(actions: Iterable[Mapping[str, Any]], fresh: set[str]) -> None:
    """Keep the set of files with new rows over one commit."""
    actions = list(actions)
    adds = [action["add"] for action in actions if "add" in action]
    removes = [action["remove"] for action in actions if "remove" in action]
    moved = any(each["path"] in fresh and not each["dataChange"] for each in removes)
    fresh.difference_update(each["path"] for each in removes)
    fresh.update(each["path"] for each in adds if each["dataChange"] or moved)


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
    return Schema([Field(column.name, _type(column.kind)) for column in table.columns])


def _type(kind: Kind) -> PrimitiveType | MapType:
    text = PrimitiveType("string")
    return MapType(text, text) if kind is Kind.TEXTS else PrimitiveType(kind.value)


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


def said(error: Exception) -> str:
    """Return what a library says of a failure, in one line."""
    words = _DRAWN.sub("", str(error)).split()
    line = " ".join(words) or type(error).__name__
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
