"""Archives and compressed files: their members, within bounds, and the names of what is opaque."""

from __future__ import annotations

import bz2
import io
import lzma
import posixpath
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final, Generic, TypeVar

from lakewarden.hunt.document import UnreadableError

Member = tuple[str, bytes]
"""The name of a member and its bytes."""
T = TypeVar("T")


class _Beginnings(Generic[T]):
    """Tells what bytes are by how they begin, in one look."""

    def __init__(self, known: Mapping[bytes, T]) -> None:
        self._known = tuple(known.values())
        self._any = re.compile(b"|".join(b"(%b)" % beginning for beginning in known))

    def of(self, data: bytes) -> T | None:
        """Return what begins so; None for what is not known."""
        found = self._any.match(data)
        return self._known[found.lastindex - 1] if found and found.lastindex else None


_ZIPPED: Final = b"PK\x03\x04"
_ZIP_END: Final = b"PK\x05\x06"
_NO_TEXT: Final = _ZIP_END[2:3]
"""A byte of it that text does not have."""
_ZIP_TAIL: Final = 66_000
"""In how many last bytes a zip archive has its end, whatever stands before it."""
_TARS: Final = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_TAR_MARK: Final = b"ustar"
_TAR_MARK_AT: Final = 257
_PACKED_NAMES: Final = (".gz", ".bz2", ".xz", ".lzma")
_OPAQUE: Final = _Beginnings(
    {
        rb"\x28\xb5\x2f\xfd": "is compressed by zstd",
        rb"\x04\x22\x4d\x18": "is compressed by lz4",
        rb"\xff\x06\0\0sNaPpY": "is compressed by snappy",
        rb"\x1f[\x9d\xa0]|LZIP|x[\x01\x9c\xda]": "is compressed",
        rb"7z\xbc\xaf\x27\x1c": "is an archive of 7-Zip",
        rb"Rar!\x1a\x07": "is an archive of RAR",
        rb"MSCF\0|xar!|hsqs|!<arch>\ndebian|\xed\xab\xee\xdb": "is a package",
        rb"PACK\0\0\0[\2\3]": "is a pack of git, which --history opens",
        rb"PAR[1E]": "is a Parquet file",
        rb"ORC[\0-\x20]": "is an ORC file",
        rb"Obj\x01": "is an Avro file",
        rb"ARROW1\0\0|FEA1": "is an Arrow file",
        rb"\x89HDF\r\n": "is an HDF5 file",
        rb"%PDF-(?=[\0-\xff]*/FlateDecode)": "is a PDF with compressed text",
        rb"version https://git-lfs\.github\.com/spec/": (
            "is a pointer of Git LFS, whose content is not here"
        ),
    }
)
"""What has its text in a form that is not opened, by how it begins."""
_MOST_MEMBERS: Final = 20_000
_MOST_EXPANDED: Final = 512 * 1024 * 1024
_BLOCK: Final = 2**20
_BITE: Final = 2**16
"""How many compressed bytes are read at once."""
_GZIP: Final = 31
"""What zlib calls its streams with the header of gzip."""


def members(where: str, data: bytes) -> Iterator[Member] | None:
    """Return the members of an archive, of which a compressed file has one; None for what is none.

    Raises:
        UnreadableError: while it is iterated: it is cut, encrypted, or expands beyond all bounds.
    """
    if data.startswith(_ZIPPED):
        return _guarded(_zipped(data))
    if _is_tar(data) or where.endswith(_TARS):
        return _guarded(_tarred(data))
    if expand := _STREAMS.of(data):
        return _guarded(_expanded(where, expand(data)))
    if _is_zip_behind_something(data):
        return _guarded(_zipped(data))
    return None


def is_archive_alone(data: bytes) -> bool:
    """Return whether an archive has nothing before it, as a program that unpacks itself has."""
    return not _is_zip_behind_something(data) or data.startswith(_ZIPPED) or _is_tar(data)


def opaque(data: bytes) -> str:
    """Return what a file is whose text cannot be read as it stands; empty for all others."""
    return _OPAQUE.of(data) or ""


def _is_tar(data: bytes | bytearray) -> bool:
    return data.startswith(_TAR_MARK, _TAR_MARK_AT)


def _is_zip_behind_something(data: bytes) -> bool:
    tail = max(0, len(data) - _ZIP_TAIL)
    if data.find(_NO_TEXT, tail) < 0:  # one byte is looked for many times as fast as four
        return False
    return data.find(_ZIP_END, tail) >= 0 and zipfile.is_zipfile(io.BytesIO(data))


