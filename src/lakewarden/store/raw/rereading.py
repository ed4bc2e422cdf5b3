"""Files that DuckDB refuses, record by record: what is sound is read, the rest is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import duckdb
from duckdb import DuckDBPyConnection

from lakewarden.store.lake.shapes.shape import Shape
from lakewarden.store.raw.forms import Form, Layout
from lakewarden.store.raw.joining import Unit
from lakewarden.store.raw.records import Record, written
from lakewarden.store.raw.refusal import Refused
from lakewarden.store.raw.rows import insert

_BLOCK: Final = 16 << 20
"""So many bytes of records are held before DuckDB reads them."""

Refuse = Callable[[int, Refused], None]


class Rereading:
    """Collects the records of odd files by their form, and has DuckDB read them.

    Args:
        connection: where the tables of the shapes are.
        folder: where a file can be put.
        refuse: takes a record that DuckDB refuses, with the number of its file.
    """

    def __init__(self, connection: DuckDBPyConnection, folder: Path, refuse: Refuse) -> None:
        self._connection = connection
        self._path = folder / "again"
        self._refuse = refuse
        self._held: dict[Form, list[tuple[int, Record]]] = {}
        self._size = 0

    def add(self, number: int, record: Record) -> None:
        """Take in a record of a file."""
        self._held.setdefault(record.form, []).append((number, record))
        self._size += len(record.data)
        if self._size > _BLOCK:
            self.flush()

    def flush(self) -> None:
        """Have all that is held be read."""
        for form, held in self._held.items():
            if not self._read(form, held):
                self._halve(form, [(number, _remade(form, record)) for number, record in held])
            self._judge(form, held)
        self._held.clear()
        self._size = 0

    def _judge(self, form: Form, held: list[tuple[int, Record]]) -> None:
        """Refuse the rows that are no events."""
        if form.shape is None:
            return
        found = {
            (number, verdict.line, verdict.start): verdict.reason
            for number, verdict in verdicts(self._connection, form.shape)
        }
        for number, record in held if found else ():
            reason = found.get((number, record.line, record.start))
            if reason:
                self._refuse(number, refused(record, reason))

    def _halve(self, form: Form, held: list[tuple[int, Record]]) -> None:
        """Read what can be read, and find the records that cannot."""
        if self._read(form, held):
            return
        if len(held) == 1:
            number, record = held[0]
            self._refuse(number, refused(record, "does not have the types of an event"))
            return
        middle = len(held) // 2
        self._halve(form, held[:middle])
        self._halve(form, held[middle:])

    def _read(self, form: Form, held: list[tuple[int, Record]]) -> bool:
        with self._path.open("wb") as file:
            file.writelines(_marked(form, number, record) for number, record in held)
            unit = Unit(self._path, form, file.tell())
        try:
            insert(self._connection, [unit], placed=True)
        except (duckdb.DataError, duckdb.ProgrammingError):
            return False
        return True


def unsound(shape: Shape) -> str:
    """Return SQL of whether a row is no event."""
    return f'NOT coalesce("~ts" > 0 AND {shape.sound}, false)'


def verdicts(connection: DuckDBPyConnection, shape: Shape) -> list[tuple[int, Refused]]:
    """Take out the rows that are no events and whose lines are known, and say why."""
    odd = f'"~line" IS NOT NULL AND {unsound(shape)}'
    found = connection.execute(
        f'SELECT "~file", "~line", coalesce("~start", "~line"), CASE'  # noqa: S608  # ours
        f" WHEN ({shape.at}) IS NULL THEN 'has no time'"
        " WHEN \"~ts\" IS NULL THEN 'has a time before 2000 or after 2100'"
        f" ELSE 'does not say what was done' END FROM {shape.name} WHERE {odd}"
    ).fetchall()
    if found:
        connection.execute(f"DELETE FROM {shape.name} WHERE {odd}")  # noqa: S608  # ours
    none = hashlib.sha256().hexdigest()
    return [
        (number, Refused(start, line, 0, none, reason)) for number, line, start, reason in found
    ]


def refused(record: Record, reason: str) -> Refused:
    """Return a record as one that is refused."""
    data = record.data if record.form.layout is Layout.FIELDS else b"{" + record.data
    return Refused(record.start, record.line, len(data), hashlib.sha256(data).hexdigest(), reason)


def _marked(form: Form, number: int, record: Record) -> bytes:
    if form.layout is Layout.FIELDS:
        return b"%d %d %d %s\n" % (number, record.line, record.start, record.data)
    mark = b'{"~file":%d,"~line":%d,"~start":%d,' % (number, record.line, record.start)
    return mark + record.data + b"\n"


def _remade(form: Form, record: Record) -> Record:
    """Return a record written anew: each key once, and no text that is none."""
    if form.layout is Layout.FIELDS:
        return record
    try:
        text = written(json.loads(b"{" + record.data))
    except (ValueError, RecursionError):
        return record
    return Record(record.start, record.line, form, text[1:].encode())
