"""What is in a file: bytes, out of gzip where it is compressed, and lines of a bounded length."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CHUNK: Final = 1 << 20
LONGEST: Final = 16 << 20
"""A record may have this many bytes."""
_GZIP: Final = b"\x1f\x8b"
_WINDOW: Final = 31


class CutError(Exception):
    """A compressed file ends before its end, or is damaged from here on."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A line of a file.

    Attributes:
        start: its first byte.
        line: its number, from 1.
        data: the line without its end; nothing of one that is too long.
        size: how many bytes it has.
        long: SHA-256 of one that is too long; None for any other.
        cut: whether the file is damaged before the end of the line.
    """

    start: int
    line: int
    data: bytes
    size: int
    long: str | None = None
    cut: bool = False

    @property
    def digest(self) -> str:
        """SHA-256 of the line."""
        return self.long or hashlib.sha256(self.data).hexdigest()


def chunks(path: Path) -> Iterator[bytes]:
    """Yield a file of this machine piece by piece."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def is_zipped(path: Path) -> bool:
    """Return whether a file of this machine is compressed."""
    with path.open("rb") as file:
        return file.read(len(_GZIP)) == _GZIP


def inflated(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what is in a file, in pieces of bounded size.

    Raises:
        CutError: after all that could be had of a compressed file that is not whole.
    """
    parts = iter(parts)
    first = next(parts, b"")
    if not first.startswith(_GZIP):
        yield first
        yield from parts
        return
    yield from _unzipped(first, parts)


def _unzipped(data: bytes, parts: Iterator[bytes]) -> Iterator[bytes]:
    engine = zlib.decompressobj(_WINDOW)
    while True:
        try:
            piece = engine.decompress(data, CHUNK)
        except zlib.error:
            raise CutError from None
        if piece:
            yield piece
        if engine.eof:
            data = engine.unused_data.lstrip(b"\0") or next(parts, b"")
            if not data:
                return
            engine = zlib.decompressobj(_WINDOW)
            continue
        data = engine.unconsumed_tail
        if not data and len(piece) < CHUNK:
            data = next(parts, b"")
            if not data:
                raise CutError


def lines(parts: Iterable[bytes]) -> Iterator[Piece]:
    """Yield the lines of a file, in bounded memory; blank ones too, and a cut one last."""
    reader = _Lines()
    cut = False
    try:
        for part in parts:
            yield from reader.feed(part)
    except CutError:
        cut = True
    yield from reader.rest(cut=cut)


class _Lines:
    def __init__(self) -> None:
        self._start = 0
        self._line = 1
        self._kept = b""
        self._long: hashlib._Hash | None = None
        self._size = 0

    def feed(self, part: bytes) -> Iterator[Piece]:
        """Take more of the file, and yield the lines that end in it."""
        *ended, rest = part.split(b"\n")
        for data in ended:
            self._take(data)
            yield self._piece()
            self._start += self._size + 1
            self._line += 1
            self._kept, self._long, self._size = b"", None, 0
        self._take(rest)

    def rest(self, *, cut: bool) -> Iterator[Piece]:
        """Yield what is after the last end of a line, if anything."""
        if self._size or cut:
            yield self._piece(cut=cut)

    def _take(self, data: bytes) -> None:
        self._size += len(data)
        if self._long is None:
            self._kept = self._kept + data if self._kept else data
            if self._size <= LONGEST:
                return
            data, self._kept, self._long = self._kept, b"", hashlib.sha256()
        self._long.update(data)

    def _piece(self, *, cut: bool = False) -> Piece:
        long = self._long.hexdigest() if self._long else None
        return Piece(self._start, self._line, self._kept, self._size, long, cut)
