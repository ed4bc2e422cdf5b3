"""The table of addresses: what each text in the place of an address is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from duckdb import DuckDBPyConnection

from lakewarden.events.address import read
from lakewarden.store.lake.shapes.shape import ADDRESSES, Shape

_KEPT: Final = 200_000
"""So many are kept from batch to batch, since most come again."""
_AT_ONCE: Final = 10_000


class Addresses:
    """Keeps the table up with what was read."""

    def __init__(self, connection: DuckDBPyConnection) -> None:
        """Make the table, empty."""
        self._connection = connection
        self._known = 0
        self._forget()

    def read(self, shapes: Iterable[Shape]) -> None:
        """Have in the table every address in the tables of shapes."""
        if self._known > _KEPT:
            self._forget()
        texts = " UNION ALL ".join(
            f"SELECT {column} AS raw FROM {shape.name}"  # noqa: S608  # ours
            for shape in shapes
            for column in (shape.src_ip, shape.dst_ip)
            if column != "NULL"
        )
        new = self._connection.execute(
            f"SELECT DISTINCT raw FROM ({texts}) WHERE raw IS NOT NULL"  # noqa: S608  # ours
            f" AND raw NOT IN (SELECT raw FROM {ADDRESSES})"
        ).fetchall()
        self._known += len(new)
        for start in range(0, len(new), _AT_ONCE):
            rows = [(raw, *read(raw)) for (raw,) in new[start : start + _AT_ONCE]]
            self._connection.execute(
                f"INSERT INTO {ADDRESSES} SELECT {', '.join(['unnest(?::VARCHAR[])'] * 4)}",
                [list(column) for column in zip(*rows, strict=True)],
            )

    def _forget(self) -> None:
        self._known = 0
        self._connection.execute(
            f"CREATE OR REPLACE TABLE {ADDRESSES}"
            " (raw VARCHAR, text VARCHAR, kind VARCHAR, key VARCHAR)"
        )
