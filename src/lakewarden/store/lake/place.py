"""Where a table lies. Its files are written and read on this machine, wherever they are kept."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol


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

    def there(self) -> set[str]:
        """Return the files that are kept there, whether the table lists them or not."""

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

    def there(self) -> set[str]:
        """Return the files that lie there."""
        files = (path for path in self.root.rglob("*") if path.is_file())
        return {path.relative_to(self.root).as_posix() for path in files}

    def log(self, version: int) -> bytes | None:
        """Return a commit; None when it is not there any more."""
        try:
            return (self.root / commit_name(version)).read_bytes()
        except FileNotFoundError:
            return None

    def settle(self, version: int) -> None:
        """Write a commit through to the disk."""
        _sync(self.root / commit_name(version))
        _sync(self.root / "_delta_log")

    def forget(self, keep: Iterable[str], age: float) -> None:
        """Do nothing: there are no copies."""


def commit_name(version: int) -> str:
    """Return the name of a commit in the folder of a table."""
    return f"_delta_log/{version:020d}.json"


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
