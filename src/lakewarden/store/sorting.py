"""Sorting more lines than memory holds: sorted runs on disk, merged as they are read."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, Self

_RUN: Final = 20_000
"""Lines kept in memory at a time."""


class LineSorter:
    """Takes (key, line) pairs in any order and yields the lines by key.

    Of a key that comes twice, the line that sorts first is kept: what comes out never depends on
    the order of what went in.
    """

    def __init__(self, folder: Path, run: int = _RUN) -> None:
        """Begin; runs that do not fit in memory go to unnamed files in `folder`."""
        self._folder = folder
        self._size = run
        self._pending: list[tuple[str, str]] = []
        self._runs: list[IO[str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for run in self._runs:
            run.close()

    def add(self, key: str, line: str) -> None:
        """Add one line, which holds no line break itself."""
        self._pending.append((key, line))
        if len(self._pending) >= self._size:
            self._spill()

    def sorted(self) -> Iterator[str]:
        """Yield every line in order of its key."""
        self._pending.sort()
        sources = [self._read(run) for run in self._runs] + [iter(self._pending)]
        last: str | None = None
        for key, line in heapq.merge(*sources):
            if key != last:
                yield line
            last = key

    def _spill(self) -> None:
        self._pending.sort()
        run = tempfile.TemporaryFile("w+", encoding="utf-8", dir=self._folder)  # noqa: SIM115  # closed on exit
        run.writelines(
            f"{key.encode('unicode_escape').decode('ascii')}\t{line}\n"
            for key, line in self._pending
        )
        self._runs.append(run)
        self._pending = []

    @staticmethod
    def _read(run: IO[str]) -> Iterator[tuple[str, str]]:
        run.seek(0)
        for text in run:
            key, line = text.rstrip("\n").split("\t", 1)
            yield key.encode("ascii").decode("unicode_escape"), line
