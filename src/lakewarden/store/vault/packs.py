"""Packs: many blobs in one file, each compressed by itself, with an index at the end.

A pack is `lakewarden pack 1`, a line break, records, the index, and a trailer. A record is the
SHA-256 of a blob, the length of what follows as 8 bytes, and the blob as one gzip member. The index
has 56 bytes for each record: the SHA-256, where its gzip member begins, how long that is, and how
long the blob is. The trailer has where the index begins, the number of its rows, and `lwindex` with
a line break. All numbers are unsigned and big-endian. A pack is called by the SHA-256 of the whole
file.
"""

from __future__ import annotations

import gzip
import hashlib
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final, NamedTuple

MAGIC: Final = b"lakewarden pack 1\n"
RECORD: Final = struct.Struct(">32sQ")
_ROW: Final = struct.Struct(">32sQQQ")
_TRAILER: Final = struct.Struct(">QQ8s")
_END: Final = b"lwindex\n"
_LEVEL: Final = 1
TAIL: Final = 1 << 16
"""Bytes at the end of a pack that most often have all of its index."""


class Member(NamedTuple):
    """Where a blob is in a pack.

    Attributes:
        digest: its SHA-256, as bytes.
        offset: where its gzip member begins.
        length: of the gzip member.
        size: of the blob.
    """

    digest: bytes
    offset: int
    length: int
    size: int


class DamagedError(Exception):
    """A pack, or a member of one, is not what was written."""


def pressed(data: bytes) -> bytes:
    """Return a blob as a gzip member."""
    return gzip.compress(data, _LEVEL, mtime=0)


def unpressed(member: bytes, digest: bytes) -> bytes:
    """Return the blob of a gzip member.

    Raises:
        DamagedError: it is not what the digest is of.
    """
    try:
        data = gzip.decompress(member)
    except (EOFError, OSError, zlib.error, struct.error):
        raise DamagedError from None
    if hashlib.sha256(data).digest() != digest:
        raise DamagedError
    return data


def finished(body: bytes, members: list[Member]) -> bytes:
    """Return a pack: what was written so far, with index and trailer."""
    rows = b"".join(_ROW.pack(*member) for member in members)
    return body + rows + _TRAILER.pack(len(body), len(members), _END)


def joined(blobs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return a pack of blobs, given by their SHA-256."""
    body, members = bytearray(MAGIC), []
    for digest, data in blobs:
        member = pressed(data)
        body += RECORD.pack(digest, len(member))
        members.append(Member(digest, len(body), len(member), len(data)))
        body += member
    return finished(bytes(body), members)


def index_length(tail: bytes) -> int:
    """Return how many bytes at the end of a pack are index and trailer.

    Raises:
        DamagedError: it is no end of a pack.
    """
    if len(tail) < _TRAILER.size:
        raise DamagedError
    _start, count, end = _TRAILER.unpack(tail[-_TRAILER.size :])
    if end != _END:
        raise DamagedError
    return int(count) * _ROW.size + _TRAILER.size


def index_of(tail: bytes) -> list[Member]:
    """Return the members of a pack, from bytes at its end that have the whole index.

    Raises:
        DamagedError: it is no end of a pack.
    """
    length = index_length(tail)
    if length > len(tail):
        raise DamagedError
    rows = tail[len(tail) - length : len(tail) - _TRAILER.size]
    start = _TRAILER.unpack(tail[-_TRAILER.size :])[0]
    members = [Member(*row) for row in _ROW.iter_unpack(rows)]
    if any(m.offset + m.length > start for m in members):
        raise DamagedError
    return members


def scanned(file: BinaryIO) -> Iterator[Member]:
    """Yield the members of a pack that may be cut, as far as they are whole."""
    file.seek(0)
    if file.read(len(MAGIC)) != MAGIC:
        return
    offset = len(MAGIC)
    while len(header := file.read(RECORD.size)) == RECORD.size:
        digest, length = RECORD.unpack(header)
        offset += RECORD.size
        try:
            member = file.read(length)
            size = len(unpressed(member, digest))
        except (DamagedError, MemoryError, OverflowError):
            return
        yield Member(digest, offset, length, size)
        offset += length
