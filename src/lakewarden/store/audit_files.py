"""Delivered audit logs in a folder, one line at a time.

Layout: `workspaceId=<id>/date=<yyyy-mm-dd>/*.json`, one event a line, plain or gzip.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

from lakewarden.errors import UsageError


def lines(folder: Path) -> Iterator[tuple[str, str | None]]:
    """Yield every line with its place, `file line 7`; None where the rest of a file is unreadable.

    Raises:
        UsageError: there is no such folder.
    """
    for file in _files(folder):
        yield from _placed(folder, file)


def newest_first(folder: Path) -> Iterator[Iterator[tuple[str, str | None]]]:
    """Yield the lines of each day, the newest day first; those of no known day come last.

    Raises:
        UsageError: there is no such folder.
    """
    days: dict[str, list[Path]] = {}
    for file in _files(folder):
        parts = file.relative_to(folder).parts
        day = next((part for part in parts if part.startswith("date=")), "")
        days.setdefault(day, []).append(file)
    for day in sorted(days, reverse=True):
        yield (line for file in days[day] for line in _placed(folder, file))


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UsageError(
            "is not a folder", where=str(folder), next_step="Name the folder of the audit logs"
        )
    return [file for file in sorted(folder.rglob("*.json*")) if file.is_file()]


def _placed(folder: Path, file: Path) -> Iterator[tuple[str, str | None]]:
    name = str(file.relative_to(folder))
    yield from ((f"{name} line {n}", line) for n, line in _lines_of(file))


def _lines_of(file: Path) -> Iterator[tuple[int, str | None]]:
    opener = gzip.open if file.suffix == ".gz" else open
    number = 0
    try:
        with opener(file, "rt", encoding="utf-8", errors="replace") as text:
            for number, line in enumerate(text, 1):
                if line.strip():
                    yield number, line
    except (EOFError, OSError, zlib.error):
        yield number + 1, None
