"""Keeping a table quick to read: few files with their rows in order, and nothing that is over."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from deltalake import DeltaTable
from deltalake.transaction import AddAction
from duckdb import DuckDBPyConnection

from lakewarden.errors import LakewardenError, UsageError
from lakewarden.store.lake import duck
from lakewarden.store.lake.log import ConflictError, DataFile, Log, remove
from lakewarden.store.lake.writing import SORTED, write

MEGABYTE: Final = 1024 * 1024
Group = Sequence[DataFile]

LONGEST_RUN_H: Final = 24
"""No command runs longer than this: a file that nothing names is in nobody's hands after it."""


@dataclass(frozen=True, slots=True)
class Compacted:
    """What became of the files of a table.

    Attributes:
        before: how many were replaced.
        after: how many replaced them.
    """

    before: int
    after: int


def compact(
    log: Log,
    connection: DuckDBPyConnection,
    *,
    target_mb: int,
    before: str | None = None,
) -> Compacted:
    """Put small files together, and rows in order, day by day.

    A group of files is replaced in one commit, unless somebody else replaced one of them first.

    Args:
        log: of the table.
        connection: a database to do it with.
        target_mb: about how large a file should be.
        before: only days before this one.
    """
    replaced = made = 0
    for group in _groups(log.state().files, target_mb * MEGABYTE, before):
        adds = _rewritten(log, connection, group, target_mb * MEGABYTE)
        if _swap(log, group, adds):
            replaced += len(group)
            made += len(adds)
        else:
            log.place.discard(action.path for action in adds)
    return Compacted(replaced, made)


def retain(log: Log, expired: Callable[[DataFile], bool]) -> int:
    """Take whole files out of a table, and return how many rows they had.

    Args:
        log: of the table.
        expired: says so of a file.
    """
    for state in log.attempts():
        gone = [file for file in state.files if expired(file)]
        if not gone:
            break
        with suppress(ConflictError):
            state.commit((), [remove(file, log.table, change=True) for file in gone])
            return sum(file.rows for file in gone)
    return 0


def vacuum(log: Log, grace_h: int, *, force: bool = False) -> int:
    """Delete the files that no version needs any more, and return how many.

    Args:
        log: of the table.
        grace_h: hours for which files are kept after they left the table, or were written and
            never came into it.
        force: allow less than the longest run, when nothing else is running.

    Raises:
        UsageError: the time is too short.
    """
    if grace_h < LONGEST_RUN_H and not force:
        raise UsageError(
            f"a grace of {grace_h} h may take files from under a run",
            next_step=f"Give {LONGEST_RUN_H} h or more, or force it while nothing is running",
        )
    delta = DeltaTable(log.place.url, storage_options=log.place.options())

    def sweep(*, dry: bool) -> list[str]:
        return delta.vacuum(grace_h, dry_run=dry, enforce_retention_duration=False, full=True)

    gone = log.place.there() & set(sweep(dry=True))
    if gone:
        sweep(dry=False)
    log.place.forget((file.name for file in log.state().files), grace_h * 3600)
    return len(gone)


def _groups(files: Iterable[DataFile], target: int, before: str | None) -> Iterator[Group]:
    """Yield the files of a day that become one together, those of one time with each other."""
    some = (file for file in files if before is None or file.day < before)
    for _, day in groupby(sorted(some, key=_time), lambda file: file.partition):
        group: list[DataFile] = []
        for file in day:
            if _in_order(file) and file.size >= target / 2:
                continue
            if group and sum(each.size for each in group) + file.size > target:
                yield from _worth(group)
                group = []
            group.append(file)
        yield from _worth(group)


def _worth(group: list[DataFile]) -> Iterator[Group]:
    """Yield a group, unless it is one file that is as it should be."""
    if len(group) > 1 or not all(_in_order(file) for file in group):
        yield group


def _time(file: DataFile) -> tuple[tuple[str, ...], int, str]:
    return file.partition, file.span[0] if file.span else 0, file.name


def _in_order(file: DataFile) -> bool:
    return file.name.rpartition("/")[2].startswith(SORTED)


def _rewritten(
    log: Log, connection: DuckDBPyConnection, group: Group, target: int
) -> list[AddAction]:
    """Write the rows of a group anew; of a table whose newest rows count, only those."""
    table = log.table
    paths = duck.files(log.place.paths(file.name for file in group))
    query = f"SELECT * FROM read_parquet({paths}, hive_partitioning = false){table.newest}"
    adds = write(
        connection,
        query,
        table,
        log.place,
        group[0].partition,
        size=target,
        in_order=True,
        change=bool(table.latest),
    )
    written = sum(json.loads(action.stats)["numRecords"] for action in adds)
    if written != sum(file.rows for file in group) and not table.latest:
        log.place.discard(action.path for action in adds)
        raise LakewardenError(
            "a file does not have the rows that the log says",
            where=log.place.url,
            next_step="Restore the table from a copy, or ingest it anew",
        )
    return adds


def _swap(log: Log, group: Group, adds: list[AddAction]) -> bool:
    """Replace a group; return False when somebody else did first."""
    names = {file.name for file in group}
    log.place.publish(action.path for action in adds)
    for state in log.attempts():
        if not names <= {file.name for file in state.files}:
            break
        try:
            state.commit(adds, [remove(f, log.table, change=bool(log.table.latest)) for f in group])
        except ConflictError:
            if log.holds(state.version, {action.path for action in adds}):
                return True
        else:
            return True
    return False