def _guarded(found: Iterator[Member]) -> Iterator[Member]:
    try:
        yield from found
    except UnreadableError:
        raise
    except (RuntimeError, NotImplementedError):
        raise UnreadableError("the archive is encrypted or of an unknown kind") from None
    except Exception:  # noqa: BLE001  # whatever a damaged archive raises
        raise UnreadableError("the archive is cut or damaged") from None


def _zipped(data: bytes) -> Iterator[Member]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        inside = [member for member in archive.infolist() if not member.is_dir()]
        _insist_on_bounds(len(inside), sum(member.file_size for member in inside))
        for member in inside:
            with archive.open(member) as file:
                yield member.filename, file.read(member.file_size + 1)


def _tarred(data: bytes) -> Iterator[Member]:
    size = count = 0
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:*") as archive:
        for member in archive:
            if not member.isfile():
                continue
            count, size = count + 1, size + member.size
            _insist_on_bounds(count, size)
            file = archive.extractfile(member)
            if file is not None:
                yield member.name, file.read()
        _insist_on_its_end(archive, size)


def _insist_on_its_end(archive: tarfile.TarFile, size: int) -> None:
    """Refuse what a tar archive has behind its last member: a header that is damaged ends it."""
    rest: Any = archive.fileobj
    rest.seek(archive.offset)
    while block := rest.read(_BLOCK):
        size += len(block)
        _insist_on_bounds(1, size)
        if block.count(0) < len(block):
            raise UnreadableError("the archive is damaged, or another one follows it")


def _expanded(where: str, blocks: Iterator[bytes]) -> Iterator[Member]:
    """Yield the one member that a compressed file has, or those of the tar archive in it."""
    text = bytearray()
    for block in blocks:
        text += block
        _insist_on_bounds(1, len(text))
    if _is_tar(text):
        yield from _tarred(bytes(text))
        return
    name, end = posixpath.splitext(posixpath.basename(where))
    yield name if end in _PACKED_NAMES else name + end, bytes(text)


def _gunzipped(data: bytes) -> Iterator[bytes]:
    """Yield what streams of gzip expand to, one behind the other, and zeros behind the last."""
    source = io.BytesIO(data)
    rest = source.read(_BITE)
    while rest:
        stream = zlib.decompressobj(_GZIP)
        block = stream.decompress(rest, _BLOCK)
        yield block
        while not stream.eof:
            has_more = len(block) == _BLOCK
            rest = stream.unconsumed_tail or (b"" if has_more else source.read(_BITE))
            if not rest and not has_more:
                raise UnreadableError("the archive is cut or damaged")
            block = stream.decompress(rest, _BLOCK)
            yield block
        rest = _behind(stream.unused_data, source)


def _unpacked(data: bytes, kind: Any) -> Iterator[bytes]:
    """Yield what streams of bzip2 or xz expand to, one behind the other, as those of gzip."""
    source = io.BytesIO(data)
    rest = source.read(_BITE)
    while rest:
        stream = kind()
        yield stream.decompress(rest, _BLOCK)
        while not stream.eof:
            more = source.read(_BITE) if stream.needs_input else b""
            if stream.needs_input and not more:
                raise UnreadableError("the archive is cut or damaged")
            yield stream.decompress(more, _BLOCK)
        rest = _behind(stream.unused_data, source)


def _behind(unused: bytes, source: io.BytesIO) -> bytes:
    """Return what begins behind a stream and the zeros that fill it up; empty at the end."""
    rest = unused.lstrip(b"\0")
    while not rest and (block := source.read(_BITE)):
        rest = block.lstrip(b"\0")
    return rest


_STREAMS: Final[_Beginnings[Callable[[bytes], Iterator[bytes]]]] = _Beginnings(
    {
        rb"\x1f\x8b\x08": _gunzipped,
        rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)": partial(_unpacked, kind=bz2.BZ2Decompressor),
        rb"\xfd7zXZ\0|\x5d\0\0[\0-\xff]{2}(?:\xff{8}|[\0-\xff]{5}\0{3})": partial(
            _unpacked, kind=lzma.LZMADecompressor
        ),
    }
)
"""What expands a compressed file, by how it begins."""


def _insist_on_bounds(number: int, size: int) -> None:
    if number > _MOST_MEMBERS or size > _MOST_EXPANDED:
        raise UnreadableError(
            f"the archive has more than {_MOST_MEMBERS:,} members"
            f" or {_MOST_EXPANDED // 2**20} MB in them"
        )
