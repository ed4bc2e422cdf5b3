"""Content-addressed, compressed lines: a blob's name is the SHA-256 of its text."""

from __future__ import annotations

import gzip
import hashlib
import os
import tempfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from lakewarden.errors import SnapshotError

_LEVEL: Final = 1
"""Fast compression: JSON lines still shrink about tenfold."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob that was written.

    Attributes:
        sha256: of the text, in hexadecimal.
        lines: how many.
        size: bytes on disk.
    """

    sha256: str
    lines: int
    size: int


def path_of(folder: Path, sha256: str) -> Path:
    """Return where a blob lies in a snapshot folder."""
    return folder / "objects" / sha256[:2] / f"{sha256}.jsonl.gz"


def write(folder: Path, lines: Iterable[str]) -> Blob:
    """Write lines as one blob; an equal blob that is there already is kept."""
    digest = hashlib.sha256()
    count = 0
    objects = folder / "objects"
    objects.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=objects, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as raw, _compressor(raw) as out:
            for line in lines:
                data = f"{line}\n".encode()
                digest.update(data)
                out.write(data)
                count += 1
        target = path_of(folder, digest.hexdigest())
        target.parent.mkdir(exist_ok=True)
        os.replace(name, target)  # noqa: PTH105  # both are paths in the same folder tree
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Blob(digest.hexdigest(), count, target.stat().st_size)


def read(folder: Path, sha256: str) -> Iterator[str]:
    """Yield the lines of a blob, then check that they were what was written.

    Raises:
        SnapshotError: the blob is missing, cut or altered.
    """
    path = path_of(folder, sha256)
    digest = hashlib.sha256()
    try:
        with gzip.open(path, "rb") as lines:
            for data in lines:
                digest.update(data)
                yield data.decode()
    except FileNotFoundError:
        raise _damaged(path, "is missing") from None
    except (EOFError, OSError, zlib.error, UnicodeDecodeError):
        raise _damaged(path, "is cut or damaged") from None
    if digest.hexdigest() != sha256:
        raise _damaged(path, "is not what was written")


def sweep(folder: Path, wanted: Collection[str]) -> None:
    """Remove the blobs of a snapshot that this one replaced, and what a crash left behind."""
    keep = {path_of(folder, sha256) for sha256 in wanted}
    for path in (folder / "objects").rglob("*"):
        if path.is_file() and path not in keep:
            path.unlink()


def _compressor(raw: BinaryIO) -> gzip.GzipFile:
    return gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=_LEVEL, mtime=0)


def _damaged(path: Path, what: str) -> SnapshotError:
    return SnapshotError(
        f"a part of the snapshot {what}",
        where=str(path),
        next_step="Collect again, or restore the folder from a copy",
    )
