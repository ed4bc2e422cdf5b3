"""The events of a lake, as rules look at them on Spark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from lakewarden.clients.spark import SparkEngine
from lakewarden.clients.tables import TYPES
from lakewarden.events.columns import Source
from lakewarden.events.views import VIEWS
from lakewarden.store.lake.lake import Lake
from lakewarden.store.lake.tables import TABLES


class LakeOnSpark:
    """All events of a lake, read from the files that its log lists.

    Attributes:
        name: the same for every engine: what one has looked at, others need not.
        sources: what they can be events of.
    """

    def __init__(
        self,
        lake: Lake,
        engine: SparkEngine,
        tables: Mapping[str, Sequence[Mapping[str, Any]]],
        *,
        here: bool = True,
    ) -> None:
        """Take a lake.

        Args:
            lake: the lake.
            engine: reads it.
            tables: rows of the small views that are not in it.
            here: whether Spark is on this machine; elsewhere it has to reach the lake itself.
        """
        self.name = lake.identity()
        self.sources = frozenset(Source)
        self._here = here
        self._lake = lake
        self._engine = engine
        self._tables = tables

    def version(self) -> int:
        """Return a number that grows when events are added."""
        return self._lake.version()

    @contextmanager
    def opened(self, since: int | None) -> Iterator[SparkEngine]:
        """Open them for the length of a block.

        Args:
            since: `fresh_events` are those of files that came after this version; all for None.
        """
        self._read("all_events", "events")
        self._read("fresh_events", "events", since)
        self._read("read_files", "files")
        *keys, by = TABLES["files"].latest
        latest = f"ROW_NUMBER() OVER (PARTITION BY {', '.join(keys)} ORDER BY {by} DESC) AS latest"
        numbered = f"SELECT *, {latest} FROM read_files"
        columns = ", ".join(VIEWS["files"])
        self._engine.look_at("files", f"SELECT {columns} FROM ({numbered}) WHERE latest = 1")
        for view, rows in self._tables.items():
            self._engine.put(view, rows)
        yield self._engine

    def _read(self, view: str, table: str, since: int | None = None) -> None:
        spec = TABLES[table]
        paths = self._lake.files(table, since_version=since, fetch=self._here)
        roots = {path.rsplit("/", len(spec.partitions) + 1)[0] for path in paths}
        columns = {column.name: TYPES[column.kind] for column in spec.columns}
        self._engine.read(view, min(roots, default=""), paths, columns)
