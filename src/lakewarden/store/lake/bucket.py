"""A table in a bucket, with copies on this machine of what is read and written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Protocol, TypeVar
from uuid import uuid4

from lakewarden.errors import StoreError
from lakewarden.store.lake.place import commit_name

T = TypeVar("T")

_AT_ONCE: Final = 16
"""So many files go up or down at a time."""


class Objects(Protocol):
    """A bucket, as whoever holds the credentials reaches it."""

    def options(self) -> Mapping[str, str]:
        """Return what Delta needs to get there: credentials, region, endpoint."""

    def put(self, key: str, path: str) -> None:
        """Upload a file."""

    def fetch(self, key: str, path: str) -> bool:
        """Download an object; return whether it is there."""

    def keys(self, prefix: str) -> Iterable[str]:
        """Yield the keys of the objects under a prefix."""

    def remove(self, keys: Iterable[str]) -> None:
        """Remove objects; one that is not there is as good as removed."""


class Bucket:
    """A table under a prefix of a bucket.

    Files are written to a folder of this machine and uploaded; what is read is downloaded there
    once, since a file never changes.

    Args:
        url: `s3://bucket/prefix`.
        objects: the bucket.
        root: the folder for copies.
    """

    def __init__(self, url: str, objects: Objects, root: Path) -> None:
        self.url = url
        self.root = root
        self._objects = objects
        self._prefix = url.removeprefix("s3://").partition("/")[2]

    def options(self) -> dict[str, str]:
        """Return what Delta needs to get there."""
        return dict(self._objects.options())

    def prepare(self) -> None:
        """Make the folder for copies; a bucket has none."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def publish(self, names: Iterable[str]) -> None:
        """Upload files."""
        self._each(names, lambda name: self._objects.put(self._key(name), str(self.root / name)))

    def paths(self, names: Iterable[str]) -> list[str]:
        """Return where copies lie; what is not there yet is downloaded.

        Raises:
            StoreError: one is not in the bucket.
        """
        return self._each(names, self._copy)

    def discard(self, names: Iterable[str]) -> None:
        """Remove files, and their copies."""
        names = list(names)
        self._objects.remove([self._key(name) for name in names])
        for name in names:
            (self.root / name).unlink(missing_ok=True)

    def there(self) -> set[str]:
        """Return the files that are in the bucket."""
        prefix = self._key("")
        return {key.removeprefix(prefix) for key in self._objects.keys(prefix)}

    def log(self, version: int) -> bytes | None:
        """Return a commit; None when it is not there any more."""
        part = self._part()
        try:
            there = self._objects.fetch(self._key(commit_name(version)), str(part))
            return part.read_bytes() if there else None
        finally:
            part.unlink(missing_ok=True)

    def settle(self, version: int) -> None:
        """Do nothing: a bucket has what it answered for."""

    def forget(self, keep: Iterable[str], age: float) -> None:
        """Remove old copies of what is not in the table."""
        wanted = {self.root / name for name in keep}
        for path in self.root.rglob("*"):
            old = path.is_file() and path.stat().st_mtime <= time.time() - age
            if old and path not in wanted:
                path.unlink(missing_ok=True)

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name

    def _copy(self, name: str) -> str:
        """Download a file beside its place, unless it is there, and move it when it is whole."""
        path = self.root / name
        if path.exists():
            return str(path)
        part = self._part()
        try:
            if not self._objects.fetch(self._key(name), str(part)):
                raise StoreError(
                    "a file of the table is missing",
                    where=f"{self.url}/{name}",
                    next_step="Read again; if it stays so, restore it from a version of the bucket",
                )
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return str(path)

    def _part(self) -> Path:
        self.prepare()
        return self.root / f".{uuid4().hex}"

    def _each(self, names: Iterable[str], work: Callable[[str], T]) -> list[T]:
        """Do something with each file, several at a time."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(work, names))
