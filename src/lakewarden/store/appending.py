"""Lines that are added to a file, each whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

from lakewarden.errors import LakewardenError


def append_line(file: Path, line: str) -> None:
    """Add a line to a file, which is made where it is not there; several may write to it at once.

    A line that somebody left unfinished is ended first.

    Raises:
        LakewardenError: it cannot be written; then the file is as it was.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            _append(handle, f"{line}\n".encode())
        finally:
            os.close(handle)
    except OSError as error:
        raise LakewardenError(
            f"cannot be written ({error.strerror})",
            where=str(file),
            next_step="Check the folder's rights, and the room on the disk",
        ) from None


def _append(handle: int, data: bytes) -> None:
    size = os.fstat(handle).st_size
    if size and os.pread(handle, 1, size - 1) != b"\n":
        data = b"\n" + data
    try:
        written = os.write(handle, data)
        while written < len(data):
            written += os.write(handle, data[written:])
        _sync(handle)
    except OSError:
        os.ftruncate(handle, size)
        raise


def _sync(handle: int) -> None:
    """Write a file through to the disk; a pipe or a terminal has none."""
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
