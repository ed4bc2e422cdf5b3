"""Files made ready for DuckDB: small ones joined, compressed ones unpacked, records marked.

DuckDB takes milliseconds a file and hardly more for a large one, so small files of one form become
one. Each record is marked with the number of its file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import IO, Final, Self

from lakewarden.events.columns import Source
from lakewarden.events.delivery import Delivered, UnreadableError
from lakewarden.store.raw.content import CutError, chunks, inflated, is_zipped
from lakewarden.store.raw.forms import HEAD, Form, Layout, form_of

_JOINED: Final = 32 << 20
"""Joined files are about this large; what is larger by itself is not joined."""
_BUFFER: Final = 1 << 20


@dataclass(slots=True)
class Unit:
    """A file for DuckDB.

    Attributes:
        path: where it is.
        form: how it is read.
        size: in bytes, as far as it was read.
        own: the number of the one file that it is; None where several are joined.
    """

    path: Path
    form: Form
    size: int
    own: int | None = None


@dataclass(slots=True)
class Spooled:
    """A batch of files, ready to be read.

    Attributes:
        items: the files, by their numbers.
        units: what DuckDB is to read.
        expected: how many records each file should have; None where that is not known.
        odd: the files that are to be read line by line.
        unreadable: the files that could not be read.
        skipped: the files with nothing that is to be read.
        size: how many bytes were listed.
        folder: where more can be put.
    """

    folder: Path
    items: dict[int, Delivered] = field(default_factory=dict)
    units: list[Unit] = field(default_factory=list)
    expected: dict[int, int | None] = field(default_factory=dict)
    odd: set[int] = field(default_factory=set)
    unreadable: list[tuple[Delivered, UnreadableError]] = field(default_factory=list)
    skipped: int = 0
    size: int = 0


class Joiner:
    """Joins small files, one result a form, and puts large ones where DuckDB can read them."""

    def __init__(self, folder: Path, spooled: Spooled) -> None:
        self.folder = folder
        self._spooled = spooled
        self._open: dict[Form, tuple[IO[bytes], Unit]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file, _unit in self._open.values():
            file.close()

    def small(self, number: int, content: bytes, source: Source) -> None:
        """Add a small file."""
        data = _unpacked(inflated([content]))
        if data is None:
            self._odd(number)
        else:
            self._joined(number, data, form_of(data[:HEAD], source))

    def _joined(self, number: int, data: bytes, form: Form) -> None:
        if form.layout is Layout.NOTHING:
            self._nothing(number, empty=not data.strip())
        elif form.layout is Layout.PARQUET:
            path = self.folder / f"{number}.parquet"
            path.write_bytes(data)
            self._unit(number, Unit(path, form, len(data), number), None)
        else:
            join = _JOINS.get(form.layout)
            joined = join(number, data, form) if join else None
            if joined is None:
                self._odd(number)
            else:
                self._spooled.expected[number] = joined[1]
                self._append(form, joined[0])

    def large(self, number: int, place: Path, source: Source) -> None:
        """Add a large file."""
        parts = inflated(chunks(place))
        try:
            head = next(parts, b"")
            form = form_of(head[:HEAD], source)
            if form.layout is Layout.PARQUET:
                self._unit(number, Unit(place, form, place.stat().st_size, number), None)
            elif form.layout is Layout.RECORDS:
                data = _unpacked(chain([head], parts))
                self._odd(number) if data is None else self._joined(number, data, form)
            elif form.layout in {Layout.LINES, Layout.FIELDS}:
                unit, count = self._plain(number, place, form, chain([head], parts))
                self._unit(number, unit, count - form.headed)
            else:
                self._odd(number)
        except CutError:
            self._odd(number)

    def _odd(self, number: int) -> None:
        self._spooled.odd.add(number)

    def _nothing(self, number: int, *, empty: bool) -> None:
        if empty:
            self._spooled.expected[number] = 0
        else:
            self._spooled.skipped += 1

    def _unit(self, number: int, unit: Unit, count: int | None) -> None:
        self._spooled.units.append(unit)
        self._spooled.expected[number] = count

    def _append(self, form: Form, content: bytes) -> None:
        file, unit = self._open.get(form, (None, None))
        if file is None or unit is None or unit.size > _JOINED:
            if file:
                file.close()
            unit = Unit(self.folder / f"joined-{len(self._spooled.units)}", form, 0)
            file = unit.path.open("wb", buffering=_BUFFER)
            self._spooled.units.append(unit)
            self._open[form] = file, unit
        file.write(content)
        unit.size += len(content)

    def _plain(
        self, number: int, place: Path, form: Form, parts: Iterator[bytes]
    ) -> tuple[Unit, int]:
        """Return a file out of its compression, and how many lines it has."""
        count, size, last = 0, 0, b"\n"
        path = self.folder / f"plain-{number}" if is_zipped(place) else place
        with nullcontext() if path == place else path.open("wb") as file:
            for part in parts:
                count += part.count(b"\n")
                size += len(part)
                last = part[-1:] or last
                if file:
                    file.write(part)
        return Unit(path, form, size, number), count + (last != b"\n")


def _lines(number: int, data: bytes, _: Form) -> tuple[bytes, int] | None:
    """Return the lines of a file, each marked, and their number; None where they cannot be so."""
    body = data.strip()
    if not body.startswith(b"{"):
        return None
    mark = b'{"~file":%d,' % number
    marked = mark + body[1:].replace(b"\n{", b"\n" + mark) + b"\n"
    return marked, body.count(b"\n") + 1


def _records(number: int, data: bytes, _: Form) -> tuple[bytes, None] | None:
    """Return a file as one marked line; an end of a line can only be between values."""
    body = data.strip()
    if not body.startswith(b"{"):
        return None
    return b'{"~file":%d,' % number + body[1:].replace(b"\n", b" ") + b"\n", None


def _fields(number: int, data: bytes, form: Form) -> tuple[bytes, int]:
    """Return the lines of a flow log without their names, each marked, and their number."""
    body = data.strip().replace(b"\r\n", b"\n")
    if form.headed:
        body = body.partition(b"\n")[2]
    if not body:
        return b"", 0
    mark = b"%d " % number
    return mark + body.replace(b"\n", b"\n" + mark) + b"\n", body.count(b"\n") + 1


_JOINS: Final[Mapping[Layout, Callable[[int, bytes, Form], tuple[bytes, int | None] | None]]] = {
    Layout.LINES: _lines,
    Layout.RECORDS: _records,
    Layout.FIELDS: _fields,
}
"""How a small file of each layout is marked so that others can follow it."""


def _unpacked(parts: Iterable[bytes]) -> bytes | None:
    """Return what is in a file; None where that is too much to be joined, or not whole."""
    found = bytearray()
    try:
        for part in parts:
            found += part
            if len(found) > _JOINED:
                return None
    except CutError:
        return None
    return bytes(found)
