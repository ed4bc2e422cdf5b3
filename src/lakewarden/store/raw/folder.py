"""Log files in a folder of this machine, or a single one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from lakewarden.errors import UsageError
from lakewarden.events.delivery import (
    DELTA_LOG,
    Delivered,
    UnreadableError,
    hidden,
    unreadable,
)
from lakewarden.store.lake import duck

_NAMELESS: Final = "no UTF-8"
"""In place of the etag of a file whose name is no text."""


class Folder:
    """The files of a folder, at any depth; of a Delta table in it those that its log lists.

    Names that begin with a point or an underscore are left alone. Links to folders are followed;
    no folder is read twice.

    Attributes:
        ahead: one file at a time.

    Raises:
        UsageError: there is nothing at the path.
    """

    ahead = 1

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise UsageError(
                "is not there", where=str(path), next_step="Name the folder of the logs"
            )
        self._path = path.absolute()
        self._root = self._path if path.is_dir() else self._path.parent

    def listed(self) -> Iterator[Delivered]:
        """Yield all files; a folder or a file that nobody may look at comes as one of no size."""
        if self._path.is_file():
            yield self._delivered(self._path)
            return
        shut: list[OSError] = []
        for folder, folders, names in _walked(self._path, shut.append):
            files = [Path(folder, name) for name in names if not hidden(name)]
            if DELTA_LOG in folders:
                files, folders[:] = _of_table(folder), []
            folders[:] = [name for name in folders if not hidden(name)]
            yield from (self._delivered(file) for file in files if not _is_special(file))
        yield from (self._delivered(Path(error.filename)) for error in shut)

    def read(self, item: Delivered) -> bytes:
        """Return all of a file.

        Raises:
            UnreadableError: it cannot be read.
        """
        _insist_on_name(item)
        try:
            return (self._root / item.key).read_bytes()
        except OSError as error:
            raise unreadable(item, error) from None

    def place(self, item: Delivered, target: str) -> str:  # noqa: ARG002  # buckets need it
        """Return where a file is.

        Raises:
            UnreadableError: it cannot be read.
        """
        _insist_on_name(item)
        path = self._root / item.key
        if not duck.readable(str(path)):
            raise UnreadableError(
                "has a backslash beside one of * ? [ in its path, or what is no UTF-8",
                where=item.key,
                next_step="Rename it or the folder, and ingest again",
            )
        try:
            path.open("rb").close()
        except OSError as error:
            raise unreadable(item, error) from None
        return str(path)

    def _delivered(self, file: Path) -> Delivered:
        key = file.relative_to(self._root).as_posix()
        text = os.fsencode(key).decode(errors="backslashreplace")
        if text != key:
            return Delivered(text, _NAMELESS, 0, 0)
        try:
            stat = file.stat()
        except OSError:
            return Delivered(key, "", 0, 0)
        return Delivered(
            key,
            f"{stat.st_mtime_ns:x}-{stat.st_ctime_ns:x}",
            stat.st_size if file.is_file() else 0,
            stat.st_mtime_ns // 1_000_000,
        )


def _insist_on_name(item: Delivered) -> None:
    if item.etag == _NAMELESS:
        raise UnreadableError(
            "has a name that is no UTF-8",
            where=item.key,
            next_step="Rename it or its folder, and ingest again",
        )


def _walked(
    top: Path, shut: Callable[[OSError], None]
) -> Iterator[tuple[str, list[str], list[str]]]:
    """Walk as `os.walk` does, then to where links lead, which may be back to where it was."""
    seen: set[tuple[int, int]] = set()
    waiting = [top]
    while waiting:
        for folder, folders, names in os.walk(waiting.pop(0), onerror=shut):
            stat = Path(folder).stat()
            if (stat.st_dev, stat.st_ino) in seen:
                folders.clear()
                continue
            seen.add((stat.st_dev, stat.st_ino))
            yield folder, folders, names
            paths = (Path(folder, name) for name in sorted(folders))
            waiting += (path for path in paths if path.is_symlink())


def _is_special(file: Path) -> bool:
    return file.is_fifo() or file.is_socket() or file.is_char_device() or file.is_block_device()


def _of_table(folder: str) -> list[Path]:
    from deltalake import DeltaTable  # noqa: PLC0415  # slow to load, and seldom needed
    from deltalake.exceptions import DeltaError  # noqa: PLC0415  # likewise

    try:
        names = DeltaTable(folder).get_add_actions(flatten=True).column("path").to_pylist()
    except (DeltaError, OSError) as error:
        raise UsageError(
            f"is a Delta table that cannot be read ({error})",
            where=folder,
            next_step="Export it again, or name a folder of JSON lines",
        ) from None
    return [Path(folder, unquote(name)) for name in names]
