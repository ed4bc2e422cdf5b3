"""Files of a folder, one file, or standard input."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO, Final

from lakewarden.errors import UsageError
from lakewarden.hunt.document import LARGEST, Document, Unread, too_large

_OPAQUE: Final = (
    ({"HEAD", "objects", "refs"}, "is a git repository without files: use --history"),
    ({"vault.json", "packs", "runs"}, "is a backup: hunt it by itself"),
)
"""Folders whose files are compressed, by what is in them."""


def documents(
    path: Path, *, exclude: Sequence[str] = (), largest: int = LARGEST
) -> Iterator[Document | Unread]:
    """Yield a file, or the files of a folder in order of their paths; links are not followed.

    Args:
        path: the file or folder.
        exclude: patterns of paths, beginning at the folder, that are left out.
        largest: the most bytes of a file that is read.

    Raises:
        UsageError: there is nothing at the path, or it cannot be asked for.
    """
    if is_folder(path):
        yield from _below(path, exclude, largest)
    else:
        yield _read(path, str(path), largest)


def is_folder(path: Path) -> bool:
    """Return whether a target is a folder.

    Raises:
        UsageError: there is nothing at the path, or it cannot be asked for.
    """
    try:
        found, is_there = path.is_dir(), path.exists()
    except OSError as error:
        raise UsageError(_said(error), where=str(path), next_step="Check its name") from None
    if not is_there:
        raise UsageError(
            "is not there",
            where=str(path),
            next_step="Name a file, a folder, - for standard input, live, or a vault",
        )
    return found


def stream(file: BinaryIO, largest: int = LARGEST) -> Iterator[Document | Unread]:
    """Yield what comes on standard input."""
    data = file.read(largest + 1)
    yield _bounded("standard input", data, largest)


def is_left_out(where: str, exclude: Sequence[str]) -> bool:
    """Return whether a pattern matches a path, or a folder that it is in."""
    if not exclude:
        return False
    steps = where.split("/")
    paths = ["/".join(steps[: n + 1]) for n in range(len(steps))]
    return any(fnmatchcase(path, pattern.rstrip("/")) for pattern in exclude for path in paths)


def _below(folder: Path, exclude: Sequence[str], largest: int) -> Iterator[Document | Unread]:
    waiting = [(str(folder), "", True)]
    while waiting:
        path, where, is_inner = waiting.pop()
        if not is_inner:
            yield _read(Path(path), where, largest)
            continue
        try:
            entries = sorted(os.scandir(path), key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            yield Unread(where or path, _said(error))
            continue
        names = {entry.name for entry in entries}
        if what := next((what for there, what in _OPAQUE if names >= there), ""):
            yield Unread(where or path, what)
            continue
        waiting += _inside(entries, where, exclude)


def _inside(
    entries: Iterable[os.DirEntry[str]], prefix: str, exclude: Sequence[str]
) -> Iterator[tuple[str, str, bool]]:
    """Yield path and name of files and folders, and which they are; links are neither."""
    for entry in entries:
        where = f"{prefix}{entry.name}"
        if entry.is_symlink() or is_left_out(where, exclude):
            continue
        if entry.is_dir(follow_symlinks=False):
            if entry.name != ".git":
                yield entry.path, f"{where}/", True
        elif entry.is_file(follow_symlinks=False):
            yield entry.path, where, False


def _read(path: Path, where: str, largest: int) -> Document | Unread:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # waits at no pipe
        with os.fdopen(handle, "rb", buffering=0) as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                return Unread(where, "is no file")
            if about.st_size > largest:
                return _bounded(where, b"", largest, about.st_size)
            return _bounded(where, file.read(), largest)
    except OSError as error:
        return Unread(where, _said(error))


def _bounded(where: str, data: bytes, largest: int, size: int = 0) -> Document | Unread:
    if max(len(data), size) > largest:
        return too_large(where, largest)
    return Document(where, data)


def _said(error: OSError) -> str:
    return f"cannot be read ({error.strerror or type(error).__name__})"
