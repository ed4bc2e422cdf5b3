"""The events of a lake, as rules look at them on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from duckdb import DuckDBPyConnection

from lakewarden.events.columns import Source
from lakewarden.events.views import VIEWS
from lakewarden.store.lake import duck
from lakewarden.store.lake.engine import DuckEngine
from lakewarden.store.lake.lake import Lake

_HELD: Final = 500_000
"""So many new events are held in memory, some 200 MB."""


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
        """
        fresh = self._lake.files(since_version=since)
        with duck.open(threads=self._threads) as connection:
            engine = DuckEngine(connection)
            self._lake.view(connection, name="all_events")
            self._lake.view(connection, files=fresh, name="fresh_events")
            if since is not None:
                _hold(connection, "fresh_events")
            self._lake.view(connection, "files", name="read_files")
            columns = ", ".join(VIEWS["files"])
            connection.execute(f"CREATE OR REPLACE TABLE files AS SELECT {columns} FROM read_files")
            for view, rows in self._tables.items():
                engine.put(view, rows)
            yield engine


def _hold(connection: DuckDBPyConnection, view: str) -> None:
    """Have the rows of a view in memory, unless they are many: every rule asks for them."""
    counted = connection.execute(f"SELECT count(*) FROM {view}").fetchone()
    if counted and counted[0] <= _HELD:
        connection.execute(f"CREATE TEMP TABLE held AS SELECT * FROM {view}")
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT * FROM held")
