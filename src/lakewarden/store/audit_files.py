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
    if not folder.is_dir():
        raise UsageError(
            "is not a folder", where=str(folder), next_step="Name the folder of the audit logs"
        )
    for file in sorted(folder.rglob("*.json*")):
        if file.is_file():
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
