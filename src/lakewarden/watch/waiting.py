"""What waits to be read: files that were not read as they are now, in the order of their days.

The list is held in the database, which has room on disk, since a bucket may hold millions of files.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from duckdb import DuckDBPyConnection

from lakewarden.events.columns import Source
from lakewarden.events.delivery import Delivered, Origin, about, foreign
from lakewarden.store.lake.lake import Lake

_AT_ONCE: Final = 10_000
_LISTED: Final = "key VARCHAR, etag VARCHAR, size BIGINT, arrived BIGINT, day VARCHAR"
_ADD: Final = (
    "INSERT INTO listed SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::BIGINT[]),"
    " unnest(?::BIGINT[]), unnest(?::VARCHAR[])"
)
_KEEP: Final = (
    "CREATE OR REPLACE TABLE waiting AS"
    " SELECT key, etag, size, arrived, row_number() OVER (ORDER BY day, key) AS place FROM listed"
    " ANTI JOIN (SELECT key, etag, size FROM files WHERE source = ?) USING (key, etag, size)"
)


class Waiting:
    """The files of a source that wait to be read.

    Attributes:
        skipped: how many others there are, that were read before or are logs of something else.
        size: how many bytes all have that wait.
    """

    def __init__(
        self, lake: Lake, connection: DuckDBPyConnection, origin: Origin, source: Source
    ) -> None:
        """List all files, and leave out those that the lake knows as they are.

        Raises:
            LakewardenError: they cannot be listed, or the lake cannot be read.
        """
        self._connection = connection
        lake.view(connection, "files")
        connection.execute(f"CREATE OR REPLACE TABLE listed ({_LISTED})")
        listed, total = iter(origin.listed()), 0
        while some := list(islice(listed, _AT_ONCE)):
            total += len(some)
            rows = [(*item, about(item.key).day or "") for item in some]
            rows = [row for row in rows if not foreign(row[0], source)]
            if rows:
                connection.execute(_ADD, [list(column) for column in zip(*rows, strict=True)])
        with lake.reading("files"):
            connection.execute(_KEEP, [source])
        connection.execute("DROP TABLE listed")
        counted = connection.execute("SELECT count(*), coalesce(sum(size), 0) FROM waiting")
        self._count, self.size = (int(each) for each in counted.fetchone() or (0, 0))
        self.skipped = total - self._count

    def __iter__(self) -> Iterator[Delivered]:
        """Yield the files, day after day."""
        for start in range(1, self._count + 1, _AT_ONCE):
            rows = self._connection.execute(
                "SELECT key, etag, size, arrived FROM waiting"
                " WHERE place BETWEEN ? AND ? ORDER BY place",
                [start, start + _AT_ONCE - 1],
            )
            yield from map(Delivered._make, rows.fetchall())
