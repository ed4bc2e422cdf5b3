"""The three tables of a lake: what was recorded, what was read, and what could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lakewarden.events.columns import COLUMNS, PARTITIONS, Column, Kind

VERSION: Final = 1
"""The version of the tables; one that is higher than this was made by a later program."""

DUCKDB: Final[Mapping[Kind, str]] = {
    Kind.TEXT: "VARCHAR",
    Kind.WHOLE: "BIGINT",
    Kind.TRUTH: "BOOLEAN",
    Kind.NUMBER: "DOUBLE",
    Kind.TEXTS: "MAP(VARCHAR, VARCHAR)",
}

ROW: Final = "row_id"
"""A column that tells the rows of a view apart, whenever they are looked at."""


@dataclass(frozen=True, slots=True)
class Table:
    """How one table is laid out.

    Attributes:
        name: its folder, and its view.
        columns: in their order; those of `partitions` come last.
        partitions: the columns that are in the paths of its files.
        order: by what the rows of a file are sorted.
        span: a column that is the same wherever an `id` comes again, so that a file with another
            range of it cannot hold the `id`.
        latest: of rows that agree in all but the last of these columns, the one where that is
            highest counts. Empty where every `id` is there once.
    """

    name: str
    columns: tuple[Column, ...]
    order: tuple[str, ...]
    partitions: tuple[str, ...] = ()
    span: str | None = None
    latest: tuple[str, ...] = ()

    @property
    def stored(self) -> tuple[Column, ...]:
        """The columns that are in the files."""
        return tuple(column for column in self.columns if column.name not in self.partitions)

    @property
    def bounds(self) -> tuple[str, ...]:
        """The columns that say in which files an `id` may be."""
        return (*self.partitions, *([self.span] if self.span else ()))

    @property
    def newest(self) -> str:
        """What is added to a query so that the rows are left that count."""
        if not self.latest:
            return ""
        *keys, by = self.latest
        rank = f"row_number() OVER (PARTITION BY {', '.join(keys)} ORDER BY {by} DESC)"
        return f" QUALIFY {rank} = 1"


def _columns(kind: Kind, **about: str) -> tuple[Column, ...]:
    return tuple(Column(name, kind, text) for name, text in about.items())


EVENTS: Final = Table(
    "events", COLUMNS, ("service", "action", "ts", "id"), partitions=PARTITIONS, span="ts"
)

FILES: Final = Table(
    "files",
    (
        *_columns(
            Kind.TEXT,
            source="databricks, cloudtrail or vpcflow",
            key="the path in its folder, or the key in its bucket",
            etag="what changes when the file does",
            account_id="the account that its path names",
            workspace_id="the workspace that its path names",
            region="the region that its path names",
        ),
        *_columns(
            Kind.WHOLE,
            size="in bytes",
            arrived="when it was delivered, ms since 1970",
            read="when it was read, ms since 1970",
            first_ts="of its events",
            last_ts="of its events",
            records="how many records it has",
            quarantined="how many of them could not be read",
        ),
    ),
    ("source", "key", "read"),
    latest=("source", "key", "read"),
)

QUARANTINE: Final = Table(
    "quarantine",
    (
        *_columns(
            Kind.TEXT,
            id="the same whenever the same record of the same file is read",
            source="databricks, cloudtrail or vpcflow",
            file="its key in `files`",
            reason="why the record is no event",
            sha256="of the record; its text is not kept, since it may hold a secret",
        ),
        *_columns(
            Kind.WHOLE,
            start="where the record starts in the file, in bytes",
            line="the number of its line, from 1",
            bytes="how long the record is",
            seen="when it was first read, ms since 1970",
        ),
    ),
    ("source", "file", "start"),
)

TABLES: Final = {table.name: table for table in (EVENTS, FILES, QUARANTINE)}
