"""The events of a lake, as rules look at them on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import duckdb
from duckdb import DuckDBPyConnection

from lakewarden.events.columns import Source
from lakewarden.events.views import VIEWS
from lakewarden.store.lake import duck
from lakewarden.store.lake.engine import DuckEngine
from lakewarden.store.lake.lake import Lake

_HELD: Final = 500_000
"""So many new events are held in memory, of so many bytes in their files before compression."""
_HELD_BYTES: Final = 100_000_000


class LakeEvents:
    """All events of a lake.

    Attributes:
        name: what tells them from those of another lake, even one that was in its place before.
        sources: what they can be events of.
    """

    def __init__(
        self, lake: Lake, tables: Mapping[str, Sequence[Mapping[str, Any]]], threads: int = 0
    ) -> None:
        """Take a lake, and rows of the small views that are not in it.

        Args:
            lake: the lake.
            tables: rows by view.
            threads: how many to use; 0 for one a core.
        """
        self.name = lake.identity()
        self.sources = frozenset(Source)
        self._lake = lake
        self._tables = tables
        self._threads = threads

    def version(self) -> int:
        """Return a number that grows when events are added."""
        return self._lake.version()

    @contextmanager
    def opened(self, since: int | None) -> Iterator[DuckEngine]:
        """Open them for the length of a block.

        Args:
            since: `fresh_events` are those of files that came after this version; all for None.

        Raises:
            StoreError: a file of the lake is damaged.
        """
        fresh = self._lake.files(since_version=since)
        with duck.open(threads=self._threads) as connection:
            engine = DuckEngine(connection)
            self._lake.view(connection, name="all_events")
            self._lake.view(connection, files=fresh, name="fresh_events")
            if since is not None:
                with self._lake.reading():
                    _hold(connection, "fresh_events", fresh)
            self._lake.view(connection, "files", name="read_files")
            columns = ", ".join(VIEWS["files"])
            made = f"CREATE OR REPLACE TABLE files AS SELECT {columns} FROM read_files"
            with self._lake.reading("files"):
                connection.execute(made)
            for view, rows in self._tables.items():
                engine.put(view, rows)
            yield engine


def _hold(connection: DuckDBPyConnection, view: str, files: Sequence[str]) -> None:
    """Have the rows of a view in memory, unless they are too many: every rule asks for them."""
    if not files:
        return
    rows, size = connection.execute(
        f"SELECT (SELECT count(*) FROM {view}), sum(total_uncompressed_size)"
        f" FROM parquet_metadata({duck.files(files)})"
    ).fetchone() or (0, 0)
    if rows > _HELD or size > _HELD_BYTES:
        return
    with suppress(duckdb.OutOfMemoryException):  # values that are stored once are many in memory
        connection.execute(f"CREATE TEMP TABLE held AS SELECT * FROM {view}")
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT * FROM held")
