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
        own: the number of the one file that it is; None where several are joined.
        others: more files of the same form that are read along with it.
    """

    path: Path
    form: Form
    own: int | None = None
    others: tuple[Unit, ...] = ()

    @property
    def all(self) -> tuple[Unit, ...]:
        """Return it and those that are read along with it."""
        return (self, *self.others)


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
        self._open: dict[Form, tuple[IO[bytes], int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file, _size in self._open.values():
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
            self._unit(number, path, form, None)
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
                self._unit(number, place, form, None)
            elif form.layout is Layout.RECORDS:
                data = _unpacked(chain([head], parts))
                self._odd(number) if data is None else self._joined(number, data, form)
            elif form.layout in {Layout.LINES, Layout.FIELDS}:
                path, count = self._plain(number, place, chain([head], parts))
                self._unit(number, path, form, count - form.headed)
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

    def _unit(self, number: int, path: Path, form: Form, count: int | None) -> None:
        self._spooled.units.append(Unit(path, form, number))
        self._spooled.expected[number] = count

    def _append(self, form: Form, content: bytes) -> None:
        file, size = self._open.get(form, (None, 0))
        if file is None or size > _JOINED:
            if file:
                file.close()
            path = self.folder / f"joined-{len(self._spooled.units)}"
            file, size = path.open("wb", buffering=_BUFFER), 0
            self._spooled.units.append(Unit(path, form))
        file.write(content)
        self._open[form] = file, size + len(content)

    def _plain(self, number: int, place: Path, parts: Iterator[bytes]) -> tuple[Path, int]:
        """Return where a file is out of its compression, and how many lines it has."""
        count, last = 0, b"\n"
        path = self.folder / f"plain-{number}" if is_zipped(place) else place
        with nullcontext() if path == place else path.open("wb") as file:
            for part in parts:
                count += part.count(b"\n")
                last = part[-1:] or last
                if file:
                    file.write(part)
        return path, count + (last != b"\n")


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
