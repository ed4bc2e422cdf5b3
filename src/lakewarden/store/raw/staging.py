"""A batch of spooled files in DuckDB: read as a whole, and record by record where that fails.

Every record of every file ends as a row or as one that is refused, and is counted: a file whose
rows are not as many as its records is an error, never a loss.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import duckdb
from duckdb import DuckDBPyConnection

from lakewarden.errors import LakewardenError
from lakewarden.events.columns import Source
from lakewarden.events.delivery import Delivered, Origin, UnreadableError, about, unreadable
from lakewarden.store.lake import duck
from lakewarden.store.lake.shapes.shape import Shape, select
from lakewarden.store.raw.addresses import Addresses
from lakewarden.store.raw.content import CutError, chunks, inflated
from lakewarden.store.raw.forms import HEAD, SHAPES, Layout, form_of
from lakewarden.store.raw.joining import Spooled, Unit
from lakewarden.store.raw.records import Record, of_rows, records
from lakewarden.store.raw.refusal import Refusals, Refused
from lakewarden.store.raw.rereading import Rereading, unsound, verdicts
from lakewarden.store.raw.rows import insert, longest, rows, tables

VIEW: Final = "batch"
"""The view that has the events of a batch, and `ROW` as its last column."""
_TOGETHER: Final = frozenset({Layout.LINES, Layout.RECORDS})
"""Layouts that DuckDB reads from several files at once."""


@dataclass(slots=True)
class Counted:
    """What became of one file.

    Attributes:
        item: the file.
        refused: its records that are no events.
        seen: how many records it has.
        records: how many of them are events.
        first_ts: the time of its first event, ms since 1970.
        last_ts: of its last.
    """

    item: Delivered
    refused: Refusals
    seen: int = 0
    records: int = 0
    first_ts: int | None = None
    last_ts: int | None = None

    def refuse(self, record: Refused) -> None:
        """Take in a record that is no event."""
        self.refused.append(record)


class Staging:
    """Tables of DuckDB for one batch after the other.

    Args:
        connection: where to make them.
        source: what the files are logs of.
    """

    def __init__(self, connection: DuckDBPyConnection, source: Source) -> None:
        self._connection = connection
        self._source = source
        self._shapes = [shape for shape in SHAPES if shape.source is source]
        self._addresses = Addresses(connection)

    def load(self, spooled: Spooled, origin: Origin) -> list[Counted]:
        """Read a batch, so that the view has its events; return what became of each file.

        A file that cannot be read any more is added to the unreadable ones.

        Raises:
            LakewardenError: there is no room, or a record was lost.
        """
        try:
            return self._load(spooled, origin)
        except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
            raise LakewardenError(
                f"there is no room to read a batch ({str(error).splitlines()[0]})",
                where=str(spooled.folder),
                next_step="Make room, or name another folder with TMPDIR",
            ) from None

    def _load(self, spooled: Spooled, origin: Origin) -> list[Counted]:
        tables(self._connection, self._source)
        self._set_context(spooled)
        counted = {number: _none_of(spooled, number) for number in spooled.expected}
        again = spooled.odd | self._read_whole(spooled, counted)
        counted |= {number: _none_of(spooled, number) for number in again}
        if again:
            self._read_again(sorted(again), spooled, origin, counted)
        for number, found in self._counts().items():
            one = counted[number]
            one.records, one.first_ts, one.last_ts = found.rows, found.first, found.last
        for one in counted.values():
            _insist(one)
        self._addresses.read(self._shapes)
        met = [shape for shape in self._shapes if self._has_rows(shape)] or self._shapes[:1]
        views = (select(shape, f"rowid * {len(met)} + {n}") for n, shape in enumerate(met))
        self._connection.execute(f"CREATE OR REPLACE VIEW {VIEW} AS {' UNION ALL '.join(views)}")
        return list(counted.values())

    def _read_whole(self, spooled: Spooled, counted: dict[int, Counted]) -> set[int]:
        """Read all units; return the files that are to be read again, of which nothing is kept."""
        for units in _alike(spooled.units):
            self._read_units(units)
        for shape in self._shapes:
            for number, verdict in verdicts(self._connection, shape):
                counted[number].refuse(verdict)
        counts = self._counts()
        again = set()
        for number, one in counted.items():
            found = counts.get(number, _NONE)
            one.seen = found.rows + len(one.refused)
            expected = spooled.expected[number]
            if expected is None:  # a list or a table, in which one record at least is taken to be
                expected = one.seen or 1
            if found.odd or one.seen != expected:
                again.add(number)
        self._keep(counted.keys() - again)
        return again

    def _read_units(self, units: list[Unit]) -> None:
        """Read units of one form at once, which takes all cores; one by one where that fails."""
        try:
            insert(self._connection, units)
        except duckdb.Error as error:  # its files are read again, and then it is known why
            if len(units) > 1:
                for unit in units:
                    self._read_units([unit])
            elif isinstance(error, duckdb.OutOfMemoryException):
                raise

    def _keep(self, files: Iterable[int]) -> None:
        """Take out the rows of other files, and those of which nobody knows the file."""
        for shape in self._shapes:
            self._connection.execute(
                f'DELETE FROM {shape.name} WHERE "~file" IS NULL'  # noqa: S608  # ours
                ' OR "~file" NOT IN (SELECT unnest(?::INTEGER[]))',
                [list(files)],
            )

    def _read_again(
        self, again: list[int], spooled: Spooled, origin: Origin, counted: dict[int, Counted]
    ) -> None:
        """Read files record by record."""

        def refuse(number: int, record: Refused) -> None:
            counted[number].refuse(record)

        rereading = Rereading(self._connection, spooled.folder, refuse)
        parquet = {unit.own: unit for unit in spooled.units if unit.form.layout is Layout.PARQUET}
        lost: set[int] = set()
        for number in again:
            item, one = spooled.items[number], counted[number]
            one.seen = 0
            try:
                place = Path(origin.place(item, str(spooled.folder / f"placed-{number}")))
                table = parquet.get(number)
                for record in self._rows(item, table) if table else _records(place, self._source):
                    one.seen += 1
                    if isinstance(record, Refused):
                        one.refuse(record)
                    else:
                        rereading.add(number, record)
            except (UnreadableError, OSError) as error:
                spooled.unreadable.append((item, unreadable(item, error)))
                lost.add(number)
        rereading.flush()
        for number in lost:
            del counted[number]
        self._keep(counted)

    def _rows(self, item: Delivered, table: Unit) -> Iterator[Record | Refused]:
        try:
            yield from of_rows(rows(self._connection, table), self._source)
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            yield _not_parquet(item, error)

    def _counts(self) -> dict[int, _Count]:
        """Return the counts of each file."""
        found: dict[int, _Count] = {}
        for shape in self._shapes:
            query = (
                f'SELECT "~file", count(*), count(*) FILTER ({unsound(shape)}),'  # noqa: S608  # ours
                ' min("~ts"), max("~ts")'
                f' FROM {shape.name} WHERE "~file" IS NOT NULL GROUP BY 1'
            )
            for number, *new in self._connection.execute(query).fetchall():
                found[number] = found.get(number, _NONE).plus(_Count(*new))
        return found

    def _has_rows(self, shape: Shape) -> bool:
        query = f"SELECT 1 FROM {shape.name} LIMIT 1"  # noqa: S608  # ours
        return self._connection.execute(query).fetchone() is not None

    def _set_context(self, spooled: Spooled) -> None:
        regions = [about(item.key).region for item in spooled.items.values()]
        self._connection.execute(
            "INSERT INTO context SELECT unnest(?::INTEGER[]), unnest(?::VARCHAR[])",
            [list(spooled.items), regions],
        )


class _Count(NamedTuple):
    """The rows of a file, how many of them are no events, and the first and last time."""

    rows: int
    odd: int
    first: int | None
    last: int | None

    def plus(self, other: _Count) -> _Count:
        """Return the counts of both."""
        times = [t for t in (self.first, self.last, other.first, other.last) if t is not None]
        return _Count(
            self.rows + other.rows,
            self.odd + other.odd,
            min(times, default=None),
            max(times, default=None),
        )


_NONE: Final = _Count(0, 0, None, None)


def _none_of(spooled: Spooled, number: int) -> Counted:
    return Counted(spooled.items[number], Refusals(spooled.folder / f"refused-{number}"))


def _records(place: Path, source: Source) -> Iterator[Record | Refused]:
    try:
        head = next(inflated(chunks(place)), b"")
    except CutError:
        head = b""
    yield from records(inflated(chunks(place)), form_of(head[:HEAD], source), source)


def _not_parquet(item: Delivered, error: duckdb.Error) -> Refused:
    reason = f"is no Parquet file of these logs ({type(error).__name__})"
    return Refused(0, 1, item.size, hashlib.sha256(item.etag.encode()).hexdigest(), reason)


def _insist(one: Counted) -> None:
    if one.records + len(one.refused) != one.seen:
        raise LakewardenError(
            f"has {one.seen} records, of which {one.records} were read and"
            f" {len(one.refused)} refused",
            where=one.item.key,
            next_step="This is a fault of lakewarden; nothing of the batch was kept. Report it",
        )


def _alike(units: Iterable[Unit]) -> Iterator[list[Unit]]:
    """Yield units that can be read together: of one form, all joined, or none and lines.

    They are no more than there is memory for, since each may have a thread of its own. They are in
    the order of their files, so that rows of a day lie together: each day is written by itself.
    """
    groups: dict[object, list[Unit]] = {}
    for unit in units:
        layout = unit.form.layout
        together = layout in _TOGETHER if unit.own is None else layout is Layout.LINES
        key = (unit.form, unit.own is None) if together else unit.path
        groups.setdefault(key, []).append(unit)
    for alike in groups.values():
        alike.sort(key=lambda unit: unit.size)
        while alike:
            most = duck.MEMORY // (4 * longest(alike[-1:]))
            yield sorted(alike[-most:], key=lambda unit: unit.own or 0)
            del alike[-most:]
