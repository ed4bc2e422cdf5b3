"""Where a table lies. Its files are written and read on this machine, wherever they are kept."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from lakewarden.errors import StoreError


class Objects(Protocol):
    """A bucket, as whoever holds the credentials reaches it."""

    def options(self) -> Mapping[str, str]:
        """Return what Delta needs to get there: credentials, region, endpoint."""

    def put(self, key: str, path: str) -> None:
        """Upload a file."""

    def fetch(self, key: str, path: str) -> bool:
        """Download an object; return whether it is there."""

    def remove(self, keys: Iterable[str]) -> None:
        """Remove objects; one that is not there is as good as removed."""


class Place(Protocol):
    """A folder of a table.

    Attributes:
        url: what Delta calls it.
        root: where its files are on this machine.
    """

    url: str
    root: Path

    def options(self) -> dict[str, str]:
        """Return what Delta needs to get there."""

    def prepare(self) -> None:
        """Make the folder, so that nobody else can look into it."""

    def publish(self, names: Iterable[str]) -> None:
        """Make files that were written under `root` durable, before they are committed."""

    def paths(self, names: Iterable[str]) -> list[str]:
        """Return where files can be read."""

    def discard(self, names: Iterable[str]) -> None:
        """Remove files that were never committed."""

    def log(self, version: int) -> bytes | None:
        """Return a commit; None when it is not there any more."""

    def settle(self, version: int) -> None:
        """Make a commit durable."""

    def forget(self, keep: Iterable[str], age: float) -> None:
        """Drop copies of files that are not in the table, once they are older than some seconds."""


class Folder:
    """A table in a folder of this machine."""

    def __init__(self, root: Path) -> None:
        self.url = str(root)
        self.root = root

    def options(self) -> dict[str, str]:
        """Return nothing: a folder needs none."""
        return {}

    def prepare(self) -> None:
        """Make the folder, so that nobody else can look into it."""
        self.root.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.root.mkdir(exist_ok=True, mode=0o700)

    def publish(self, names: Iterable[str]) -> None:
        """Write files, and the folders that name them, through to the disk."""
        files = [self.root / name for name in names]
        folders = {parent for file in files for parent in file.parents if parent >= self.root}
        for path in (*files, *folders):
            _sync(path)

    def paths(self, names: Iterable[str]) -> list[str]:
        """Return where they lie."""
        return [str(self.root / name) for name in names]

    def discard(self, names: Iterable[str]) -> None:
        """Remove files."""
        for name in names:
            (self.root / name).unlink(missing_ok=True)

    def log(self, version: int) -> bytes | None:
        """Return a commit; None when it is not there any more."""
        try:
            return (self.root / _commit(version)).read_bytes()
        except FileNotFoundError:
            return None

    def settle(self, version: int) -> None:
        """Write a commit through to the disk."""
        _sync(self.root / _commit(version))
        _sync(self.root / "_delta_log")

    def forget(self, keep: Iterable[str], age: float) -> None:
        """Do nothing: there are no copies."""


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
        for name in names:
            self._objects.put(self._key(name), str(self.root / name))

    def paths(self, names: Iterable[str]) -> list[str]:
        """Return where copies lie; what is not there yet is downloaded.

        Raises:
            StoreError: one is not in the bucket.
        """
        paths = []
        for name in names:
            path = self.root / name
            if not path.exists() and not self._fetch(name, path):
                raise StoreError(
                    "a file of the table is missing",
                    where=f"{self.url}/{name}",
                    next_step="Read again; if it stays so, restore it from a version of the bucket",
                )
            paths.append(str(path))
        return paths

    def discard(self, names: Iterable[str]) -> None:
        """Remove files, and their copies."""
        names = list(names)
        self._objects.remove([self._key(name) for name in names])
        for name in names:
            (self.root / name).unlink(missing_ok=True)

    def log(self, version: int) -> bytes | None:
        """Return a commit; None when it is not there any more."""
        path = self.root / _commit(version)
        if not path.exists() and not self._fetch(_commit(version), path):
            return None
        return path.read_bytes()

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

    def _fetch(self, name: str, path: Path) -> bool:
        """Download an object beside its place, and put it there when it is whole."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_name(f".{path.name}.{uuid4().hex}")
        try:
            there = self._objects.fetch(self._key(name), str(part))
            if there:
                part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return there


def _commit(version: int) -> str:
    return f"_delta_log/{version:020d}.json"


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
