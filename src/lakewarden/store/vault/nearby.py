"""Packs of a bucket, kept on this machine while they are read: what is asked for next is beside."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from lakewarden.store.vault.manifest import digest_of
from lakewarden.store.vault.places import Objects

_ROOM: Final = 2 << 30
"""Bytes that are kept; then the oldest go."""


class Nearby:
    """The files of a bucket. Threads may share it.

    Attributes:
        ahead: how many files are best read at a time.
    """

    def __init__(self, objects: Objects, room: int = _ROOM) -> None:
        """Take the bucket, and how many bytes of it may be kept; `close` deletes them."""
        self._objects = objects
        self.ahead = objects.ahead
        self._room = room
        self._folder = tempfile.TemporaryDirectory(prefix="lakewarden-")
        self._kept: dict[str, int] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Delete what was kept."""
        self._folder.cleanup()
        self._objects.close()

    def put(self, name: str, data: bytes) -> None:
        """Write a file at once or not at all."""
        self._objects.put(name, data)

    def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes | None:
        """Return a part of a file, which is fetched as a whole when the first is asked for."""
        if length is None:
            return self._objects.read(name, offset)
        with self._lock:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            try:
                file = self._near(name)
                if file is None:
                    return None
                with file.open("rb") as data:
                    data.seek(offset)
                    return data.read(length)
            except OSError:  # there is no room for it, or it was let go of in this moment
                return self._objects.read(name, offset, length)

    def tail(self, name: str, length: int) -> bytes | None:
        """Return the last bytes of a file; None where it is not there."""
        return self._objects.tail(name, length)

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names of files that begin with a prefix, in order."""
        return self._objects.names(prefix)

    def remove(self, names: Iterable[str]) -> None:
        """Delete files."""
        self._objects.remove(names)

    def keep(self, names: Iterable[str]) -> None:
        """Have files kept as long as those that are written now."""
        self._objects.keep(names)

    def where(self, name: str) -> str:
        """Return the URL of a file."""
        return self._objects.where(name)

    def _near(self, name: str) -> Path | None:
        """Return the copy of a file, fetched if there is none; None where there is no such file."""
        file = Path(self._folder.name) / digest_of(name.encode())
        if not file.exists():
            data = self._objects.read(name)
            if data is None:
                return None
            file.write_bytes(data)
            self._let_go(name, len(data))
        return file

    def _let_go(self, name: str, size: int) -> None:
        """Note a copy, and delete the oldest while there are too many."""
        with self._lock:
            self._kept[name] = size
            while sum(self._kept.values()) > self._room and len(self._kept) > 1:
                oldest = next(iter(self._kept))
                del self._kept[oldest]
                (Path(self._folder.name) / digest_of(oldest.encode())).unlink(missing_ok=True)
