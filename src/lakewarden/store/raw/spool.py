"""A folder for a batch of files: small ones joined, compressed ones unpacked, ready for DuckDB.

DuckDB takes milliseconds a file and hardly more for a large one, so small files of one form become
one. Each record is marked with the number of its file.
"""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO, Final, Self

from lakewarden.errors import LakewardenError
from lakewarden.events.columns import Source
from lakewarden.events.delivery import Delivered, Origin, UnreadableError, unreadable
from lakewarden.store.raw.content import CutError, chunks, inflated, is_zipped
from lakewarden.store.raw.forms import HEAD, Form, Layout, digest_of_trail, form_of

_SMALL: Final = 1 << 20
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
    """

    path: Path
    form: Form
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


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a folder that is gone at the end."""
    folder = tempfile.mkdtemp(prefix="lakewarden-")
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def spool(batch: Iterable[Delivered], origin: Origin, source: Source, folder: Path) -> Spooled:
    """Make files ready to be read; `folder` is new, and is removed by `clear`.

    Raises:
        LakewardenError: there is no room for them.
    """
    folder.mkdir()
    spooled = Spooled(folder)
    with _Joiner(folder, spooled) as joiner, ThreadPoolExecutor(origin.ahead) as pool:
        wanted = []
        for number, item in enumerate(batch):
            spooled.items[number] = item
            spooled.size += item.size
            if digest_of_trail(item.key, source):
                spooled.skipped += 1
            else:
                wanted.append((number, item))
        for number, fetched in _fetched(wanted, origin, folder, pool):
            try:
                _add(number, fetched(), source, joiner)
            except (UnreadableError, OSError) as error:
                _insist_on_room(error, folder)
                item = spooled.items[number]
                spooled.unreadable.append((item, unreadable(item, error)))
    return spooled


def clear(spooled: Spooled) -> None:
    """Remove what was spooled."""
    shutil.rmtree(spooled.folder, ignore_errors=True)


def _fetched(
    wanted: list[tuple[int, Delivered]], origin: Origin, folder: Path, pool: Executor
) -> Iterator[tuple[int, Callable[[], bytes | Path]]]:
    """Yield what returns the content of each file, or where it is; some are fetched ahead."""

    def fetch(number: int, item: Delivered) -> bytes | Path:
        if item.size < _SMALL:
            return origin.read(item)
        return Path(origin.place(item, str(folder / f"placed-{number}")))

    if origin.ahead == 1:
        yield from ((number, partial(fetch, number, item)) for number, item in wanted)
        return
    coming: deque[tuple[int, Future[bytes | Path]]] = deque()
    for number, item in wanted:
        coming.append((number, pool.submit(fetch, number, item)))
        if len(coming) > origin.ahead:
            first, future = coming.popleft()
            yield first, future.result
    yield from ((number, future.result) for number, future in coming)


def _add(number: int, fetched: bytes | Path, source: Source, joiner: _Joiner) -> None:
    if isinstance(fetched, Path):
        joiner.large(number, fetched, source)
        return
    data = _unpacked(inflated([fetched]))
    if data is None:
        joiner.odd(number)
    else:
        joiner.small(number, data, form_of(data[:HEAD], source))


def _insist_on_room(error: Exception, folder: Path) -> None:
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        raise LakewardenError(
            "there is no room for what is read",
            where=str(folder),
            next_step="Make room, or name another folder with TMPDIR",
        ) from None


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


class _Joiner:
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

    def odd(self, number: int) -> None:
        """Leave a file to be read line by line."""
        self._spooled.odd.add(number)

    def small(self, number: int, data: bytes, form: Form) -> None:
        """Add a small file."""
        if form.layout is Layout.NOTHING:
            self._nothing(number, empty=not data.strip())
        elif form.layout is Layout.PARQUET:
            path = self.folder / f"{number}.parquet"
            path.write_bytes(data)
            self._unit(number, path, form, None)
        elif (joined := _JOINS.get(form.layout, _refused)(number, data, form)) is not None:
            content, self._spooled.expected[number] = joined
            self._append(form, content)
        else:
            self.odd(number)

    def large(self, number: int, place: Path, source: Source) -> None:
        """Add a large file."""
        parts = inflated(chunks(place))
        try:
            head = next(parts, b"")
            form = form_of(head[:HEAD], source)
            if form.layout in {Layout.NOTHING, Layout.ODD}:
                self.odd(number)
            elif form.layout is Layout.PARQUET:
                self._unit(number, place, form, None)
            elif form.layout is Layout.RECORDS:
                data = _unpacked(chain([head], parts))
                self.odd(number) if data is None else self.small(number, data, form)
            else:
                path, count = self._plain(number, place, chain([head], parts))
                self._unit(number, path, form, count - form.headed)
        except CutError:
            self.odd(number)

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
    body = data.strip()
    if form.headed:
        body = body.partition(b"\n")[2]
    if not body:
        return b"", 0
    mark = b"%d " % number
    return mark + body.replace(b"\n", b"\n" + mark) + b"\n", body.count(b"\n") + 1


def _refused(*_: object) -> None:
    return None


_JOINS: Final[Mapping[Layout, Callable[[int, bytes, Form], tuple[bytes, int | None] | None]]] = {
    Layout.LINES: _lines,
    Layout.RECORDS: _records,
    Layout.FIELDS: _fields,
}
"""How a small file of each layout is marked so that others can follow it."""
